import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../eve.js';

interface Generator {
  newProtocol(name: string, crate: string): string[];
}
const { newProtocol } = (await import(join(ROOT, 'src/tools/new.mjs'))) as Generator;

const CRATE = join(ROOT, 'native/crates/protocols');

/** The crate with its list and its template, and no protocol. */
function crate(): string {
  const folder = mkdtempSync(join(tmpdir(), 'protocols-'));
  mkdirSync(join(folder, 'src'));
  cpSync(join(CRATE, 'src/lib.rs'), join(folder, 'src/lib.rs'));
  cpSync(join(CRATE, '_template'), join(folder, '_template'), { recursive: true });
  return folder;
}

test('a new protocol is its folder and its lines in the list', () => {
  const folder = crate();
  const files = newProtocol('tftp', folder);
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  expect(files).toContain('src/tftp/tftp.eve.json');
  expect(files).toContain('src/tftp/corpus/tftp/lines');
  expect(files.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  expect(JSON.parse(read('src/tftp/tftp.eve.json')).title).toBe('tftp');
  expect(read('src/tftp/mod.rs')).toContain('impl Protocol for TftpSession');
  expect(read('src/tftp/detect.rs')).toContain('b"TFTP "');
  const lib = read('src/lib.rs');
  expect(lib).toContain('pub mod tftp;\npub mod tls;');
  expect(lib).toContain('    sidewire_app_layer::def::<tftp::TftpSession>(),\n];');
  // The template itself is compiled with the tests, and stays so.
  expect(lib).toContain('#[path = "../_template/mod.rs"]\npub mod template;');
  const texts = files.slice(1).map((path) => readFileSync(join(folder, path), 'latin1'));
  expect(texts.filter((text) => /template/i.test(text))).toEqual([]);
  expect(readdirSync(join(folder, 'src')).sort()).toEqual(['lib.rs', 'tftp']);
});

test.each([
  ['SMB', /no name of a protocol/],
  ['template', /already/],
])('%s is refused', (name, message) => {
  expect(() => newProtocol(name, crate())).toThrow(message);
});

test('a protocol that is there is not overwritten', () => {
  const folder = crate();
  newProtocol('tftp', folder);
  expect(() => newProtocol('tftp', folder)).toThrow(/already/);
});
