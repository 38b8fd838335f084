// Events as they come: who called what on whom. A slow reader holds the engine back; leaving the loop stops it.
//   node examples/stream-events.mjs pcaps/dcom-invoke.pcap
import { Engine } from 'sidewire';

const [capture = 'pcaps/dcom-invoke.pcap'] = process.argv.slice(2);
const run = new Engine().replay(capture, { types: ['msrpc'] });

for await (const event of run) {
  if (event.event_type !== 'msrpc') continue;
  const { msrpc } = event;
  console.log(`${event.src_ip} -> ${event.dest_ip}  ${msrpc.says ?? msrpc.procedure ?? 'a call that cannot be read'}`);
}

const { packets, seconds } = await run.summary();
console.log(`${packets} packets of ${seconds?.toFixed(1) ?? '?'} seconds`);
