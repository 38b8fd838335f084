// Captures with frames lost, doubled, swapped, or without their beginning, and with octets changed: how many calls survive,
// and is an interface named that was none of the original's? Changed octets excuse that; lost ones do not. `--help` tells the
// options.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { collect, Engine } from '../dist/index.js';
import { LOSSES, lossy, mutated, survival } from '../dist/testing/index.js';
import { readOptions } from './options.mjs';

const CAPTURE = /\.(pcap|pcapng|cap)(\.gz)?$/;

const { values, files } = readOptions({
  usage: 'lossy.mjs [--copies N] [--max-size OCTETS] [--verbose] FILE|DIR...',
  about: `Damages captures: frames dropped, doubled, swapped, the beginning missing, octets changed. Tells of each kind how many
of the calls are still found, how many with their interface, and whether one is named that the original has not. Exit
status 1 when one is, unless octets were changed, or when the engine has a bug.`,
  options: {
    copies: { kind: 'number', default: 5, doc: 'damaged copies of each capture and kind' },
    'max-size': { kind: 'number', value: 'OCTETS', default: 3_000_000, doc: 'leave larger files out' },
    verbose: { kind: 'switch', default: false, doc: 'name each call with an interface of nobody' },
  },
  files: true,
});

const paths = files
  .flatMap((path) => (statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]))
  .filter((path) => CAPTURE.test(path) && statSync(path).size <= values['max-size']);
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
    const packed = path.endsWith('.gz');
    const file = packed ? gunzipSync(readFileSync(path)) : readFileSync(path);
    for (const [kind, total] of Object.entries(totals)) {
      for (let seed = 1; seed <= values.copies; seed += 1) {
        const copy = join(folder, basename(path, packed ? '.gz' : ''));
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
