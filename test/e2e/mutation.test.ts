import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collect, Engine } from '../../src/index.js';
import { LOSSES, lossy, mutated, survival } from '../../src/testing/index.js';

const PCAPS = join(import.meta.dirname, '../../pcaps');
const RULES = join(import.meta.dirname, '../../rules/lateral-movement.rules');
/** Damaged copies of each capture; `node bench/mutate.mjs` runs thousands. */
const COPIES = 40;

it('survives damaged captures', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  const secrets = { files: [join(PCAPS, 'sealed.secrets')], keytabs: [join(PCAPS, 'sealed.keytab')] };
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, secrets });
  await using rules = await engine.compile({ files: [RULES] });
  try {
    for (const name of readdirSync(PCAPS).filter((name) => name.endsWith('.pcap'))) {
      const original = readFileSync(join(PCAPS, name));
      for (let seed = 1; seed <= COPIES; seed += 1) {
        const path = join(folder, 'damaged.pcap');
        writeFileSync(path, mutated(original, seed));
        // Each line is parsed on its way here: what is not JSON fails.
        const { events, summary } = await collect(engine.replay(path, { rules }));
        const where = `${name}, seed ${seed}`;
        expect(events.length, where).toBeLessThan(1000);
        expect(summary.counters['engine.bugs'] ?? 0, where).toBe(0);
        for (const { code } of summary.errors) expect(code, where).toMatch(/^capture\//);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it.each(LOSSES)('invents no interface where a capture lost frames: %s', async (loss) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
  const path = join(folder, 'lossy.pcap');
  try {
    for (const name of readdirSync(PCAPS).filter((name) => /^dcom-.*\.pcap$/.test(name))) {
      const original = await collect(engine.replay(join(PCAPS, name)));
      for (let seed = 1; seed <= 10; seed += 1) {
        writeFileSync(path, lossy(readFileSync(join(PCAPS, name)), loss, seed));
        const copy = await collect(engine.replay(path));
        const { calls, named, invented } = survival(original.events, copy.events);
        expect(invented, `${name}, seed ${seed}`).toEqual([]);
        expect(calls).toBeGreaterThan(0);
        // Nothing is lost where nothing is missing.
        if (loss === 'duplicate') expect(named, `${name}, seed ${seed}`).toBe(calls);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
