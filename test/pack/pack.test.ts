import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, Engine, type Ruleset } from '../../src/index.js';
import { capture, smb, u32, wide } from '../../src/testing/index.js';
import { shippedProofs } from '../proofs.js';
import { BENIGN } from './benign.js';
import { CASES } from './cases.js';
import { calls, EFS, OUTPUT, OWN, random, type Scene, START, SVCCTL, sealed, THIRD } from './scenes.js';

const RULES = join(import.meta.dirname, '../../rules');

/** Copies of public signatures: recorded captures show them, `pcaps/MANIFEST.tsv`. */
const RECORDED: ReadonlySet<number> = new Set([2021616, 2027189, 2027190]);

describe('the pack', () => {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  let rules: Ruleset;
  beforeAll(async () => {
    const files = readdirSync(RULES).filter((name) => name.endsWith('.rules'));
    rules = await engine.compile({ files: files.map((name) => join(RULES, name)) });
  });
  afterAll(() => {
    rules.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function raised(scene: Scene): Promise<Set<number>> {
    return new Set((await alertsOf(scene)).map(({ alert }) => alert.signature_id));
  }

  async function alertsOf(scene: Scene) {
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, 'frames' in scene ? capture(scene) : capture(...scene));
    const { alerts } = await collect(engine.replay(path, { rules, types: ['alert'] }));
    return alerts;
  }

  it('loads without a finding', () => {
    expect(rules.findings.diagnostics).toEqual([]);
    expect(rules.problems).toEqual([]);
  });

  it('has a conversation to hit and a near miss for each rule that alerts', () => {
    const silent = new Set(Array.from(ruleTexts(), ([sid, text]) => (/\bnoalert;/.test(text) ? sid : 0)));
    const alerting = rules.sids.filter((sid) => !silent.has(sid) && !RECORDED.has(sid));
    expect(Object.keys(CASES).map(Number).sort()).toEqual([...alerting].sort());
  });

  it('is proved by the table that is shipped; `npx vitest run test/pack -u` renews it', async () => {
    await expect(shippedProofs(Object.keys(CASES))).toMatchFileSnapshot(join(RULES, 'proofs.tsv'));
  });

  it('says of each rule what it detects, and where to read on', () => {
    for (const [sid, text] of ruleTexts()) {
      if (RECORDED.has(sid)) continue;
      expect(text, String(sid)).toMatch(/metadata:detection(?:_part)? (?:D\d+)[,;]/);
      if (/\bnoalert;/.test(text)) continue;
      expect(text, String(sid)).toMatch(/mitre_technique_id T\d{4}(?:\.\d{3})?;/);
      expect(text, String(sid)).toMatch(/reference:url,/);
      expect(text, String(sid)).toMatch(/priority:[123];/);
    }
  });

  it('asks about every procedure of the encrypting file system that takes a path', async () => {
    const table = readFileSync(join(RULES, '../native/data/rpc/MS-EFSR.tsv'), 'utf8');
    const rows = table.split('\n').map((line) => line.split('\t'));
    const takesPath = rows.flatMap(([opnum, , fields]) =>
      fields?.includes(' file_name:') || fields?.startsWith('file_name:') ? [Number(opnum)] : [],
    );
    expect(takesPath.length).toBeGreaterThan(10);
    for (const sid of [9100401, 9100407]) {
      const listed = /dcerpc\.opnum:([\d,-]+);/.exec(new Map(ruleTexts()).get(sid) ?? '')?.[1] ?? '';
      const opnums = listed.split(',').flatMap((range) => {
        const [from = 0, to = from] = range.split('-').map(Number);
        return Array.from({ length: to - from + 1 }, (_, nth) => from + nth);
      });
      expect(opnums, String(sid)).toEqual(takesPath);
    }
    for (const opnum of takesPath) {
      // Two procedures have flags and a reserved pointer before the path.
      const before = [15, 16].includes(opnum) ? [u32(0), u32(0)] : [];
      const stub = Buffer.concat([...before, wide(`${THIRD}\\share\\x`), wide('c:\\x'), u32(0)]);
      expect([...(await raised(calls(EFS, { opnum, stub })))], String(opnum)).toContain(9100400);
    }
  });

  it.each(Object.entries(CASES))('%s hits one conversation and misses its neighbour', async (sid, [hit, miss]) => {
    expect([...(await raised(hit))]).toContain(Number(sid));
    expect([...(await raised(miss))]).not.toContain(Number(sid));
  });

  it('knows on each connection of a caller what was done to a file on the others', async () => {
    const name = random();
    const on = (port: number, second: number) =>
      smb({ client: `10.0.0.1:${port}`, start: START + second * 1e6 }).connect(`${OWN}\\ADMIN$`);
    const run = calls(SVCCTL, sealed(19));
    const written = on(50_001, 1).create(name, { disposition: 'create' }).write(OUTPUT);
    const read = on(50_002, 2).create(name).read(OUTPUT);
    const removed = (second: number) => on(50_003, second).create(name).remove();
    expect([...(await raised([run, read, removed(10)]))]).toContain(9100615);
    expect([...(await raised([run, written, read, removed(10)]))]).not.toContain(9100615);
    expect([...(await raised([run, read, removed(70)]))]).not.toContain(9100615);
  });

  it.each(Object.entries(BENIGN))('raises no alarm at %s', async (_, scene) => {
    const alarms = (await alertsOf(scene)).filter(({ alert }) => (alert.severity ?? 3) < 3);
    expect(alarms.map(({ alert }) => alert.signature)).toEqual([]);
  });
});

/** Each rule's text by its sid. */
function* ruleTexts(): Generator<readonly [number, string]> {
  for (const name of readdirSync(RULES).filter((file) => file.endsWith('.rules'))) {
    for (const line of readFileSync(join(RULES, name), 'utf8').split('\n')) {
      const sid = /\bsid:(\d+);/.exec(line)?.[1];
      if (sid !== undefined) yield [Number(sid), line];
    }
  }
}
