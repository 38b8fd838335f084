// What a sender may add to a conversation so that rules do not see it: nothing of it may silence an alert.
import { describe, expect, it } from 'vitest';
import { type Frame, hex, http, replay, tcp } from '../../src/testing/index.js';

/** An Ethernet frame with an ICMP error from the server or a router that quotes a packet of another frame. */
function icmpError(quoted: Frame, type: number, code: number, from: string, to: string): Buffer {
  const body = Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), quoted.data.subarray(14, 14 + 28)]);
  const head = hex(`4500 0000 0000 0000 4001 0000 ${from} ${to}`);
  head.writeUInt16BE(head.length + body.length, 2);
  return Buffer.concat([quoted.data.subarray(0, 14), head, body]);
}

const [CLIENT, SERVER, ROUTER] = ['0a000001', '0a000002', '0a0000fe'];

const RULES = `
alert http any any -> any any (msg:"request"; flow:to_server,established; http.uri; content:"/evil"; sid:1;)
alert tcp any any -> any 80 (msg:"stream"; flow:to_server,established; content:"/evil"; sid:2;)
alert http any any -> any any (msg:"file"; flow:to_client; file.data; content:"evil body"; sid:3;)
alert tcp any 80 -> any any (msg:"answer"; flow:to_client,established; content:"evil body"; sid:4;)
alert http any any -> any any (msg:"protocol to server"; flow:to_server; sid:5;)
alert http any any -> any any (msg:"protocol to client"; flow:to_client; sid:6;)
alert tcp 10.0.0.1 any -> any any (msg:"address to server"; sid:7;)
alert tcp 10.0.0.2 any -> any any (msg:"address to client"; sid:8;)
pass icmp any any -> any any (sid:9;)
`;

describe('an ICMP error that quotes a flow uses up nothing of it', () => {
  const frames = http().exchange({ uri: '/evil' }, { status: 200, body: 'evil body' }).frames();
  const sids = async (given: readonly Frame[], midstream: boolean) =>
    (await replay(given, RULES, { midstream })).alerts.map(({ alert }) => alert.signature_id).sort();

  for (const midstream of [false, true])
    for (const [type, code] of [
      [3, 3],
      [3, 4],
      [11, 0],
    ] as const)
      it(`${type}/${code}, midstream ${midstream}, after each packet, whichever side it seems to come from`, async () => {
        const plain = await sids(frames, midstream);
        expect([...new Set(plain)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        for (let after = 0; after < frames.length; after += 1) {
          for (const [from, to] of [
            [SERVER, CLIENT],
            [CLIENT, SERVER],
            [ROUTER, CLIENT],
          ] as const) {
            const quoted = frames.filter(({ direction }) => direction === (to === CLIENT ? 'toServer' : 'toClient'))[0];
            const before = frames[after];
            if (!quoted || !before) throw new Error('no frame');
            const forged: Frame = { ...before, time: before.time + 1, data: icmpError(quoted, type, code, from, to) };
            const given = [...frames.slice(0, after + 1), forged, ...frames.slice(after + 1)];
            expect(await sids(given, midstream), `after frame ${after + 1}, from ${from}`).toEqual(plain);
          }
        }
      });
});

describe('malformed options hide no request', () => {
  const rules = `alert http any any -> any any (flow:to_server,established; http.uri; content:"/evil"; sid:1;)
alert tcp any any -> any any (content:"/evil"; sid:2;)`;
  /** The frames with options in the headers of those that carry data of the client. */
  const withOptions = (options: Buffer, at: 'ip' | 'tcp') =>
    http()
      .exchange({ uri: '/evil' }, { status: 200, body: 'x' })
      .frames()
      .map((frame) => {
        if (frame.role !== 'data' || frame.direction !== 'toServer') return frame;
        const end = at === 'ip' ? 34 : 54;
        const data = Buffer.concat([frame.data.subarray(0, end), options, frame.data.subarray(end)]);
        data.writeUInt16BE(data.readUInt16BE(16) + options.length, 16);
        if (at === 'ip') data.writeUInt8((data[14] ?? 0) + options.length / 4, 14);
        else data.writeUInt8((data[46] ?? 0) + ((options.length / 4) << 4), 46);
        return { ...frame, data };
      });

  it.each([
    ['tcp', '08000000'],
    ['tcp', '080a0000'],
    ['tcp', '022805b4'],
    ['tcp', '13010000'],
    ['tcp', '0101010103010101'],
    ['ip', '0707050000000000'],
    ['ip', '9403000000000000'],
  ] as const)('%s %s', async (at, options) => {
    const { alerts } = await replay(withOptions(hex(options), at), rules, { checksums: 'ignore' });
    expect(alerts.map(({ alert }) => alert.signature_id).sort()).toEqual([1, 2]);
  });
});

describe('what messages say of their sender turns no flow whose handshake was seen', () => {
  const rules = `alert tcp any any -> any 445 (flow:established,to_server; content:"from client"; sid:1;)
alert tcp any 445 -> any any (flow:established,to_client; content:"from server"; sid:2;)
alert tcp any any -> any any (flow:to_client; content:"from client"; sid:3;)`;
  const framed = (message: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(message.length);
    return Buffer.concat([head, message]);
  };
  /** An echo of SMB1. */
  const smb1 = (answers: boolean, text: string) => {
    const head = hex(
      `ff534d42 2b 00000000 ${answers ? '98' : '18'} 03c8 0000 0000000000000000 0000 0000 0100 0000 0100 01 0100`,
    );
    const size = Buffer.alloc(2);
    size.writeUInt16LE(text.length);
    return framed(Buffer.concat([head, size, Buffer.from(text)]));
  };
  /** An echo of SMB2. */
  const smb2 = (answers: boolean, text: string) => {
    const head = Buffer.concat([
      hex(`fe534d42 4000 0000 00000000 0d00 0100 0${answers ? 1 : 0}000000`),
      Buffer.alloc(44),
    ]);
    return framed(Buffer.concat([head, hex('04000000'), Buffer.from(text)]));
  };

  for (const [name, message] of Object.entries({ smb1, smb2 }))
    for (const client of [false, true])
      for (const server of [false, true])
        it(`${name}: the client's are ${client ? 'answers' : 'requests'}, the server's ${server ? 'answers' : 'requests'}`, async () => {
          const talk = tcp({ server: '10.0.0.2:445' })
            .toServer(message(client, 'from client'))
            .toClient(message(server, 'from server'))
            .toServer(message(client, 'from client'));
          const { alerts, of } = await replay(talk, rules);
          expect([...new Set(alerts.map(({ alert }) => alert.signature_id))].sort()).toEqual([1, 2]);
          expect(of('flow')).toMatchObject([
            { src_ip: '10.0.0.1', dest_ip: '10.0.0.2', dest_port: 445, app_proto: 'smb' },
          ]);
        });
});
