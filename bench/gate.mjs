// Instructions a packet by stage, held against those in bench/baseline.json: what they grow by is seen on any machine, however
// busy. `npm run bench -- --gate`; `--write` makes the figures the new baseline. The program is built without link-time
// optimisation, which takes minutes and changes little of what grows.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../dist/index.js';
import { beginning, multiply, shipped } from './captures.mjs';
import { everyday } from './everyday.mjs';
import { countInstructions, recorded } from './instructions.mjs';
import { readOptions } from './options.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BASELINE = join(ROOT, 'bench', 'baseline.json');
const RULES = join(ROOT, 'rules', 'lateral-movement.rules');
const FRAMES = 10_000;
/** Rounds of everyday traffic. */
const ROUNDS = 60;
/** What a figure may grow by. */
const TOLERANCE = 0.03;
const OPEN = { homeNet: 'any', externalNet: 'any', checksums: 'ignore', workers: 1 };

const { values } = readOptions({
  usage: 'gate.mjs [--gate] [--write]',
  about: 'Counts instructions a packet by stage, and holds them against bench/baseline.json.',
  options: {
    gate: {
      kind: 'switch',
      default: false,
      doc: 'fail when a stage takes more than the baseline says (3 % are let pass)',
    },
    write: { kind: 'switch', default: false, doc: 'make the figures the new baseline' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'sidewire-gate-'));
try {
  process.exitCode = await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const program = build();
  const captures = { lateral: join(scratch, 'lateral.pcap'), everyday: join(scratch, 'everyday.pcap') };
  multiply(shipped(), captures.lateral, FRAMES);
  writeFileSync(captures.everyday, everyday(ROUNDS));
  const figures = {};
  let counter = null;
  for (const [name, capture] of Object.entries(captures))
    for (const [stage, how] of Object.entries(stages())) {
      const counted = await perPacket(program, capture, how, `${name}-${stage}`);
      if (counted === null) {
        console.error('skipped: neither perf nor valgrind can count instructions here');
        return 0;
      }
      counter = counted.counter;
      figures[`${name}: ${stage}`] = Math.round(counted.perPacket);
    }
  if (values.write) writeFileSync(BASELINE, `${JSON.stringify({ counter, figures }, null, 2)}\n`);
  return compare(counter, figures);
}

/** The stages of a packet; each is the one before and something more. */
function stages() {
  const protocols = new Engine(OPEN).protocols.map(({ name }) => [`app-layer.protocols.${name}.enabled`, 'no']);
  return {
    streams: { set: Object.fromEntries(protocols), rules: null, written: false },
    protocols: { set: {}, rules: null, written: false },
    rules: { set: {}, rules: RULES, written: false },
    'eve.json': { set: {}, rules: RULES, written: true },
  };
}

async function perPacket(program, capture, { set, rules, written }, name) {
  const count = async (path, folder) =>
    countInstructions(program, await recorded(path, rules, { ...OPEN, set }, join(scratch, folder), written));
  const empty = beginning(capture, join(scratch, 'empty.pcap'), 24);
  const [all, start] = [await count(capture, name), await count(empty, `${name}-empty`)];
  if (all === null || start === null) return null;
  const { packets } = await new Engine(OPEN).replay(capture, { types: [] }).summary();
  return { counter: all.counter, perPacket: (all.instructions - start.instructions) / packets };
}

function build() {
  const target = join(ROOT, 'native', 'target', 'gate');
  const manifest = ['--manifest-path', join(ROOT, 'native', 'Cargo.toml'), '--target-dir', target];
  const args = [
    'build',
    '--release',
    '--locked',
    '--quiet',
    ...manifest,
    '-p',
    'sidewire-engine',
    '--example',
    'replay',
  ];
  const env = { ...process.env, CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' };
  const { status } = spawnSync(process.env.CARGO ?? 'cargo', args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  if (status !== 0) throw new Error('the example replay of sidewire-engine cannot be built');
  return join(target, 'release', 'examples', 'replay');
}

/** Shows the figures beside the baseline; 1 when one has grown and that was asked. */
function compare(counter, figures) {
  if (!existsSync(BASELINE)) {
    console.log(`There is no baseline yet: --write makes one.\n${JSON.stringify(figures, null, 2)}`);
    return values.gate ? 1 : 0;
  }
  const known = JSON.parse(readFileSync(BASELINE, 'utf8'));
  if (known.counter !== counter) {
    console.log(`The baseline was counted by ${known.counter}, these by ${counter}: they are not compared.`);
    console.log(JSON.stringify(figures, null, 2));
    return 0;
  }
  let grown = 0;
  for (const [name, figure] of Object.entries(figures)) {
    const before = known.figures[name];
    const change = before === undefined ? 0 : figure / before - 1;
    const over = change > TOLERANCE;
    grown += over ? 1 : 0;
    console.log(
      `${name.padEnd(24)} ${String(figure).padStart(8)} instructions/packet  baseline ${String(before ?? '-').padStart(8)}  ` +
        `${(change * 100).toFixed(1).padStart(6)} %${over ? '  TOO MUCH' : ''}`,
    );
  }
  if (grown > 0) console.log(`${grown} figures have grown. Where that is meant: npm run bench -- --write`);
  return values.gate && grown > 0 ? 1 : 0;
}
