// Members of events that the shipped captures do not show: each appears when its traffic does, and says what was sent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  type Conversation,
  capture,
  dcerpc,
  type Frame,
  fault,
  http,
  request,
  requestBytes,
  tcp,
  utf16,
} from '../../src/testing/index.js';
import { checkEvent } from '../eve.js';
import { customHeaders, EVERYTHING, eventsOf } from './everything.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The events of a type that some traffic gives, all held against their descriptions. */
async function events(
  type: string,
  traffic: Conversation | readonly Frame[],
  rules = '',
  config = EVERYTHING,
): Promise<Record<string, unknown>[]> {
  const [path, rule] = [join(folder, 'capture.pcap'), join(folder, 'x.rules')];
  writeFileSync(path, capture(traffic));
  writeFileSync(rule, rules);
  const found = await eventsOf(path, rule, config);
  for (const event of found) checkEvent(event);
  return found.filter(({ event_type }) => event_type === type);
}

const MACS = Buffer.from('0200000000020200000000010000', 'hex').subarray(0, 12);
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const frame = (data: Buffer, nth = 0): Frame => ({
  time: 1_704_067_200_000_000 + nth * 1000,
  data: data.length < 60 ? Buffer.concat([data, Buffer.alloc(60 - data.length)]) : data,
  role: 'data',
  direction: 'toServer',
});
/** An IPv4 header around what it carries. */
function ipv4(protocol: number, payload: Buffer, from = '0a000001', to = '0a000002'): Buffer {
  const head = hex(`45000000 0000 0000 40${protocol.toString(16).padStart(2, '0')} 0000 ${from} ${to}`);
  head.writeUInt16BE(head.length + payload.length, 2);
  return Buffer.concat([head, payload]);
}
const ethernet = (type: string, payload: Buffer) => Buffer.concat([MACS, hex(type), payload]);
/** The IPv4 packet of a frame that a conversation made. */
const packetOf = ({ data }: Frame) => data.subarray(14);

const ANY = (sid: number, options: string, protocol = 'tcp') =>
  `alert ${protocol} any any -> any any (msg:"${sid}"; ${options} sid:${sid};)\n`;

it('ARP', async () => {
  const arp = hex('0001 0800 06 04 0001 020000000002 0a000001 000000000000 0a000002');
  expect((await events('arp', [frame(ethernet('0806', arp))]))[0]).toMatchObject({
    arp: { opcode: 'request', src_mac: '02:00:00:00:00:02', src_ip: '10.0.0.1', dest_ip: '10.0.0.2' },
  });
});

it('VLAN tags and ICMP', async () => {
  const echo = (kind: string) => hex(`${kind}00 0000 0001 0001 6869`);
  const frames = [
    frame(ethernet('8100 0005 0800', ipv4(1, echo('08')))),
    frame(ethernet('8100 0005 0800', ipv4(1, echo('00'), '0a000002', '0a000001')), 1),
  ];
  const rule = ANY(1, 'itype:8;', 'icmp');
  expect((await events('alert', frames, rule))[0]).toMatchObject({ vlan: [5], icmp_type: 8, icmp_code: 0 });
  expect((await events('flow', frames))[0]).toMatchObject({
    icmp_type: 8,
    response_icmp_type: 0,
    response_icmp_code: 0,
  });
});

it('the security parameters index of ESP', async () => {
  const rule = ANY(1, 'ip_proto:50;', 'ip');
  const esp = frame(ethernet('0800', ipv4(50, hex('00001234 00000001 00000000'))));
  expect((await events('alert', [esp], rule))[0]).toMatchObject({ spi: 0x1234, proto: 'ESP' });
});

it('the packet around the packet', async () => {
  const inside = http().exchange({ uri: '/inside' }, {}).frames();
  const frames = inside.map((one, nth) => frame(ethernet('0800', ipv4(4, packetOf(one), 'c0000201', 'c0000202')), nth));
  expect((await events('alert', frames, ANY(1, 'http.uri; content:"/inside";', 'http')))[0]).toMatchObject({
    src_ip: '10.0.0.1',
    tunnel: { src_ip: '192.0.2.1', dest_ip: '192.0.2.2', proto: 'IP-in-IP', depth: 1 },
  });
});

