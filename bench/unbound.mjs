// Captures without the beginnings of their connections, as a sensor that came late has them: how many calls are found, how many
// with the right interface, is one named that was none of the original's, and which detections of the pack are still raised?
// `--help` tells the options.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { collect, Engine } from '../dist/index.js';
import { BEGINNINGS, survival, unbound } from '../dist/testing/index.js';
import { readOptions } from './options.mjs';

const CAPTURE = /\.(pcap|pcapng|cap)(\.gz)?$/;

const { values, files } = readOptions({
  usage: 'unbound.mjs [--verbose] FILE|DIR...',
  about: `Takes the frames with binds out of captures, once with and once without those that open TCP connections. Tells how many of
the calls that are no DCOM calls are found, how many with their interface, clear and sealed apart, and whether an interface is
named that the original has not; and how many pairs of capture and detection of the pack are still raised. Exit status 1 when
an interface is wrong.`,
  options: {
    verbose: {
      kind: 'switch',
      default: false,
      doc: 'tell of each capture, and name each call with an interface of nobody',
    },
    keep: { kind: 'text', value: 'DIR', doc: 'leave the copies there' },
    loose: { kind: 'switch', default: false, doc: 'name each call that lost its interface' },
  },
  files: true,
});

const paths = files
  .flatMap((path) => (statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]))
  .filter((path) => CAPTURE.test(path));
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'sidewire-unbound-'));
const pack = fileURLToPath(new URL('../rules/', import.meta.url));
const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, checksums: 'ignore' });
const set = await engine.compile({
  files: readdirSync(pack)
    .filter((name) => name.endsWith('.rules'))
    .map((name) => join(pack, name)),
});

const isCall = (event) => event.event_type === 'msrpc';
const isPlain = (event) => isCall(event) && !event.msrpc.dcom && !event.msrpc.object && event.msrpc.interface;
const parts = {
  clear: (event) => isPlain(event) && event.msrpc.stub !== 'sealed',
  sealed: (event) => isPlain(event) && event.msrpc.stub === 'sealed',
  dcom: (event) => isCall(event) && !isPlain(event) && event.msrpc.interface,
};
const detections = (events) =>
  new Set(events.filter((e) => e.event_type === 'alert').flatMap((e) => e.alert.metadata?.detection ?? []));
const known = ({ src_ip, src_port, dest_ip, dest_port, msrpc }) =>
  `${[`${src_ip}:${src_port}`, `${dest_ip}:${dest_port}`].sort().join(' ')} ${msrpc.call_id} ${msrpc.opnum}`;

const totals = Object.fromEntries(
  BEGINNINGS.map((kind) => [
    kind,
    {
      parts: Object.fromEntries(Object.keys(parts).map((part) => [part, { calls: 0, found: 0, named: 0 }])),
      invented: 0,
      raised: 0,
    },
  ]),
);
let [captures, pairs] = [0, 0];
try {
  for (const path of paths) {
    const packed = path.endsWith('.gz');
    const file = packed ? gunzipSync(readFileSync(path)) : readFileSync(path);
    const copy = join(folder, basename(path, packed ? '.gz' : ''));
    writeFileSync(copy, file);
    const { events } = await collect(engine.replay(copy, { rules: set }));
    const before = detections(events);
    if (!events.some(isCall)) continue;
    captures += 1;
    pairs += before.size;
    for (const [kind, total] of Object.entries(totals)) {
      writeFileSync(copy, unbound(file, kind));
      const { events: after } = await collect(engine.replay(copy, { rules: set }));
      const told = [];
      for (const [part, is] of Object.entries(parts)) {
        const { calls, found, named } = survival(events.filter(is), after);
        const sum = total.parts[part];
        [sum.calls, sum.found, sum.named] = [sum.calls + calls, sum.found + found, sum.named + named];
        if (calls > 0) told.push(`${part} ${named} of ${calls}`);
      }
      const still = detections(after);
      const lost = [...before].filter((name) => !still.has(name));
      total.raised += before.size - lost.length;
      const { invented } = survival(
        events.filter((event) => isCall(event) && event.msrpc.interface),
        after,
      );
      // A call whose interface the original does not know either is nobody's.
      const nameless = new Set(events.filter((event) => isCall(event) && !event.msrpc.interface).map(known));
      const wrong = invented.filter(
        (call) => !nameless.has(call.replace(/ call | number /g, ' ').replace(/ [0-9a-f-]{36}$/, '')),
      );
      total.invented += wrong.length;
      if (values.verbose) {
        console.log(
          `${basename(path)}, ${kind}: ${told.join(', ')}${lost.length > 0 ? `, not raised ${lost.join(' ')}` : ''}`,
        );
        for (const call of wrong) console.log(`  nobody's: ${call}`);
      }
      if (values.loose) {
        const have = new Map();
        for (const event of after.filter(isCall)) have.set(known(event), event.msrpc);
        for (const event of events.filter(isPlain)) {
          const now = have.get(known(event));
          if (now?.interface?.uuid === event.msrpc.interface.uuid) continue;
          const { stub, opnum, pipe, transport, request, response } = event.msrpc;
          console.log(
            `  lost: ${event.msrpc.interface.name} ${opnum} ${stub} ${pipe ?? transport} ${known(event)} ${request?.size} ${response?.size} ${now === undefined ? 'NOT FOUND' : ''}`,
          );
        }
      }
    }
  }
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
const share = (part, whole) => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
console.log(`${captures} captures with calls`);
for (const [kind, total] of Object.entries(totals)) {
  for (const [part, { calls, found, named }] of Object.entries(total.parts))
    console.log(
      `${kind}: ${part} ${calls} calls, found ${share(found, calls)}, with their interface ${share(named, calls)}`,
    );
  console.log(
    `${kind}: ${total.invented} with an interface of nobody, detections ${total.raised} of ${pairs} (${share(total.raised, pairs)})`,
  );
}
process.exitCode = Object.values(totals).some(({ invented }) => invented > 0) ? 1 : 0;
