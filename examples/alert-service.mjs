// The engine inside a service: POST a capture, get its alerts. Rules are compiled once and shared by all requests; a client that
// goes away stops its run.
//   node examples/alert-service.mjs rules/*.rules
//   curl --data-binary @pcaps/dcom-names.pcap http://127.0.0.1:8080
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect, Engine } from 'sidewire';

/** Octets of a capture that are taken. */
const MOST = 64 << 20;

/** The service; `close` also frees the rules. */
export async function alertService(files) {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any' });
  const rules = await engine.compile({ files });
  const server = createServer(async (request, response) => {
    const folder = mkdtempSync(join(tmpdir(), 'alert-service-'));
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const capture = join(folder, 'capture.pcap');
      writeFileSync(capture, await body(request));
      const run = engine.replay(capture, { rules, types: ['alert'], signal: gone.signal });
      const { alerts, summary } = await collect(run);
      const told = alerts.map(({ alert, src_ip, dest_ip }) => ({
        sid: alert.signature_id,
        msg: alert.signature,
        src_ip,
        dest_ip,
      }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ packets: summary.packets, errors: summary.errors, alerts: told }));
    } catch (error) {
      response.statusCode = error instanceof TooLarge ? 413 : 422;
      response.end(JSON.stringify({ error: error.message }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  server.on('close', () => rules.close());
  return server;
}

class TooLarge extends Error {}

async function body(request) {
  const pieces = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length > MOST) throw new TooLarge(`a capture may have ${MOST} octets`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

if (import.meta.filename === process.argv[1]) {
  const server = await alertService(process.argv.slice(2));
  server.listen(8080, '127.0.0.1', () => console.log('POST a capture to http://127.0.0.1:8080'));
}