it('a broken packet with its anomaly', async () => {
  const short = ethernet('0800', hex('4500 0028 0000 0000 4006'));
  expect((await events('anomaly', [{ ...frame(short), data: short }]))[0]).toMatchObject({
    anomaly: { type: 'decode', event: 'decoder.ipv4.pkt_too_small' },
    packet: expect.any(String),
    packet_info: { linktype: 1, linktype_name: 'EN10MB' },
  });
});

it('HTTP headers that are asked for, ranges, and the client behind a proxy', async () => {
  const values = (side: 'request' | 'response') =>
    Object.fromEntries(customHeaders(side).map((name) => [name, `value of ${name}`]));
  const framing = { 'transfer-encoding': 'identity', 'content-encoding': 'identity', 'content-length': '5' };
  const location = 'http://elsewhere.example/';
  const web = http()
    .exchange(
      { uri: '/file', headers: { ...values('request'), host: 'host.example:8080', 'X-Forwarded-For': '192.0.2.7' } },
      {
        status: 206,
        headers: { ...values('response'), ...framing, location, 'content-range': 'bytes 5-9/20' },
        body: 'octet',
      },
    )
    .toServer(requestBytes({ uri: '/strange' }))
    .toClient('HTTP/1.1 abc strange\r\nContent-Length: 0\r\n\r\n');
  const [record] = await events('http', web);
  expect(record).toMatchObject({
    http: {
      hostname: 'host.example',
      http_port: 8080,
      xff: '192.0.2.7',
      content_range: { raw: 'bytes 5-9/20', start: 5, end: 9, size: 20 },
      redirect: 'http://elsewhere.example/',
      accept: 'value of accept',
      x_requested_with: 'value of x-requested-with',
    },
  });
  expect((await events('http', web))[1]).toMatchObject({ http: { status_string: 'abc' } });
  expect((await events('fileinfo', web))[0]).toMatchObject({ fileinfo: { start: 5, end: 9, size: 5 } });
  expect((await events('alert', web, ANY(1, 'http.uri; content:"/file";', 'http')))[0]).toMatchObject({
    alert: { xff: '192.0.2.7' },
  });
});

it('HTTP headers that are asked for where the record is short', async () => {
  const short = EVERYTHING.replace('extended: yes, dump', 'extended: no, dump');
  const web = http().exchange({ headers: { referer: 'a' } }, { status: 302, headers: { location: 'b' } });
  expect((await events('http', web, '', short))[0]).toMatchObject({ http: { referer: 'a', location: 'b' } });
});

it('what rules take out of the traffic', async () => {
  const rules =
    ANY(1, 'content:"key="; pcre:"/key=(\\w+)/,alert:key"; flowbits:set,traffic/id/login;', 'tcp') +
    ANY(2, 'content:"key="; pcre:"/key=(\\w+)/,flow:flow_key"; flowbits:set,traffic/label/seen;', 'tcp') +
    ANY(3, 'content:"key="; pcre:"/key=(\\w+)/,pkt:packet_key"; noalert;', 'tcp');
  const said = tcp().toServer('key=secret\r\n').toClient('ok').toServer('more').toClient('ok');
  const alerts = await events('alert', said, rules);
  expect(alerts.find(({ alert }) => (alert as { signature_id: number }).signature_id === 1)).toMatchObject({
    alert: { context: { key: 'secret' } },
  });
  expect((await events('flow', said, rules))[0]).toMatchObject({
    traffic: { id: ['login'], label: ['seen'] },
    metadata: { flowvars: [{ flow_key: 'secret' }] },
  });
  expect((await events('metadata', said, rules))[0]).toMatchObject({
    metadata: { pktvars: [{ packet_key: 'secret' }] },
  });
});

it('flags and urgent octets of TCP', async () => {
  const frames = tcp({ close: 'rst' }).toServer('one').toServer('urgent').toClient('two').toClient('urgent').frames();
  for (const { data, role } of frames)
    if (role === 'data') {
      // Urgent, with both bits of congestion notification.
      data.writeUInt8((data[47] ?? 0) | 0xe0, 47);
      if (data.includes('urgent')) data.writeUInt16BE(1, 52);
    }
  const [flow] = await events('flow', frames);
  expect(flow).toMatchObject({
    tcp: { urg: true, ecn: true, cwr: true, rst: true, ts_urgent_oob_data: 1, tc_urgent_oob_data: 1 },
  });
  expect((await events('netflow', frames))[0]).toMatchObject({ tcp: { urg: true, ecn: true, cwr: true, rst: true } });
});

