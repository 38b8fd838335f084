// What more costs: rules, flows that are open at a time, workers. Each measurement is a replay in a process of its own, so that
// its memory is its own; the least of some rounds counts. `--help` tells the options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { multiply, shipped } from './captures.mjs';
import { readOptions } from './options.mjs';
import { Connection, Wire } from './wire.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPEN = { homeNet: 'any', externalNet: 'any', checksums: 'ignore' };
/** Rules taken, and flows open at a time. */
const RULES = [1, 10, 100, 1_000, 5_000, 15_000];
const FLOWS = [1_000, 10_000, 100_000, 1_000_000];
const WORKERS = [1, 2, 4];
/** Memory that flows may take: as a sensor that expects so many of them is configured. Octets. */
const ROOM = { 'flow.memcap': '4gb', 'stream.memcap': '4gb', 'stream.reassembly.memcap': '4gb' };
const REQUEST = Buffer.from('GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: growth\r\n\r\n');
const RESPONSE = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello');

const { values } = readOptions({
  usage: 'growth.mjs [--rules FILE|DIR] [--capture FILE] [--packets N] [--flows N] [--rounds N] [--json]',
  about: `Measures what a packet costs, and how much memory is used, as rules, open flows and workers grow.`,
  options: {
    rules: {
      kind: 'text',
      value: 'FILE|DIR',
      default: join(ROOT, 'rules'),
      doc: 'where rules are taken from, spread evenly over them',
    },
    capture: { kind: 'text', value: 'FILE', doc: 'a capture of your own for rules and workers' },
    packets: {
      kind: 'number',
      default: 200_000,
      doc: 'frames of the capture that is made of those in pcaps/ otherwise',
    },
    flows: { kind: 'number', default: FLOWS.at(-1), doc: 'open at a time, at most' },
    rounds: { kind: 'number', default: 2, doc: 'how often each is measured' },
    json: { kind: 'switch', default: false, doc: 'print the table as JSON' },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'sidewire-growth-'));
try {
  const capture = values.capture ?? join(scratch, 'many.pcap');
  if (values.capture === undefined) multiply(shipped(), capture, values.packets);
  const table = { rules: rulesGrow(capture), flows: flowsGrow(), workers: workersGrow(capture) };
  if (values.json) console.log(JSON.stringify(table, null, 2));
  else print(table);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function rulesGrow(capture) {
  const all = ruleLines(values.rules);
  const counts = [...new Set(RULES.map((count) => Math.min(count, all.length)))];
  return counts.map((count) => {
    const rules = join(scratch, 'some.rules');
    writeFileSync(
      rules,
      Array.from({ length: count }, (_, nth) => all[Math.floor((nth * all.length) / count)]).join('\n'),
    );
    return { count, ...least({ capture, engine: { ...OPEN, workers: 1 }, rules }) };
  });
}

function flowsGrow() {
  const counts = [...new Set(FLOWS.map((count) => Math.min(count, values.flows)))];
  return counts.map((count) => {
    const capture = join(scratch, 'flows.pcap');
    openFlows(capture, count);
    const row = least({ capture, engine: { ...OPEN, workers: 1, set: ROOM }, rules: null });
    rmSync(capture);
    return { count, ...row };
  });
}

function workersGrow(capture) {
  const rules = join(scratch, 'all.rules');
  writeFileSync(rules, ruleLines(values.rules).join('\n'));
  return WORKERS.map((count) => ({ count, ...least({ capture, engine: { ...OPEN, workers: count }, rules }) }));
}

/** Connections that are all open when the last one begins, each with one request and its answer. */
function openFlows(path, count) {
  const wire = new Wire(path);
  for (let number = 0; number < count; number += 1) {
    const connection = new Connection(wire, number, 80);
    connection.say(true, REQUEST);
    connection.say(false, RESPONSE);
  }
  wire.close();
}

/** The rules of a file, or of those in a folder, as lines. */
function ruleLines(path) {
  const files = statSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => (name.endsWith('.rules') ? [join(path, name)] : []))
    : [path];
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^\s*[a-z]\w*\s.*\bsid:/.test(line)),
  );
}

/** One replay to eve.json, as often as is wanted: the least of each figure. */
function least(of) {
  const rounds = Array.from({ length: values.rounds }, () => {
    const text = JSON.stringify({ ...of, replay: { types: [], logDir: join(scratch, 'out') } });
    const args = [join(ROOT, 'bench', 'row.mjs'), text];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) throw new Error(`a measurement ended with status ${status}`);
    return JSON.parse(stdout);
  });
  const { packets, events } = rounds[0];
  const min = (name) => Math.min(...rounds.map((row) => row[name]));
  return {
    packets,
    events,
    load: min('load'),
    seconds: min('seconds'),
    cpu: min('cpu'),
    peakMemory: min('peakMemory'),
    microseconds: (min('cpu') * 1e6) / packets,
  };
}

function print(table) {
  for (const [what, rows] of Object.entries(table)) {
    console.log(`\n${what.padEnd(10)} load s   wall s    CPU s  us CPU/packet   peak MB   packets    events`);
    for (const row of rows)
      console.log(
        `${String(row.count).padEnd(10)} ${row.load.toFixed(2).padStart(6)} ${row.seconds.toFixed(2).padStart(8)} ` +
          `${row.cpu.toFixed(2).padStart(8)} ${row.microseconds.toFixed(2).padStart(14)} ` +
          `${(row.peakMemory / 1e6).toFixed(0).padStart(9)} ${String(row.packets).padStart(9)} ${String(row.events).padStart(9)}`,
      );
  }
}
