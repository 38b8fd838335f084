// A sensor on a wire: a pair of interfaces in a network namespace, tcpreplay at one end, an engine at the other. Root of a Linux.
// What it costs (CPU a packet) hardly depends on what else the machine does; the highest rate without loss does. `--help` tells the
// options.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { multiply, shipped } from './captures.mjs';
import { readOptions } from './options.mjs';
import { findListener } from './peer.mjs';
import { cpuInside, pause, send, spawnInside, until, withVeth } from './veth.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Alerts whose latency is measured, and milliseconds between their packets. */
const ALERTS = 200;
const APART = 50;
/** Rates are searched to this part of the last one. */
const EXACT = 1.1;

const { values } = readOptions({
  usage: 'live.mjs [--packets N] [--rules FILE] [--core N] [--suricata CMD] [--json]',
  about: 'Measures a sensor on a veth pair: highest rate without loss, CPU a packet, CPU when idle, latency of alerts.',
  options: {
    packets: { kind: 'number', default: 200_000, doc: 'packets of the capture that is sent' },
    capture: { kind: 'text', value: 'FILE', doc: 'a capture of your own instead' },
    rules: { kind: 'text', value: 'FILE', default: join(ROOT, 'rules', 'lateral-movement.rules'), doc: 'rules to use' },
    core: { kind: 'text', value: 'N', default: '0', doc: 'the processor that the engines run on' },
    suricata: { kind: 'text', value: 'CMD', doc: 'what to compare with' },
    most: { kind: 'number', default: 400_000, doc: 'the highest rate that is tried, packets a second' },
    json: { kind: 'switch', default: false, doc: 'print the report as JSON' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'sidewire-live-'));
try {
  await withVeth(measure);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measure() {
  const capture = values.capture ?? join(scratch, 'many.pcap');
  if (!values.capture) multiply(shipped(), capture, values.packets);
  const engines = { sidewire: ownListener(), ...peer() };
  const report = {
    capture,
    rules: values.rules,
    core: values.core,
    load: readFileSync('/proc/loadavg', 'utf8').trim(),
  };
  for (const [name, engine] of Object.entries(engines))
    report[name] = {
      idle: await idle(engine),
      latency: await latency(engine),
      fastest: await fastest(engine, capture),
    };
  report.threads = await threads(ownListener(2), capture);
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
}

/** CPU a packet of each thread that has much of it, in microseconds, with two workers: that of the reader is the least. */
async function threads(engine, capture) {
  const done = await running(engine, values.rules, () => send(capture, [`--pps=${values.most}`]));
  const each = done.threads.map((seconds) => (seconds * 1e6) / done.result.sent).filter((one) => one > 0.25);
  return each.sort((a, b) => a - b).map((one) => Number(one.toFixed(2)));
}

function print({ load, core, threads, ...rest }) {
  console.log(`load ${load}, engines on core ${core}`);
  console.log(`sidewire, two workers: ${threads.join(', ')} us of CPU a packet, by thread`);
  for (const [name, row] of Object.entries(rest)) {
    if (typeof row !== 'object') continue;
    const { idle, latency, fastest } = row;
    console.log(
      `${name}: ${fastest.pps} packets/s without loss (${fastest.cpu.toFixed(2)} us of CPU a packet), idle ${idle.toFixed(2)} % of a core, ` +
        `alerts after ${latency.median} ms (median), ${latency.late} ms (99th of ${latency.count})`,
    );
  }
}

/** This checkout's sensor, with one worker. */
function ownListener(workers = 1) {
  const cli = join(ROOT, 'dist', 'cli', 'bin.js');
  const any = ['--home-net', 'any', '--external-net', 'any', '-k', 'none'];
  const args = (rules, out) => [
    cli,
    'sensor',
    '-i',
    'east',
    '-S',
    rules,
    '-l',
    out,
    '--workers',
    String(workers),
    ...any,
  ];
  return { command: (rules, out) => [process.execPath, ...args(rules, out)], ready: 'Listening on east' };
}

function peer() {
  const command = findListener(ROOT, values.suricata, 'east');
  return command === null ? {} : { suricata: { command, ready: 'Engine started' } };
}

/** Runs an engine for as long as `use` takes; the counters of its last statistics, and CPU in seconds. */
async function running({ command, ready }, rules, use) {
  const out = mkdtempSync(join(scratch, 'out-'));
  const words = ['taskset', '-c', values.core, ...command(rules, out)];
  const child = spawnInside(words, { cwd: scratch, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(
    () => said.includes(ready) || child.exitCode !== null,
    60_000,
    () => said,
  );
  if (child.exitCode !== null) throw new Error(`the engine ended: ${said}`);
  const before = cpuInside();
  const result = await use(join(out, 'eve.json'));
  const threads = [...cpuInside()].map(([thread, seconds]) => seconds - (before.get(thread) ?? 0));
  const seconds = threads.reduce((sum, one) => sum + one, 0);
  process.kill(-child.pid, 'SIGINT');
  await ended;
  return { result, seconds, threads, ...counters(join(out, 'eve.json')) };
}

function counters(eve) {
  const lines = existsSync(eve) ? readFileSync(eve, 'utf8').split('\n') : [];
  const last = lines.filter((line) => line.includes('"event_type":"stats"')).at(-1);
  const { capture = {}, decoder = {} } = last ? JSON.parse(last).stats : {};
  return { packets: capture.kernel_packets ?? 0, drops: capture.kernel_drops ?? 0, decoded: decoder.pkts ?? 0 };
}

async function idle(engine) {
  const wait = 10_000;
  const { result, seconds } = await running(engine, values.rules, () => pause(wait).then(() => wait / 1000));
  return (seconds / result) * 100;
}

/** The highest rate at which nothing is lost, by halving; CPU a packet at that rate, in microseconds. */
async function fastest(engine, capture) {
  let [low, high, best] = [0, values.most, null];
  while (low === 0 ? high > 1000 : high / low > EXACT) {
    const rate = Math.round(low === 0 ? high / 2 : (low + high) / 2);
    const { result, seconds, packets, drops } = await running(engine, values.rules, async () =>
      send(capture, [`--pps=${rate}`]),
    );
    const lossless = drops === 0 && packets >= result.sent;
    if (lossless)
      [low, best] = [rate, { pps: Math.round(result.pps), sent: result.sent, cpu: (seconds * 1e6) / result.sent }];
    else high = rate;
    // The sender cannot do more.
    if (lossless && result.pps < rate * 0.9) break;
  }
  return best ?? { pps: 0, sent: 0, cpu: Number.NaN };
}

/** Milliseconds from a packet's time to when the line of its alert can be read. */
async function latency(engine) {
  const rules = join(scratch, 'latency.rules');
  writeFileSync(rules, 'alert udp any any -> any 9 (msg:"latency"; content:"latency"; sid:1;)\n');
  const capture = join(scratch, 'latency.pcap');
  writeFileSync(capture, datagrams());
  const { result } = await running(engine, rules, async (eve) => {
    const sender = spawnInside(['tcpreplay', '-q', '-i', 'west', capture], { stdio: 'ignore' });
    const seen = await watch(eve, ALERTS * APART + 10_000);
    sender.kill();
    return seen;
  });
  const sorted = result.sort((a, b) => a - b);
  const at = (part) =>
    Number((sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN).toFixed(1));
  return { count: sorted.length, median: at(0.5), late: at(0.99) };
}

/** Reads alerts as they are written, and how long after their packets. */
async function watch(eve, most) {
  const [seen, end] = [[], Date.now() + most];
  let [handle, rest] = [null, ''];
  const chunk = Buffer.alloc(1 << 20);
  while (seen.length < ALERTS && Date.now() < end) {
    if (handle === null && existsSync(eve)) handle = openSync(eve, 'r');
    const length = handle === null ? 0 : readSync(handle, chunk, 0, chunk.length, null);
    const now = performance.timeOrigin + performance.now();
    if (length === 0) await pause(1);
    const lines = (rest + chunk.toString('utf8', 0, length)).split('\n');
    rest = lines.pop();
    for (const line of lines)
      if (line.includes('"event_type":"alert"')) seen.push(now - time(JSON.parse(line).timestamp));
  }
  if (handle !== null) closeSync(handle);
  return seen;
}

/** A timestamp of EVE as milliseconds, microseconds included. */
function time(text) {
  const [, seconds, fraction, zone] = /^(.*)\.(\d{6})(.*)$/.exec(text);
  return Date.parse(seconds + zone.replace(/(\d\d)(\d\d)$/, '$1:$2')) + Number(fraction) / 1000;
}

/** A capture of UDP packets that raise an alert each. */
function datagrams() {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const parts = [header];
  for (let n = 0; n < ALERTS; n += 1) {
    const payload = Buffer.from('latency');
    const frame = Buffer.alloc(42 + payload.length);
    Buffer.from('0200000000020200000000010800450000', 'hex').copy(frame);
    frame.writeUInt16BE(28 + payload.length, 16);
    Buffer.from('0000000040110000', 'hex').copy(frame, 18);
    Buffer.from([10, 0, 0, 1, 10, 0, 0, 2]).copy(frame, 26);
    frame.writeUInt16BE(10_000 + n, 34);
    frame.writeUInt16BE(9, 36);
    frame.writeUInt16BE(8 + payload.length, 38);
    payload.copy(frame, 42);
    frame.writeUInt16BE(checksum(frame.subarray(14, 34)), 24);
    const record = Buffer.alloc(16);
    const at = n * APART * 1000;
    record.writeUInt32LE(1000 + Math.floor(at / 1e6), 0);
    record.writeUInt32LE(at % 1e6, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  return Buffer.concat(parts);
}

/** RFC 1071. */
function checksum(octets) {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += octets.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