it('calls that fault, are denied or given up', async () => {
  const SAMR = '12345778-1234-abcd-ef00-0123456789ac';
  const faulting = dcerpc({ uuid: SAMR })
    .toServer(request({ opnum: 1, callId: 2 }))
    .toClient(fault({ callId: 2, status: 5 }));
  expect((await events('msrpc', faulting))[0]).toMatchObject({
    msrpc: { response: { fault: { status: '0x00000005', name: expect.any(String) } } },
  });
  const result = Buffer.alloc(4);
  result.writeUInt32LE(0xc000_0022);
  const denied = dcerpc({ uuid: SAMR }).call({ opnum: 1, answer: result });
  expect((await events('msrpc', denied))[0]).toMatchObject({
    msrpc: { response: { result: '0xc0000022', result_name: 'STATUS_ACCESS_DENIED' } },
  });
  // `cancel`, PTYPE 18, with the identifier of the call. [C706] 12.6.4.2.
  const cancel = hex('0500 12 03 10000000 1000 0000 02000000');
  const given = dcerpc({ uuid: SAMR })
    .toServer(request({ opnum: 1, callId: 2 }))
    .toServer(cancel)
    .toClient(fault({ callId: 2, status: 0x1c00_000d }));
  expect((await events('msrpc', given))[0]).toMatchObject({ msrpc: { cancelled: true } });
});

/** An SMB2 message over TCP: length, header of 64 octets, body. [MS-SMB2] 2.2.1.2. */
function smb2(command: number, message: number, body: Buffer, isAnswer = false): Buffer {
  const head = hex('fe534d42 4000 0000 00000000').subarray(0, 12);
  const rest = Buffer.alloc(52);
  rest.writeUInt16LE(command, 0);
  rest.writeUInt16LE(1, 2);
  rest.writeUInt32LE(isAnswer ? 1 : 0, 4);
  rest.writeUInt32LE(message, 12);
  rest.writeUInt32LE(5, 24);
  rest.writeUInt32LE(7, 28);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(64 + body.length);
  return Buffer.concat([length, head, rest, body]);
}

it('what SMB2 does to files beside reading and writing them', async () => {
  const id = Buffer.alloc(16, 1);
  const name = utf16('new name.txt');
  const created = Buffer.concat([Buffer.alloc(56), utf16('folder')]);
  created.writeUInt16LE(57, 0);
  created.writeUInt32LE(1, 36); // open
  created.writeUInt32LE(1, 40); // FILE_DIRECTORY_FILE
  created.writeUInt16LE(64 + 56, 44);
  created.writeUInt16LE(12, 46);
  const opened = Buffer.concat([hex('5900 0000 01000000'), Buffer.alloc(56), id, Buffer.alloc(8)]);
  // FileRenameInformation. [MS-SMB2] 2.2.39, [MS-FSCC] 2.4.42.2.
  const target = Buffer.concat([Buffer.alloc(20), name]);
  target.writeUInt32LE(name.length, 16);
  const renamed = Buffer.concat([hex('2100 01 0a 00000000 6000 0000 00000000'), id, target]);
  renamed.writeUInt32LE(target.length, 4);
  // FSCTL_GET_REPARSE_POINT. [MS-FSCC] 2.3.
  const control = Buffer.concat([hex('3900 0000 a8000900'), id, Buffer.alloc(32)]);
  const controlled = Buffer.concat([hex('3100 0000 a8000900'), id, Buffer.alloc(24)]);
  const share = tcp({ server: '10.0.0.2:445' })
    .toServer(smb2(5, 1, created))
    .toClient(smb2(5, 1, opened, true))
    .toServer(smb2(17, 2, renamed))
    .toClient(smb2(17, 2, hex('0200'), true))
    .toServer(smb2(11, 3, control))
    .toClient(smb2(11, 3, controlled, true));
  const records = (await events('smb', share)).map(({ smb }) => smb);
  expect(records).toMatchObject([
    { command: 'SMB2_COMMAND_CREATE', directory: 'folder' },
    { set_info: { class: 'FILE_INFO', info_level: 'SMB2_FILE_RENAME_INFO' }, rename: { to: 'new name.txt' } },
    { command: 'SMB2_COMMAND_IOCTL', function: 'FSCTL_GET_REPARSE_POINT' },
  ]);
});
