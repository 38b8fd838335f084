// Damaged captures through the whole engine: no crash, no hang, memory bounded, every line of eve.json is JSON. `--help`
// tells the options.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../dist/index.js';
import { mutated } from '../dist/testing/index.js';
import { readOptions } from './options.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CAPTURE = /\.(pcap|pcapng)$/;

const { values, files } = readOptions({
  usage: 'mutate.mjs [--count N] [--seed N] [--max-size OCTETS] [--rules FILE] [FILE|DIR...]',
  about: `Replays captures with octets changed, one after the other, again with another seed once all had their turn; those that
come with sidewire unless others are named. Exit status 1 when the engine has a bug.`,
  options: {
    count: { kind: 'number', default: 10_000, doc: 'damaged copies' },
    seed: { kind: 'number', default: 1, doc: 'seed of the first' },
    'max-size': { kind: 'number', value: 'OCTETS', default: 100_000, doc: 'leave larger files out' },
    rules: { kind: 'text', value: 'FILE', default: join(ROOT, 'rules', 'lateral-movement.rules'), doc: 'rules to use' },
  },
  files: 'optional',
});

const paths = (files.length > 0 ? files : [join(ROOT, 'pcaps')]).flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [path],
);
const sources = paths.filter((path) => CAPTURE.test(path) && statSync(path).size <= values['max-size']);
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
  for (let number = 0; number < values.count && originals.length > 0; number += 1) {
    const at = number % originals.length;
    const seed = values.seed + number;
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
