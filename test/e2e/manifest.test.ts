import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, Engine, type Ruleset } from '../../src/index.js';

const ROOT = join(import.meta.dirname, '../..');
const PCAPS = join(ROOT, 'pcaps');

const rows = readFileSync(join(PCAPS, 'MANIFEST.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t'))
  .slice(1)
  .map(([file = '', sha256 = '', hits = '', misses = '']) => ({ file, sha256, hits, misses }));

/** `2027189:1 2027190:2` as sid and times. */
function counts(hits: string): Record<string, number> {
  const pairs = hits.split(' ').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => pair.split(':')).map(([sid = '', times]) => [sid, Number(times)]));
}

describe('the captures that come with sidewire', () => {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
  let rules: Ruleset;
  beforeAll(async () => {
    const folder = join(ROOT, 'rules');
    const files = readdirSync(folder).filter((name) => name.endsWith('.rules'));
    rules = await engine.compile({ files: files.map((name) => join(folder, name)) });
  });
  afterAll(() => rules.close());

  it('are all in the manifest', () => {
    const there = readdirSync(PCAPS).filter((name) => /\.pcap(ng)?(\.gz|\.zst)?$/.test(name));
    expect(rows.map(({ file }) => file).sort()).toEqual(there.sort());
  });

  it.each(rows)('$file hits $hits and misses $misses', async ({ file, sha256, hits, misses }) => {
    const path = join(PCAPS, file);
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
    const { alerts, summary } = await collect(engine.replay(path, { rules, types: ['alert'] }));
    expect(summary.errors).toEqual([]);
    const found: Record<string, number> = {};
    for (const { alert } of alerts) found[alert.signature_id] = (found[alert.signature_id] ?? 0) + 1;
    expect(found).toEqual(counts(hits));
    for (const sid of misses.split(' ')) expect(found[sid]).toBeUndefined();
  });
});
