// A sensor that works for long: traffic on a pair of interfaces in a network namespace as fast as it is asked for, rules reloaded
// every minute, eve.json begun anew every ten. Memory must stay level, and every packet sent must be in a counter. Root of a Linux.
// `--help` tells the options.
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { multiply, shipped } from './captures.mjs';
import { readOptions } from './options.mjs';
import { pidsInside, send, spawnInside, until, withVeth } from './veth.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Seconds between two looks at memory. */
const LOOK = 5;
/** Memory may grow by this from the second quarter of the time to the last. */
const LEVEL = 1.05;

const { values } = readOptions({
  usage:
    'soak.mjs [--minutes N] [--pps N] [--rules FILE] [--capture FILE] [--reload SECONDS] [--rotate MINUTES] [--json]',
  about:
    'Runs a sensor on a veth pair for long, with reloads and rotation. Exit status 1 when memory grew or a packet is in no counter.',
  options: {
    minutes: { kind: 'number', default: 60, doc: 'how long' },
    pps: { kind: 'number', doc: 'packets a second (default: as many as can be sent)' },
    rules: { kind: 'text', value: 'FILE', default: join(ROOT, 'rules', 'lateral-movement.rules'), doc: 'rules to use' },
    capture: {
      kind: 'text',
      value: 'FILE',
      doc: 'what is sent (default: made of pcaps/); each round has hosts of its own',
    },
    packets: { kind: 'number', default: 200_000, doc: 'packets of the capture that is made' },
    workers: { kind: 'number', default: 1, doc: 'threads that inspect' },
    reload: { kind: 'number', value: 'SECONDS', default: 60, doc: 'between two reloads of the rules' },
    rotate: { kind: 'number', value: 'MINUTES', default: 10, doc: 'between two files' },
    json: { kind: 'switch', default: false, doc: 'print the report as JSON' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'sidewire-soak-'));
try {
  const report = await withVeth(soak);
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function soak() {
  const capture = values.capture ?? join(scratch, 'many.pcap');
  if (values.capture === undefined) multiply(shipped(), capture, values.packets);
  const out = join(scratch, 'out');
  mkdirSync(out);
  const sensor = await start(out);
  const memory = [];
  let reloads = 0;
  const began = performance.now();
  const turns = setInterval(() => memory.push(resident(sensor.pid)), LOOK * 1000);
  const reloading = setInterval(() => {
    process.kill(sensor.pid, 'SIGUSR2');
    reloads += 1;
  }, values.reload * 1000);
  const rate = values.pps === undefined ? ['--topspeed'] : [`--pps=${values.pps}`];
  const { sent, pps } = await send(capture, [
    ...rate,
    '--loop=100000000',
    '--unique-ip',
    `--duration=${values.minutes * 60}`,
  ]);
  for (const timer of [turns, reloading]) clearInterval(timer);
  const seconds = (performance.now() - began) / 1000;
  process.kill(sensor.pid, 'SIGINT');
  await sensor.ended;
  return judged({ seconds, sent, pps: Math.round(pps), reloads, memory: quarters(memory), ...(await written(out)) });
}

/** Starts the sensor. */
async function start(out) {
  const config = join(scratch, 'soak.yaml');
  const eve = {
    enabled: true,
    filetype: 'regular',
    filename: 'eve-%Y%m%d%H%M%S.json',
    'rotate-interval': `${values.rotate}m`,
  };
  // YAML takes JSON.
  const types = ['alert', 'flow', { stats: { totals: true } }, 'engine'];
  writeFileSync(
    config,
    `%YAML 1.1\n---\n${JSON.stringify({ outputs: [{ 'eve-log': { ...eve, types } }], stats: { interval: 8 } })}\n`,
  );
  const cli = join(ROOT, 'dist', 'cli', 'bin.js');
  const any = ['--home-net', 'any', '--external-net', 'any', '-k', 'none', '--workers', String(values.workers)];
  const words = [process.execPath, cli, 'sensor', '-i', 'east', '-c', config, '-S', values.rules, '-l', out, ...any];
  const child = spawnInside(words, { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said = (said + chunk).slice(-4096)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(
    () => said.includes('Listening on east') || child.exitCode !== null,
    60_000,
    () => said,
  );
  if (child.exitCode !== null) throw new Error(`the sensor ended: ${said}`);
  return { pid: Number(pidsInside()[0]), ended };
}

/** Memory of a process that is in use. Octets. */
function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** The median of each quarter. */
function quarters(samples) {
  const part = Math.ceil(samples.length / 4);
  return [0, 1, 2, 3].map((nth) => {
    const some = samples.slice(nth * part, (nth + 1) * part).sort((a, b) => a - b);
    return some[Math.floor(some.length / 2)] ?? Number.NaN;
  });
}

/** What the files hold, read once: events by type, the last counters, lines that are no JSON. */
async function written(out) {
  const files = readdirSync(out).filter((name) => name.startsWith('eve-'));
  const [events, broken] = [{}, []];
  let stats = {};
  for (const name of files.sort())
    for await (const line of createInterface({ input: createReadStream(join(out, name)) })) {
      const type = /"event_type":"(\w+)"/.exec(line)?.[1];
      if (type === undefined || !line.endsWith('}')) broken.push(line.slice(0, 200));
      events[type] = (events[type] ?? 0) + 1;
      if (type === 'stats') stats = JSON.parse(line).stats;
    }
  const { capture = {}, decoder = {}, flow = {}, output = {} } = stats;
  const counted = { kernel: capture.kernel_packets ?? 0, drops: capture.kernel_drops ?? 0, decoded: decoder.pkts ?? 0 };
  return {
    files: files.length,
    events,
    broken,
    ...counted,
    flows: flow.total ?? 0,
    linesDropped: output.lines_dropped ?? 0,
  };
}

function judged(report) {
  const { memory, sent, kernel, drops, decoded, broken, linesDropped } = report;
  const faults = [];
  if (memory[3] > memory[1] * LEVEL) faults.push('memory grew');
  if (kernel < sent) faults.push(`${sent - kernel} packets are in no counter of the kernel`);
  if (decoded + drops !== kernel) faults.push(`${kernel} packets came, ${decoded} were decoded and ${drops} dropped`);
  if (broken.length > 0) faults.push(`${broken.length} lines are no JSON`);
  if (linesDropped > 0) faults.push(`${linesDropped} lines were dropped`);
  return { ...report, faults };
}

function print({ seconds, sent, pps, reloads, memory, files, events, drops, decoded, flows, faults }) {
  console.log(
    `${(seconds / 60).toFixed(1)} minutes, ${sent} packets (${pps} a second), ${reloads} reloads, ${files} files`,
  );
  console.log(
    `memory, median of each quarter: ${memory.map((octets) => `${(octets / 1e6).toFixed(0)} MB`).join(', ')}`,
  );
  console.log(`${decoded} packets decoded, ${drops} dropped by the kernel, ${flows} flows; ${JSON.stringify(events)}`);
  console.log(faults.length === 0 ? 'nothing uncounted' : faults.join('\n'));
}
