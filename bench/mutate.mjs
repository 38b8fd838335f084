// Damaged captures through the whole engine: no crash, no hang, memory bounded, every line of eve.json is JSON.
//   node bench/mutate.mjs [--count N] [--seed N] [--max-size OCTETS] [--rules FILE] [FILE|DIR...]     default: pcaps/
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Engine } from '../dist/index.js';
import { mutated } from '../dist/testing/index.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CAPTURE = /\.(pcap|pcapng)$/;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    'max-size': { type: 'string', default: '100000' },
    rules: { type: 'string', default: join(ROOT, 'rules', 'lateral-movement.rules') },
  },
});

const paths = (positionals.length > 0 ? positionals : [join(ROOT, 'pcaps')]).flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [path],
);
const sources = paths.filter((path) => CAPTURE.test(path) && statSync(path).size <= Number(values['max-size']));
const originals = sources.map((path) => readFileSync(path));
const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
const rules = await engine.compile({ files: [values.rules] });
const folder = mkdtempSync(join(tmpdir(), 'sidewire-mutate-'));
const report = {
  captures: sources.length,
  replays: 0,
  packets: 0,
  events: 0,
  bugs: 0,
  unreadable: 0,
  longest: 0,
  worst: '',
};
try {
  for (let number = 0; number < Number(values.count) && originals.length > 0; number += 1) {
    const at = number % originals.length;
    const seed = Number(values.seed) + number;
    const path = join(folder, 'damaged.pcap');
    writeFileSync(path, mutated(originals[at], seed));
    const start = performance.now();
    const run = engine.replay(path, { rules });
    // Lines are parsed on their way here: one that is not JSON ends this program.
    for await (const _ of run) report.events += 1;
    const summary = await run.summary();
    const seconds = (performance.now() - start) / 1000;
    if (seconds > report.longest) Object.assign(report, { longest: seconds, worst: `${sources[at]}, seed ${seed}` });
    // An error that is not about the capture is one of ours.
    const errors = summary.errors.filter(({ code }) => !code.startsWith('capture/')).length;
    const bugs = (summary.counters['engine.bugs'] ?? 0) + errors;
    if (bugs > 0) console.error(`a bug: ${sources[at]}, seed ${seed}`);
    report.bugs += bugs;
    report.replays += 1;
    report.packets += summary.packets;
    report.unreadable += summary.errors.length > 0 ? 1 : 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  rules.close();
}
const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
console.log(
  `${report.replays} damaged copies of ${report.captures} captures: ${report.bugs} bugs; ${report.packets} packets, ` +
    `${report.events} events, ${report.unreadable} with an error said; longest ${report.longest.toFixed(2)} s ` +
    `(${report.worst}); peak ${peak} MB`,
);
process.exitCode = report.bugs === 0 ? 0 : 1;
