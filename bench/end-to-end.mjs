// Speed from file to eve.json, by stage. Ratios are what counts: machines differ, and so do their days.
//   node bench/end-to-end.mjs [--packets N] [--capture FILE] [--rules FILE] [--json]
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Engine } from '../dist/index.js';
import { multiply } from './captures.mjs';
import { findPeer, ownCommand, timeCommand } from './peer.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROUNDS = 3;

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '500000' },
    capture: { type: 'string' },
    rules: { type: 'string', default: join(ROOT, 'rules', 'lateral-movement.rules') },
    json: { type: 'boolean', default: false },
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
  if (!values.capture) {
    const folder = join(ROOT, 'pcaps');
    const sources = readdirSync(folder).filter((name) => name.endsWith('.pcap'));
    multiply(
      sources.map((name) => join(folder, name)),
      capture,
      Number(values.packets),
    );
  }
  const open = { homeNet: 'any', externalNet: 'any', checksums: 'ignore' };
  const protocols = new Engine(open).protocols.map(({ name }) => [`app-layer.protocols.${name}.enabled`, 'no']);
  const off = { ...Object.fromEntries(protocols), 'stats.enabled': 'no' };

  const rows = [];
  rows.push(await stage('reading, decoding, flows, streams', { ...open, workers: 1, set: off }, { types: [] }));
  rows.push(await stage('and protocols', { ...open, workers: 1 }, { types: [] }));
  for (const matcher of ['vectorscan', 'aho-corasick'])
    for (const workers of [1, 2])
      rows.push(
        await stage(
          `full replay to eve.json, ${matcher}, ${workers} worker(s)`,
          { ...open, workers, matcher },
          { types: [], logDir: join(scratch, 'out') },
          true,
        ),
      );
  const load = await loading(open);
  const peer = ratio(capture);
  const report = { capture, octets: statSync(capture).size, stages: rows.filter(Boolean), load, peer };
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report);

  /** The best of some rounds of one configuration. */
  async function stage(name, options, replay, withRules = false) {
    let best = null;
    let rules;
    try {
      const engine = new Engine(options);
      rules = withRules ? await engine.compile({ files: [values.rules] }) : undefined;
      for (let round = 0; round < ROUNDS; round += 1) {
        const start = process.cpuUsage();
        const summary = await engine.replay(capture, { ...replay, ...(rules ? { rules } : {}) }).summary();
        const { user, system } = process.cpuUsage(start);
        const events = Object.values(summary.events).reduce((sum, count) => sum + count, 0);
        const row = {
          name,
          seconds: summary.elapsed,
          cpu: (user + system) / 1e6,
          packetsPerSecond: summary.packets / summary.elapsed,
          gigabitsPerSecond: (summary.bytes * 8) / summary.elapsed / 1e9,
          events,
          peakMemory: process.resourceUsage().maxRSS * 1024,
        };
        if (best === null || row.seconds < best.seconds) best = row;
      }
    } catch (error) {
      if (error.code !== 'rules/compile') throw error;
      return null; // a matcher that is not installed
    } finally {
      rules?.close();
    }
    return best;
  }
}

async function loading(options) {
  const engine = new Engine(options);
  const start = performance.now();
  const rules = await engine.compile({ files: [values.rules] });
  const total = performance.now() - start;
  const { decode_ms, plan_ms, compile_ms, matcher } = rules.stats;
  const load = {
    rules: rules.size,
    total,
    parse: total - decode_ms - plan_ms - compile_ms,
    decode_ms,
    plan_ms,
    compile_ms,
    matcher,
  };
  rules.close();
  return load;
}

/** Wall clock of both programs for the same work, by turns; start and loading are in it on both sides. Medians. */
function ratio(capture) {
  const peer = findPeer(ROOT);
  if (peer === null) return null;
  const commands = { peer, vectorscan: ownCommand(ROOT, 'auto'), 'aho-corasick': ownCommand(ROOT, 'aho-corasick') };
  const times = {};
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, command] of Object.entries(commands)) {
      const seconds = timeCommand(command, capture, values.rules, join(scratch, `turn-${name}`));
      if (seconds === null) return null;
      times[name] = [...(times[name] ?? []), seconds];
    }
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const seconds = median(times.peer);
  const own = ['vectorscan', 'aho-corasick'].map((matcher) => {
    const mine = median(times[matcher]);
    return { matcher, seconds: mine, ratio: seconds / mine };
  });
  return { seconds, own };
}

function print({ octets, stages, load, peer }) {
  console.log(`${(octets / 1e6).toFixed(0)} MB, best of ${ROUNDS}\n`);
  for (const { name, seconds, cpu, packetsPerSecond, gigabitsPerSecond, events, peakMemory } of stages)
    console.log(
      `${name.padEnd(52)} ${seconds.toFixed(2)} s  cpu ${cpu.toFixed(2)} s  ${(packetsPerSecond / 1e6).toFixed(2)} M packets/s  ` +
        `${gigabitsPerSecond.toFixed(2)} Gbit/s  ${events} events  peak ${(peakMemory / 1e6).toFixed(0)} MB`,
    );
  console.log(
    `\nloading ${load.rules} rules: ${load.total.toFixed(0)} ms (text to IR ${load.parse.toFixed(0)}, IR ${load.decode_ms.toFixed(0)}, ` +
      `planning ${load.plan_ms.toFixed(0)}, patterns ${load.compile_ms.toFixed(0)}; ${load.matcher})`,
  );
  if (peer === null) {
    console.log('no suricata to compare with');
    return;
  }
  console.log(`\nwhole processes by turns, median of ${ROUNDS}: suricata, one thread: ${peer.seconds.toFixed(2)} s`);
  for (const { matcher, seconds, ratio } of peer.own)
    console.log(
      `  sidewire, ${matcher}, one worker: ${seconds.toFixed(2)} s; suricata takes ${ratio.toFixed(2)} times as long`,
    );
}
