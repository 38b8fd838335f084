// Captures whose connections fall silent between bind and call: what is lost of their calls, and of the detections of the pack?
// `--help` tells the options.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { collect, Engine } from '../dist/index.js';
import { paused, survival } from '../dist/testing/index.js';
import { readOptions } from './options.mjs';

const CAPTURE = /\.(pcap|pcapng|cap)(\.gz)?$/;
/** Minutes: beyond the timeout of a flow, and beyond the jump ahead that is not believed at once. */
const PAUSES = [11, 61];

const { values, files } = readOptions({
  usage: 'paused.mjs [--verbose] FILE|DIR...',
  about: `Lets ${PAUSES.join(' and ')} minutes pass behind the answers to binds. Tells how many of the calls are found with their
interface, and how many pairs of capture and detection of the pack are still raised. Exit status 1 when a call is lost or has
the interface of another.`,
  options: { verbose: { kind: 'switch', default: false, doc: 'name each capture in which something is lost' } },
  files: true,
});

const paths = files
  .flatMap((path) => (statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]))
  .filter((path) => CAPTURE.test(path));
const folder = mkdtempSync(join(tmpdir(), 'sidewire-paused-'));
const pack = fileURLToPath(new URL('../rules/', import.meta.url));
const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, checksums: 'ignore' });
const set = await engine.compile({
  files: readdirSync(pack)
    .filter((name) => name.endsWith('.rules'))
    .map((name) => join(pack, name)),
});
const isNamed = (event) => event.event_type === 'msrpc' && event.msrpc.interface;
const detections = (events) =>
  new Set(events.filter((e) => e.event_type === 'alert').flatMap((e) => e.alert.metadata?.detection ?? []));

const totals = new Map(PAUSES.map((minutes) => [minutes, { calls: 0, named: 0, invented: 0, raised: 0 }]));
let [captures, pairs] = [0, 0];
try {
  for (const path of paths) {
    const packed = path.endsWith('.gz');
    const file = packed ? gunzipSync(readFileSync(path)) : readFileSync(path);
    const copy = join(folder, basename(path, packed ? '.gz' : ''));
    writeFileSync(copy, file);
    const { events } = await collect(engine.replay(copy, { rules: set }));
    const before = detections(events);
    if (!events.some(isNamed)) continue;
    captures += 1;
    pairs += before.size;
    for (const [minutes, total] of totals) {
      writeFileSync(copy, paused(file, minutes * 60));
      const { events: after } = await collect(engine.replay(copy, { rules: set }));
      const { calls, named, invented } = survival(events.filter(isNamed), after);
      const still = detections(after);
      const lost = [...before].filter((name) => !still.has(name));
      total.calls += calls;
      total.named += named;
      total.invented += invented.length;
      total.raised += before.size - lost.length;
      if (values.verbose && (named < calls || lost.length > 0 || invented.length > 0))
        console.log(
          `${basename(path)}, ${minutes} minutes: ${named} of ${calls}, not raised: ${lost.join(' ') || 'none'}`,
        );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${captures} captures with calls`);
for (const [minutes, { calls, named, invented, raised }] of totals)
  console.log(
    `${minutes} minutes: ${named} of ${calls} calls with their interface, ${invented} with another, detections ${raised} of ${pairs}`,
  );
process.exitCode = [...totals.values()].some(({ calls, named, invented }) => named < calls || invented > 0) ? 1 : 0;
