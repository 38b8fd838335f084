// What is read without the YAML parser is what the parser reads.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocuments, Reporter } from '../../src/sigma/document.js';
import { readPlain } from '../../src/sigma/plain-yaml.js';
import { content, type MapValue, type Value } from '../../src/sigma/values.js';
import { Source } from '../../src/source/source.js';
import { ROOT } from '../eve.js';

const READ = [
  'title',
  'id',
  'name',
  'status',
  'author',
  'level',
  'tags',
  'logsource',
  'detection',
  'correlation',
  'filter',
  'fields',
];

/** Contents and places of what is read of a document. */
function told(maps: readonly MapValue[]): unknown {
  const scalars = (value: Value): unknown[] =>
    value.kind === 'scalar'
      ? [[value.span, value.text, value.value]]
      : value.kind === 'list'
        ? value.items.flatMap(scalars)
        : value.entries.flatMap(({ keySpan, value: inner }) => [keySpan, ...scalars(inner)]);
  const nulls = (list: unknown[]) => list.filter((one) => !Array.isArray(one) || one[2] !== null);
  return maps.map(({ entries }) =>
    entries
      .filter(({ key }) => READ.includes(key))
      .map(({ key, value }) => [key, content(value), nulls(scalars(value))]),
  );
}

const parsed = (text: string) => parseDocuments(new Reporter(new Source('r', text), () => {}));

const PLAIN = [
  "title: A rule # with a comment\ndetection:\n    s:\n        Image|endswith:\n            - '\\a.exe' # why\n            - \"b\"\n        EventID: 4688\n        X: null\n        Y:\n        Z: true\n    list:\n    - a: b\n      c: d\n    -   e: 'it''s'\n    - plain text - with dashes\n    # a comment\n    condition: s and not 1 of x*\n",
  'title: a\nlevel: high\n---\ntitle: b\ntags:\n- attack.t1021\n- x\n',
];
const OTHER = [
  'title: {a: b}\n',
  'title: "a\\n"\n',
  'title: a\n  b\n',
  'title: &x a\ndetection: *x\n',
  'title: |\n  a\n',
  'title: a: b\n',
  "title: 'a\n  b'\n",
  'title: a\ntitle: b\n',
  'detection:\n\ts: a\n',
  'title: 0x10\n',
  '- a\n',
];

describe('plain YAML', () => {
  it.each(PLAIN)('%j', (text) => {
    const plain = readPlain(text);
    expect(plain).not.toBeNull();
    expect(told(plain ?? [])).toEqual(told(parsed(text)));
  });

  it.each(OTHER)('leaves %j to the parser', (text) => {
    expect(readPlain(text)).toBeNull();
  });

  it('reads shared rules as the parser does', () => {
    const folder = join(ROOT, '..', 'shared', 'host', 'rules');
    const files = [folder, join(ROOT, 'rules/sigma')]
      .filter((one) => existsSync(one))
      .flatMap((one) => readdirSync(one).map((name) => join(one, name)))
      .filter((name) => name.endsWith('.yml'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      const plain = readPlain(text);
      if (plain) expect(told(plain), file).toEqual(told(parsed(text)));
    }
  });
});
