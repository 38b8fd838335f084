import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import '../../src/testing/vitest.js';
import {
  bind,
  bindAck,
  capture,
  HANDLE,
  replay,
  request,
  response,
  tcp,
  u32,
  uuidBytes,
  wide,
} from '../../src/testing/index.js';

const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0', id: 0 };
const COOKIE = '0a1b2c3d-0000-4000-8000-00000000cafe';
const RULE =
  'alert dcerpc any any -> any any (msg:"start"; flow:to_server; dcerpc.procedure; content:"RStartServiceW"; sid:1;)';
const GIBIBYTE = 1_073_741_824;
/** Between two turns. Microseconds. */
const TURN = 10_000;

/** An RTS PDU with Version, the virtual connection's cookie and the channel's. [MS-RPCH] 2.2.3.6, 2.2.4. */
function rts(cookie = COOKIE): Buffer {
  const command = (kind: number, value: Uint8Array) => Buffer.concat([u32(kind), value]);
  const channel = uuidBytes('99999999-0000-4000-8000-000000000001');
  const commands = Buffer.concat([command(6, u32(1)), command(3, uuidBytes(cookie)), command(3, channel)]);
  const head = Buffer.from([5, 0, 20, 3, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0]);
  head.writeUInt16LE(head.length + commands.length, 8);
  return Buffer.concat([head, commands]);
}

function head(method: string, length: number): string {
  const lines = [
    `${method} /rpc/rpcproxy.dll?dc1:6004 HTTP/1.1`,
    'Accept: application/rpc',
    'User-Agent: MSRPC',
    'Host: proxy',
    `Content-Length: ${length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const startService = Buffer.concat([HANDLE, u32(0), u32(0)]);
const openService = Buffer.concat([HANDLE, wide('evil'), u32(0xf01ff)]);
const requests = [
  bind({ contexts: [SVCCTL] }),
  request({ opnum: 16, callId: 2, stub: openService }),
  request({ opnum: 19, callId: 3, stub: startService }),
];
const answers = [
  bindAck({ results: ['accepted'] }),
  response({ callId: 2, stub: Buffer.concat([HANDLE, u32(0)]) }),
  response({ callId: 3, stub: u32(0) }),
];

/** Both channels of a virtual connection, taking turns. */
function channels(segment: number, parts: { readonly out?: boolean } = {}): Buffer {
  const sends = tcp({ client: '10.0.0.1:50001', segment }).toServer(head('RPC_IN_DATA', GIBIBYTE)).toServer(rts());
  const out = tcp({ client: '10.0.0.1:50002', segment });
  out.toServer(head('RPC_OUT_DATA', rts().length)).toServer(rts());
  out.toClient(`HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\nContent-Length: ${GIBIBYTE}\r\n\r\n`);
  out.toClient(rts());
  // The channels open at the same time; from then on one speaks in the middle of the other's pause.
  sends.wait(100 * TURN);
  out.wait(100.5 * TURN);
  for (const data of requests) sends.toServer(data).wait(100 * TURN);
  for (const data of answers) out.toClient(data).wait(100 * TURN);
  return parts.out === false ? capture(sends) : capture(sends, out);
}

const told = (record: object) => record as Record<string, unknown>;

describe('RPC over HTTP', () => {
  it.each([1460, 61, 7])('is one conversation on two connections, in segments of %d', async (segment) => {
    const seen = await replay(channels(segment), RULE);
    const calls = seen.of('msrpc').map(({ msrpc }) => told(msrpc));
    expect(calls.map(({ transport, procedure, call_id }) => [transport, procedure, call_id])).toEqual([
      ['http', 'ROpenServiceW', 2],
      ['http', 'RStartServiceW', 3],
    ]);
    expect(calls[0]).toMatchObject({ arguments: { service_name: 'evil' }, response: { result: '0x00000000' } });
    expect(seen).toAlert(1, { times: 1 });
    // The answers' flow has the calls.
    expect(seen.of('msrpc').map(({ src_port }) => src_port)).toEqual([50_002, 50_002]);
    expect(seen.of('http').map(({ http }) => [http?.http_method, http?.status])).toEqual(
      expect.arrayContaining([
        ['RPC_IN_DATA', undefined],
        ['RPC_OUT_DATA', 200],
      ]),
    );
    expect(seen.of('anomaly')).toEqual([]);
  });

  it('is read as a real client speaks it', async () => {
    const seen = await replay(join(import.meta.dirname, '../../pcaps/rpc-http.pcap'), RULE);
    expect(seen.of('msrpc').map(({ msrpc }) => told(msrpc))).toMatchObject([
      { transport: 'http', procedure: 'GetIDsOfNames', arguments: { names: ['ExecuteShellCommand'], dispids: [54] } },
    ]);
  });

  it('tells of requests whose answers are not in the capture', async () => {
    const seen = await replay(channels(1460, { out: false }), RULE);
    const calls = seen.of('msrpc').map(({ msrpc }) => told(msrpc));
    expect(calls.map(({ procedure, response: answer }) => [procedure, answer])).toEqual([
      ['ROpenServiceW', undefined],
      ['RStartServiceW', undefined],
    ]);
    expect(seen).toAlert(1, { times: 1 });
  });

  it('keeps virtual connections apart by their cookies', async () => {
    const other = tcp({ client: '10.0.0.1:50003' }).toServer(head('RPC_IN_DATA', GIBIBYTE));
    other
      .toServer(rts('0a1b2c3d-0000-4000-8000-00000000beef'))
      .wait(99 * TURN)
      .toServer(bind({ contexts: [] }));
    const pcap = capture(other);
    const seen = await replay(Buffer.concat([channels(1460), pcap.subarray(24)]), RULE);
    expect(seen.of('msrpc')).toHaveLength(2);
  });

  it('leaves authentication and echoes to HTTP', async () => {
    const flow = tcp({ client: '10.0.0.1:50001' });
    for (const length of [0, 4])
      flow
        .toServer(head('RPC_IN_DATA', length))
        .toServer(Buffer.alloc(length))
        .toClient('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    const seen = await replay(flow, RULE);
    expect(seen.of('http').map(({ http }) => http?.status)).toEqual([401, 401]);
    expect(seen.of('msrpc')).toEqual([]);
  });

  it.each([
    ['RPC_CONNECT', 'RPC_CONNECT dc1:6001 HTTP/1.1\r\nHost: proxy\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nncacn_http/1.0'],
    ['a banner', '', 'ncacn_http/1.0'],
  ])('is read behind %s', async (_, first, answer) => {
    const flow = tcp({ server: '10.0.0.2:593', segment: 11 });
    if (first !== '') flow.toServer(first);
    flow.toClient(answer);
    requests.forEach((data, index) => {
      flow.toServer(data).toClient(answers[index] ?? '');
    });
    const seen = await replay(flow, RULE);
    expect(seen.of('msrpc').map(({ msrpc }) => told(msrpc).transport)).toEqual(['http', 'http']);
    expect(seen).toAlert(1, { times: 1 });
  });
});
