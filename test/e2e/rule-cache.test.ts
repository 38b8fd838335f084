import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect, Engine, type Ruleset } from '../../src/index.js';
import { http } from '../../src/testing/index.js';
import { withCapture } from './with-capture.js';

/** Rules enough to be worth a file, one of them broken, one with a list. */
function manyRules(word = 'needle'): string {
  const one = (sid: number) =>
    `alert http any any -> any any (msg:"rule ${sid}"; http.uri; content:"/${word}${sid}"; nocase; pcre:"/${word}\\d+/i"; ` +
    `classtype:misc-activity; metadata:${'x'.repeat(150)} ${sid}; sid:${sid};)`;
  const rules = Array.from({ length: 1500 }, (_, index) => one(index + 1));
  return [
    ...rules,
    'alert http any any -> any any (msg:"broken"; contnt:"x"; sid:5001;)',
    'alert http any any -> any any (msg:"list"; filemd5:list.txt; sid:5002;)',
  ].join('\n');
}

describe('compiled rules on disk', () => {
  let folder: string;
  let cache: string;
  let file: string;
  const compile = () => new Engine({ homeNet: 'any', externalNet: 'any', ruleCache: cache }).compile({ files: [file] });
  const sets = () => readdirSync(cache);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidewire-cache-'));
    cache = join(folder, 'cache');
    file = join(folder, 'many.rules');
    writeFileSync(file, manyRules());
    writeFileSync(join(folder, 'list.txt'), `${'0'.repeat(32)}\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function alerts(rules: Ruleset): Promise<number[]> {
    const request = http({ client: '10.0.0.1:1024', server: '10.0.0.2:80' }).exchange({ uri: '/needle7?a=NEEDLE9' });
    return await withCapture(request, async (path) => {
      const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
      const { events } = await collect(engine.replay(path, { rules, types: ['alert'] }));
      return events.flatMap((event) => (event.event_type === 'alert' ? [event.alert.signature_id] : []));
    });
  }

  it('say and match what the rules did', async () => {
    await using made = await compile();
    expect(made.findings).toMatchObject({ failed: 1, cacheTrouble: null });
    expect(sets()).toHaveLength(1);
    await using kept = await compile();
    expect(kept.findings).toEqual(made.findings);
    expect(kept.size).toBe(made.size);
    if (kept.stats.matcher === 'vectorscan') expect(kept.stats.restored).toBeGreaterThan(0);
    expect(made.stats.restored).toBe(0);
    expect(await alerts(kept)).toEqual(await alerts(made));
    expect(await alerts(kept)).toEqual([7]);
    expect(sets()).toHaveLength(1);
  });

  it('are not used once rules, lists or settings have changed', async () => {
    await using _ = await compile();
    writeFileSync(file, manyRules('other'));
    await using changed = await compile();
    expect(await alerts(changed)).toEqual([]);
    expect(sets()).toHaveLength(2);
    writeFileSync(join(folder, 'list.txt'), `${'1'.repeat(32)}\n`);
    const before = readFileSync(join(cache, sets()[0] as string));
    await using listed = await compile();
    expect(listed.findings.cacheTrouble).toBeNull();
    expect(sets().map((name) => readFileSync(join(cache, name)).equals(before))).toContain(false);
  });

  it('are passed over aloud when they are damaged or others may change them', async () => {
    await using _ = await compile();
    const path = join(cache, sets()[0] as string);
    const octets = readFileSync(path);
    octets[octets.length >> 1] = (octets[octets.length >> 1] as number) ^ 1;
    writeFileSync(path, octets);
    await using mended = await compile();
    expect(mended.findings.cacheTrouble).toMatch(/damaged/);
    expect(await alerts(mended)).toEqual([7]);
    chmodSync(path, 0o666);
    await using watched = await compile();
    expect(watched.findings.cacheTrouble).toMatch(/may be changed or read by others/);
    await using whole = await compile();
    expect(whole.findings.cacheTrouble).toBeNull();
  });

  it('are for one user, and for large sets', async () => {
    writeFileSync(file, 'alert tcp any any -> any any (content:"x"; sid:1;)');
    await using _ = await compile();
    expect(() => sets()).toThrow();
  });
});
