// Alerts of a wire as they come, and what was lost; Ctrl-C ends it. Needs the right to capture.
//   sudo node examples/listen.mjs eth1 rules/*.rules
import { Engine } from 'sidewire';

const [name = 'lo', ...files] = process.argv.slice(2);
const engine = new Engine();
const rules = await engine.compile({ files });
const run = engine.listen(name, { rules, types: ['alert'] });
process.once('SIGINT', () => run.stop());

for await (const { src_ip, dest_ip, alert } of run) {
  console.log(`${src_ip} -> ${dest_ip}  ${alert.signature}`);
  for (const { message } of run.notices()) console.warn(message);
}

const { packets, source_dropped } = await run.summary();
await rules.close();
console.log(`${packets} packets, ${source_dropped} lost`);
