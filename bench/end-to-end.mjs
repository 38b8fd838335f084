// Speed from file to eve.json, by stage. Ratios are what counts: machines differ, and so do their days. Every row is
// measured in a process of its own. `--help` tells the options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../dist/index.js';
import { beginning, multiply, shipped } from './captures.mjs';
import { countInstructions, recorded } from './instructions.mjs';
import { readOptions } from './options.mjs';
import { findPeer, ownCommand, timeCommand } from './peer.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROUNDS = 3;
/** Octets of the capture whose instructions are counted. */
const COUNTED = 16 << 20;
const MATCHERS = ['vectorscan', 'aho-corasick'];
const OPEN = { homeNet: 'any', externalNet: 'any', checksums: 'ignore' };

const { values } = readOptions({
  usage: 'end-to-end.mjs [--packets N] [--capture FILE] [--rules FILE] [--suricata CMD] [--json]',
  about: 'Measures a capture from file to eve.json, by stage, and against Suricata where it is installed.',
  options: {
    packets: { kind: 'number', default: 500_000, doc: 'frames of the capture that is made of those in pcaps/' },
    capture: { kind: 'text', value: 'FILE', doc: 'a capture of your own instead' },
    rules: { kind: 'text', value: 'FILE', default: join(ROOT, 'rules', 'lateral-movement.rules'), doc: 'rules to use' },
    suricata: { kind: 'text', value: 'CMD', doc: 'what to compare with' },
    json: { kind: 'switch', default: false, doc: 'print the report as JSON' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'sidewire-bench-'));
try {
  await measure();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measure() {
  const capture = values.capture ?? join(scratch, 'many.pcap');
  if (!values.capture) multiply(shipped(), capture, values.packets);
  const report = {
    capture,
    octets: statSync(capture).size,
    stages: stages(capture),
    load: await loading(),
    instructions: await instructions(capture),
    peer: ratio(capture),
  };
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
}

function stages(capture) {
  const protocols = new Engine(OPEN).protocols.map(({ name }) => [`app-layer.protocols.${name}.enabled`, 'no']);
  const off = { ...Object.fromEntries(protocols), 'stats.enabled': 'no' };
  const silent = { types: [] };
  const full = { types: [], logDir: join(scratch, 'out') };
  const turns = MATCHERS.flatMap((matcher) => [1, 2].map((workers) => ({ matcher, workers })));
  return [
    best('reading alone', () => reading(capture)),
    best('reading, decoding, flows, streams', () => row(capture, { ...OPEN, workers: 1, set: off }, silent)),
    best('and protocols', () => row(capture, { ...OPEN, workers: 1 }, silent)),
    ...turns.map(({ matcher, workers }) =>
      best(`full replay to eve.json, ${matcher}, ${workers} worker(s)`, () =>
        row(capture, { ...OPEN, workers, matcher }, full, values.rules),
      ),
    ),
  ].filter(Boolean);
}

/** The fastest of some rounds; null when one cannot be had. */
function best(name, round) {
  const rows = Array.from({ length: ROUNDS }, round);
  if (rows.includes(null)) return null;
  const [first] = rows.sort((a, b) => a.seconds - b.seconds);
  const { packets, bytes, seconds } = first;
  return { name, ...first, packetsPerSecond: packets / seconds, gigabitsPerSecond: (bytes * 8) / seconds / 1e9 };
}

function row(capture, engine, replay, rules = null) {
  const text = JSON.stringify({ capture, engine, replay, rules });
  return answer(process.execPath, [join(ROOT, 'bench', 'row.mjs'), text]);
}

function reading(capture) {
  const program = example('sidewire-capture', 'read');
  return program && { ...answer(program, [capture]), cpu: null, events: 0, peakMemory: null };
}

function answer(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ended with status ${status}`);
  return JSON.parse(stdout);
}

/** Builds an example of a crate; null, and said aloud, when that fails. */
function example(crate, name) {
  const manifest = ['--manifest-path', join(ROOT, 'native', 'Cargo.toml')];
  const args = ['build', '--release', '--locked', '--quiet', ...manifest, '-p', crate, '--example', name];
  const cargo = process.env.CARGO ?? 'cargo';
  if (spawnSync(cargo, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0)
    return join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'native', 'target'), 'release', 'examples', name);
  console.error(`skipped: the example ${name} of ${crate} cannot be built`);
  return null;
}

async function loading() {
  const engine = new Engine(OPEN);
  const start = performance.now();
  const rules = await engine.compile({ files: [values.rules] });
  const total = performance.now() - start;
  const { decode_ms, plan_ms, compile_ms, matcher } = rules.stats;
  const parse = total - decode_ms - plan_ms - compile_ms;
  const load = { rules: rules.size, total, parse, decode_ms, plan_ms, compile_ms, matcher };
  rules.close();
  return load;
}

/** Instructions for a packet of the capture's beginning; loading the rules is not in it. */
async function instructions(capture) {
  const part = beginning(capture, join(scratch, 'part.pcap'), COUNTED);
  const empty = beginning(capture, join(scratch, 'empty.pcap'), 24);
  const program = part && empty ? example('sidewire-engine', 'replay') : null;
  if (program === null) {
    console.error('skipped: instructions are counted of little-endian pcap files');
    return null;
  }
  const options = { ...OPEN, workers: 1 };
  const counts = [];
  for (const [name, file] of Object.entries({ part, empty })) {
    const counted = countInstructions(program, await recorded(file, values.rules, options, join(scratch, name)));
    if (counted === null) {
      console.error('skipped: neither perf nor valgrind can count instructions here');
      return null;
    }
    counts.push(counted);
  }
  const [{ instructions: all, counter }, { instructions: start }] = counts;
  const { packets } = await new Engine(OPEN).replay(part, { types: [] }).summary();
  return { counter, packets, perPacket: (all - start) / packets };
}

/** Both programs for the same work, by turns; start and loading are in it on both sides. Medians. */
function ratio(capture) {
  const peer = findPeer(ROOT, values.suricata);
  if (peer === null) return null;
  const commands = { peer, ...Object.fromEntries(MATCHERS.map((matcher) => [matcher, ownCommand(ROOT, matcher)])) };
  const turns = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, command] of Object.entries(commands)) {
      const turn = timeCommand(command, capture, values.rules, join(scratch, `turn-${name}`));
      if (turn !== null) turns[name].push(turn);
    }
  if (turns.peer.length < ROUNDS) return null;
  const median = (list) => list.sort((a, b) => a.seconds - b.seconds)[Math.floor(list.length / 2)];
  const other = median(turns.peer);
  const own = MATCHERS.filter((matcher) => turns[matcher].length === ROUNDS).map((matcher) => {
    const mine = median(turns[matcher]);
    return { matcher, ...mine, ratio: other.seconds / mine.seconds };
  });
  return { ...other, own };
}

function print({ octets, stages, load, instructions, peer }) {
  const peak = (octets) => (octets === null ? '' : `  peak ${(octets / 1e6).toFixed(0)} MB`);
  console.log(`${(octets / 1e6).toFixed(0)} MB, best of ${ROUNDS}\n`);
  for (const { name, seconds, cpu, packetsPerSecond, gigabitsPerSecond, events, peakMemory } of stages)
    console.log(
      `${name.padEnd(52)} ${seconds.toFixed(2)} s${cpu === null ? '' : `  cpu ${cpu.toFixed(2)} s`}  ` +
        `${(packetsPerSecond / 1e6).toFixed(2)} M packets/s  ${gigabitsPerSecond.toFixed(2)} Gbit/s` +
        `${events === 0 ? '' : `  ${events} events`}${peak(peakMemory)}`,
    );
  console.log(
    `\nloading ${load.rules} rules: ${load.total.toFixed(0)} ms (text to IR ${load.parse.toFixed(0)}, IR ${load.decode_ms.toFixed(0)}, ` +
      `planning ${load.plan_ms.toFixed(0)}, patterns ${load.compile_ms.toFixed(0)}; ${load.matcher})`,
  );
  if (instructions !== null)
    console.log(
      `\n${instructions.perPacket.toFixed(0)} instructions a packet for a full replay, one worker (${instructions.counter}, first ${instructions.packets} packets)`,
    );
  if (peer === null) {
    console.log('\nskipped: no suricata to compare with; name one with --suricata CMD');
    return;
  }
  console.log(
    `\nwhole processes by turns, median of ${ROUNDS}: suricata, one thread: ${peer.seconds.toFixed(2)} s${peak(peer.peakMemory)}`,
  );
  for (const { matcher, seconds, peakMemory, ratio } of peer.own)
    console.log(
      `  sidewire, ${matcher}, one worker: ${seconds.toFixed(2)} s${peak(peakMemory)}; suricata takes ${ratio.toFixed(2)} times as long`,
    );
}
