// One measurement in a process of its own, so that its peak memory is its own: `node row.mjs JSON`, with what
// `end-to-end.mjs` asks for. Prints JSON; `null` when the matcher asked for is not installed.
import { Engine } from '../dist/index.js';

const { capture, engine: options, replay, rules: file } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await row()));

async function row() {
  const engine = new Engine(options);
  let rules;
  const began = performance.now();
  try {
    rules = file === null ? undefined : await engine.compile({ files: [file] });
  } catch (error) {
    if (error.code !== 'rules/compile') throw error;
    return null;
  }
  const load = (performance.now() - began) / 1000;
  const start = process.cpuUsage();
  const summary = await engine.replay(capture, { ...replay, ...(rules ? { rules } : {}) }).summary();
  const { user, system } = process.cpuUsage(start);
  rules?.close();
  return {
    load,
    seconds: summary.elapsed,
    cpu: (user + system) / 1e6,
    packets: summary.packets,
    bytes: summary.bytes,
    events: Object.values(summary.events).reduce((sum, count) => sum + count, 0),
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
}
