// Captures with frames lost, doubled, swapped, or without their beginning, and with octets changed: how many calls survive,
// and is an interface named that was none of the original's? Changed octets excuse that; lost ones do not.
//   node bench/lossy.mjs [--copies N] [--max-size OCTETS] [--verbose] FILE|DIR...
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect, Engine } from '../dist/index.js';
import { LOSSES, lossy, mutated, survival } from '../dist/testing/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    copies: { type: 'string', default: '5' },
    'max-size': { type: 'string', default: '3000000' },
    verbose: { type: 'boolean', default: false },
  },
});

const paths = positionals
  .flatMap((path) => (statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]))
  .filter((path) => /\.(pcap|pcapng|cap)$/.test(path) && statSync(path).size <= Number(values['max-size']));
const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
const folder = mkdtempSync(join(tmpdir(), 'sidewire-lossy-'));
const totals = Object.fromEntries(
  [...LOSSES, 'octets'].map((kind) => [kind, { calls: 0, found: 0, named: 0, invented: 0, bugs: 0 }]),
);
let captures = 0;
try {
  for (const path of paths) {
    const original = await collect(engine.replay(path));
    if (!original.events.some(({ event_type }) => event_type === 'msrpc')) continue;
    captures += 1;
    const file = readFileSync(path);
    for (const [kind, total] of Object.entries(totals)) {
      for (let seed = 1; seed <= Number(values.copies); seed += 1) {
        const copy = join(folder, basename(path));
        writeFileSync(copy, kind === 'octets' ? mutated(file, seed) : lossy(file, kind, seed));
        const { events, summary } = await collect(engine.replay(copy));
        const { calls, found, named, invented } = survival(original.events, events);
        total.calls += calls;
        total.found += found;
        total.named += named;
        total.invented += invented.length;
        total.bugs += summary.counters['engine.bugs'] ?? 0;
        if (values.verbose)
          for (const call of invented) console.log(`${basename(path)}, ${kind}, seed ${seed}: ${call}`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${captures} captures with calls, ${values.copies} copies of each kind`);
const share = (part, whole) => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
for (const [kind, { calls, found, named, invented, bugs }] of Object.entries(totals))
  console.log(
    `${kind.padEnd(10)} ${calls} calls, found ${share(found, calls)}, with their interface ${share(named, calls)}, ` +
      `${invented} with an interface of nobody${kind === 'octets' ? ' (excused)' : ''}, ${bugs} bugs`,
  );
console.log(`peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
const wrong = Object.entries(totals).some(
  ([kind, { invented, bugs }]) => bugs > 0 || (kind !== 'octets' && invented > 0),
);
process.exitCode = wrong ? 1 : 0;
