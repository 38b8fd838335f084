import { describe, expect, it } from 'vitest';
import type { SettingRow } from '../generated/catalog.js';
import { resolveDeclared } from './declared.js';

const PLACE = { path: 'outputs.0.eve-log', logDir: '/logs' };

function row(key: string, kind: SettingRow['kind'], rest: Partial<SettingRow> = {}): SettingRow {
  return { key, kind, doc: `What ${key} is.`, usual: null, required: false, ...rest };
}

describe('settings that the engine declares', () => {
  it.each([
    [{ kind: 'text' }, 'as it stands', 'as it stands'],
    [{ kind: 'path' }, 'a/b', '/logs/a/b'],
    [{ kind: 'path' }, '/a/b', '/a/b'],
    [{ kind: 'flag' }, 'On', 'yes'],
    [{ kind: 'number', most: 65_535 }, ' 6379', '6379'],
    [{ kind: 'size' }, '2kb', '2048'],
    [{ kind: 'file_mode' }, '0640', '0640'],
    [{ kind: 'one_of', words: ['list', 'stream'] }, 'stream', 'stream'],
  ] as const)('are written down as the engine reads them: %j', (kind, text, written) => {
    expect(resolveDeclared([row('key', { ...kind } as SettingRow['kind'])], { key: text }, PLACE)).toEqual({
      key: written,
    });
  });

  it.each([
    [{ kind: 'flag' }, 'perhaps', /eve-log\.key must be yes or no, not "perhaps"/],
    [{ kind: 'number', most: 65_535 }, '65536', /a whole number up to 65535/],
    [{ kind: 'number', most: 65_535 }, '-1', /a whole number/],
    [{ kind: 'size' }, '2 parsecs', /a size/],
    [{ kind: 'file_mode' }, '999', /three octal digits/],
    [{ kind: 'one_of', words: ['list', 'stream'] }, 'queue', /one of list, stream/],
  ] as const)('say where they mean nothing: %j', (kind, text, message) => {
    const rows = [row('key', { ...kind } as SettingRow['kind'])];
    expect(() => resolveDeclared(rows, { key: text }, PLACE)).toThrow(message);
  });

  it('have their usual value, none, or must be there', () => {
    const port = row('port', { kind: 'number', most: 65_535 }, { usual: '6379', required: true });
    const server = row('server', { kind: 'text' }, { required: true });
    expect(resolveDeclared([port, row('name', { kind: 'text' })], { port: '' }, PLACE)).toEqual({ port: '6379' });
    expect(() => resolveDeclared([port, server], {}, PLACE)).toThrow(/outputs\.0\.eve-log\.server is missing/);
  });
});
