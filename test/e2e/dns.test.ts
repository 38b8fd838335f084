import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import '../../src/testing/vitest.js';
import { main } from '../../src/cli/main.js';
import type { DnsEvent, LlmnrEvent, MdnsEvent } from '../../src/index.js';
import {
  type Conversation,
  capture,
  type DnsOptions,
  type DnsResource,
  dns,
  dnsBytes,
  llmnr,
  mdns,
  replay,
  udp,
} from '../../src/testing/index.js';
import { checkEvent } from '../eve.js';

const SILENT = {
  out: () => {},
  err: () => {},
  color: { out: false, err: false },
  live: false,
  width: 100,
  wraps: false,
};

/** Rules on a buffer that holds a text. */
const rule = (sid: number, options: string, header = 'dns any any -> any any') =>
  `alert ${header} (msg:"${sid}"; ${options} sid:${sid};)`;
const has = (sid: number, buffer: string, text: string, header?: string) =>
  rule(sid, `${buffer}; content:"${text}"; bsize:${text.length};`, header);

const RECORDS: readonly DnsResource[] = [
  { type: 'CNAME', data: 'edge.example.net' },
  { name: 'edge.example.net', type: 'A', data: '192.0.2.7' },
  { name: 'edge.example.net', type: 'AAAA', data: '2001:db8::7' },
  { name: 'edge.example.net', type: 'MX', data: 'mx.example.net' },
  { type: 'NS', data: 'ns.example.net' },
  { type: 'PTR', data: 'host.example.net' },
  { type: 'TXT', data: ['one', 'two'] },
  { type: 'NULL', data: Buffer.from('a\x01b') },
  { type: 'SOA', data: { primary: 'ns1.example.net', mailbox: 'admin.example.net', serial: 9 } },
  { type: 'SRV', data: { priority: 1, weight: 2, port: 443, target: 'service.example.net' } },
  { type: 'SSHFP', data: Buffer.from([4, 2, 0xab, 0xcd]) },
  { type: 'HTTPS', data: Buffer.from([0, 1, 0]) },
  { type: 999, data: Buffer.from('?') },
];
const MORE: readonly DnsResource[] = [
  { name: '', type: 'OPT', class: 1232, ttl: 0, data: Buffer.from([0, 10, 0, 2, 0xbe, 0xef]) },
  { name: 'ns1.example.net', type: 'A', data: '192.0.2.53' },
];
const full = (options: DnsOptions) =>
  dns(options)
    .query('www.example.com')
    .response({
      answers: RECORDS,
      authorities: [{ name: 'example.com', type: 'NS', data: 'ns1.example.net' }],
      additionals: MORE,
    });

const long = Array.from({ length: 30 }, (_, index) => `${'x'.repeat(50)}${index}`).join('.');

async function told(flow: Conversation): Promise<DnsEvent[]> {
  const { events } = await replay(flow, rule(1, 'dns.query; content:"nothing";'));
  return events.filter((event) => event.event_type === 'dns');
}

/** What `sidewire suricata` writes with these options of `dns`, as they are in YAML. */
async function written(flow: Conversation, options: string): Promise<DnsEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-dns-'));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('capture.pcap'), capture(flow));
  const types = `[${options}]`;
  const eve = `  - eve-log: { enabled: yes, filename: eve.json, types: ${types} }`;
  writeFileSync(path('suricata.yaml'), `%YAML 1.1\n---\noutputs:\n${eve}\n`);
  const argv = [
    'suricata',
    '-c',
    path('suricata.yaml'),
    '-r',
    path('capture.pcap'),
    '-l',
    folder,
    '--disable-detection',
  ];
  expect(await main(argv, SILENT)).toBe(0);
  const lines = readFileSync(path('eve.json'), 'utf8').split('\n').filter(Boolean);
  const events = lines.map((line) => JSON.parse(line));
  events.forEach(checkEvent);
  return events;
}

describe.each(['udp', 'tcp'] as const)('DNS over %s', (over) => {
  it('is looked into by name, section by section', async () => {
    const rules = [
      has(1, 'dns.query', 'www.example.com'),
      has(2, 'dns_query', 'www.example.com'),
      has(3, 'flow:to_client; dns.queries.rrname', 'www.example.com'),
      has(4, 'dns.answers.rrname', 'edge.example.net'),
      has(5, 'dns.answer.name', 'edge.example.net'),
      has(6, 'dns.authorities.rrname', 'example.com'),
      // Behind the root's name of OPT.
      has(7, 'dns.additionals.rrname', 'ns1.example.net'),
      ...['mx.example.net', 'ns.example.net', 'host.example.net', 'ns1.example.net', 'www.example.com'].map(
        (name, at) => has(10 + at, 'dns.response.rrname', name),
      ),
      has(20, 'dns.response.rrname', 'service.example.net'),
      has(21, 'dns.response.rrname', 'admin.example.net'),
      rule(30, 'dns.rrtype:SSHFP; flow:to_client;'),
      rule(31, 'dns.rrtype:1; flow:to_server;'),
      rule(32, 'dns.rrtype:256-1000;'),
      rule(33, 'dns.rrtype:URI;'),
      rule(34, 'dns.rcode:noerror; dns.opcode:0;'),
      rule(35, 'dns.rcode:!0;'),
      has(40, 'dns.query', 'www.example.com', `${over} any any -> any any`),
      has(41, 'dns.query', 'www.example.com', `${over === 'udp' ? 'tcp' : 'udp'} any any -> any any`),
      rule(
        50,
        'frame:dns.pdu; content:"|03|www|07|example"; offset:12; depth:12; flow:to_server;',
        `${over} any any -> any any`,
      ),
    ];
    const { alerts } = await replay(full({ over }), rules.join('\n'));
    const sids = [...new Set(alerts.map(({ alert }) => alert.signature_id))].sort((a, b) => a - b);
    expect(sids).toEqual([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 30, 31, 32, 34, 40, 50]);
    const alert = alerts.find(({ alert, direction }) => alert.signature_id === 4 && direction === 'to_client');
    expect(alert).toMatchObject({ tx_id: 1, app_proto: 'dns', dns: { version: 3, type: 'response' } });
    expect(alert?.dns?.grouped, 'alerts tell each answer').toBeUndefined();
  });

  it('tells messages with all their records', async () => {
    const [request, response, ...more] = await told(full({ over }));
    expect(more).toEqual([]);
    expect(request?.dns).toEqual({
      version: 3,
      type: 'request',
      tx_id: 0,
      id: 1,
      flags: '100',
      rd: true,
      opcode: 0,
      rcode: 'NOERROR',
      queries: [{ rrname: 'www.example.com', rrtype: 'A' }],
    });
    expect(request).not.toHaveProperty('tx_id');
    expect(response).toMatchObject({ src_port: 53, src_ip: '10.0.0.2', proto: over.toUpperCase() });
    const rdata = response?.dns.answers?.map(({ rrtype, rdata, soa, srv, sshfp }) => [
      rrtype,
      rdata ?? soa ?? srv ?? sshfp,
    ]);
    expect(rdata).toEqual([
      ['CNAME', 'edge.example.net'],
      ['A', '192.0.2.7'],
      ['AAAA', '2001:0db8:0000:0000:0000:0000:0000:0007'],
      ['MX', 'mx.example.net'],
      ['NS', 'ns.example.net'],
      ['PTR', 'host.example.net'],
      ['TXT', 'one'],
      ['TXT', 'two'],
      ['NULL', 'a\u0001b'],
      [
        'SOA',
        {
          mname: 'ns1.example.net',
          rname: 'admin.example.net',
          serial: 9,
          refresh: 2,
          retry: 3,
          expire: 4,
          minimum: 5,
        },
      ],
      ['SRV', { priority: 1, weight: 2, port: 443, name: 'service.example.net' }],
      ['SSHFP', { fingerprint: 'ab:cd', algo: 4, type: 2 }],
      ['HTTPS', undefined],
      ['999', undefined],
    ]);
    expect(Object.keys(response?.dns.grouped ?? {})).toEqual([
      'CNAME',
      'A',
      'AAAA',
      'MX',
      'NS',
      'PTR',
      'TXT',
      'NULL',
      'SOA',
      'SRV',
      'SSHFP',
    ]);
    expect(response?.dns.authorities).toHaveLength(1);
    expect(response?.dns.additionals?.[0]).toEqual({
      rrname: '',
      rrtype: 'OPT',
      ttl: 0,
      opt: [{ code: 10, data: 'beef' }],
    });
  });

  it('tells in the shape of version 2 when asked to', async () => {
    const flow = dns({ over })
      .request({ questions: [{ name: 'one.example' }, { name: 'two.example', type: 'TXT' }], flags: 0x0140 })
      .answer({ name: 'one.example', type: 'A', data: '192.0.2.1' });
    const events = await written(flow, 'dns: { version: 2 }');
    expect(events.map(({ dns }) => [dns.version, dns.type, dns.rrname, dns.rrtype, dns.z])).toEqual([
      [2, 'query', 'one.example', 'A', true],
      [2, 'query', 'two.example', 'TXT', true],
      [2, 'answer', 'one.example', 'A', undefined],
    ]);
  });

  it('raises what is odd', async () => {
    const flow = dns({ over })
      .request({ questions: [{ name: 'a.example' }], flags: 0x3840 })
      .response({ questions: [{ name: long }], flags: 0x0100 })
      .response({ answers: [{ type: 'CNAME', data: Buffer.from([1, 0x61, 0xc0, 0x0c, 0]) }], counts: [1, 1, 0, 1] })
      .response({ counts: [1, 1, 0, 0] });
    const names = [
      'z_flag_set',
      'invalid_opcode',
      'not_response',
      'name_too_long',
      'invalid_additionals',
      'malformed_data',
    ];
    const rules = names.map((name, at) => rule(at + 1, `app-layer-event:dns.${name};`)).join('\n');
    const { alerts, events } = await replay(flow, rules);
    expect(alerts.map(({ alert }) => alert.signature_id).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const anomalies = events
      .filter((event) => event.event_type === 'anomaly' && event.anomaly.layer === 'proto_parser')
      .map((event) => event.event_type === 'anomaly' && event.anomaly.event);
    expect(anomalies.sort()).toEqual([...names].sort());
    const cut = events.find((event) => event.event_type === 'dns' && event.dns.queries?.[0]?.rrname_truncated);
    expect(cut).toBeDefined();
  });
});

describe('DNS', () => {
  it('shows names that were cut', async () => {
    const zone = { primary: long, mailbox: long };
    const [, response] = await told(
      dns({ over: 'tcp' })
        .query('a.example')
        .answer({ name: long, type: 'CNAME', data: long }, { type: 'SOA', data: zone }),
    );
    const [one, two] = response?.dns.answers ?? [];
    expect([one?.rrname_truncated, one?.rdata_truncated, two?.soa?.mname_truncated, two?.soa?.rname_truncated]).toEqual(
      [true, true, true, true],
    );
    const events = await written(dns({ over: 'tcp' }).query(long), 'dns: { version: 2 }');
    expect(events[0]?.dns.rrname_truncated).toBe(true);
  });

  it('is told as the configuration asks', async () => {
    const types = async (options: string) => (await written(full({}), options)).map(({ dns }) => dns.type);
    expect(await types('dns')).toEqual(['request', 'response']);
    expect(await types('dns: { requests: no }')).toEqual(['response']);
    expect(await types('dns: { responses: no }')).toEqual(['request']);
    expect(await types('dns: { types: [mx, aaaa] }')).toEqual([]);
    expect(await types('dns: { types: [mx, a] }')).toEqual(['request', 'response']);
    const [, grouped] = await written(full({}), 'dns: { formats: [grouped] }');
    expect(grouped?.dns).not.toHaveProperty('answers');
    const [, detailed] = await written(full({}), 'dns: { formats: [detailed] }');
    expect(detailed?.dns).not.toHaveProperty('grouped');
  });

  it('has the version that the environment names', async () => {
    vi.stubEnv('SURICATA_EVE_DNS_VERSION', '2');
    const versions = async (options: string) => (await written(full({}), options)).map(({ dns }) => dns.version);
    expect(await versions('dns')).toEqual([2, 2]);
    expect(await versions('dns: { responses: no }')).toEqual([2]);
    expect(await versions('dns: { version: 3 }')).toEqual([3, 3]);
    vi.unstubAllEnvs();
  });

  it('is recognised from either side, and on ports that are named', async () => {
    const answer = dnsBytes({ flags: 0x8180, questions: [{ name: 'a.example' }] });
    const turned = await replay(
      udp({ client: '10.0.0.2:53', server: '10.0.0.1:5000' }).toServer(answer),
      has(1, 'flow:to_client; dns.queries.rrname', 'a.example'),
    );
    expect(turned).toAlert(1, { times: 1 });
    const elsewhere = dns({ server: '10.0.0.2:5300' }).query('a.example');
    const query = has(2, 'dns.query', 'a.example');
    expect(await replay(elsewhere, query)).not.toAlert(2);
    const set = { 'app-layer.protocols.dns.udp.detection-ports.dp': '5300' };
    expect(await replay(elsewhere, query, { set })).toAlert(2, { times: 1 });
    const off = { 'app-layer.protocols.dns.udp.enabled': 'no' };
    expect(await replay(dns().query('a.example'), query, { set: off })).not.toAlert(2);
    expect(await replay(dns({ over: 'tcp' }).query('a.example'), query, { set: off })).toAlert(2, { times: 1 });
  });

  it('does not ask who answers what', async () => {
    const { summary } = await replay(
      dns().answer({ name: 'a', type: 'A', data: '192.0.2.1' }),
      has(1, 'dns.answers.rrname', 'a'),
    );
    expect(summary.alerts).toMatchObject([{ sid: 1, count: 1 }]);
  });
});

describe('multicast DNS', () => {
  const said = mdns()
    .request({
      id: 0,
      flags: 0,
      questions: [{ name: '_companion-link._tcp.local', type: 'PTR' }],
      answers: [{ type: 'PTR', data: 'known._companion-link._tcp.local' }],
    })
    .request({
      id: 0,
      flags: 0x8400,
      questions: [],
      answers: RECORDS.map((record) => ({ name: 'host.local', ...record })),
      authorities: [{ name: 'host.local', type: 'A', data: '10.0.0.1' }],
      additionals: MORE,
    });

  it('is a protocol of its own', async () => {
    const header = 'mdns any any -> any any';
    const rules = [
      has(1, 'mdns.queries.rrname', '_companion-link._tcp.local', header),
      has(2, 'mdns.answers.rrname', '_companion-link._tcp.local', header),
      has(3, 'mdns.answers.rrname', 'host.local', header),
      has(4, 'mdns.authorities.rrname', 'host.local', header),
      has(5, 'mdns.additionals.rrname', 'ns1.example.net', header),
      has(6, 'mdns.response.rrname', 'mx.example.net', header),
      has(7, 'mdns.response.rrname', 'known._companion-link._tcp.local', header),
      rule(8, 'dns.query; content:"local";', 'udp any any -> any any'),
      rule(9, 'frame:mdns.pdu; content:"|00 00 84 00|"; startswith;', header),
    ];
    const { alerts, events } = await replay(said, rules.join('\n'));
    expect(alerts.map(({ alert }) => alert.signature_id).sort()).toEqual([1, 2, 3, 4, 5, 6, 9]);
    const [request, response] = events.filter((event): event is MdnsEvent => event.event_type === 'mdns');
    expect(request?.mdns).toMatchObject({
      type: 'request',
      queries: [{ rrname: '_companion-link._tcp.local', rrtype: 'ptr' }],
      answers: [{ ptr: 'known._companion-link._tcp.local' }],
    });
    expect(response?.mdns).toMatchObject({ type: 'response', flags: ['aa'], rcode: 0 });
    const types = response?.mdns.answers?.flatMap((record) => Object.keys(record).filter((key) => key !== 'rrname'));
    expect(types).toEqual([
      'cname',
      'a',
      'aaaa',
      'mx',
      'ns',
      'ptr',
      'txt',
      'null',
      'soa',
      'srv',
      'sshfp',
      'https',
      '999',
    ]);
    expect(response?.mdns.additionals).toEqual([
      { rrname: '', opt: [{ code: 10, data: 'beef' }] },
      { rrname: 'ns1.example.net', a: '192.0.2.53' },
    ]);
  });

  it('shows names that were cut', async () => {
    const flow = mdns().request({
      flags: 0x8400,
      questions: [{ name: long, type: 'PTR' }],
      answers: [
        { name: long, type: 'PTR', data: long },
        { name: '', type: 'SOA', data: { primary: long, mailbox: long } },
      ],
    });
    const { events } = await replay(flow, has(1, 'mdns.queries.rrname', 'x', 'mdns any any -> any any'));
    const [event] = events.filter((event): event is MdnsEvent => event.event_type === 'mdns');
    expect(event?.mdns.queries?.[0]?.rrname_truncated).toBe(true);
    expect(event?.mdns.answers).toMatchObject([
      { rrname_truncated: true, rdata_truncated: true },
      { soa: { mname_truncated: true, rname_truncated: true } },
    ]);
  });
});

describe('LLMNR', () => {
  const name = 'x'.repeat(60);
  const asked = llmnr().request({ id: 9, flags: 0x0200, questions: [{ name: 'wpad' }] });
  const answered = llmnr({ client: '10.0.0.66:5355', server: '10.0.0.1:50000' }).request({
    id: 9,
    flags: 0x8500,
    questions: [{ name: 'wpad' }],
    answers: [
      { type: 'A', data: '10.0.0.66' },
      { type: 'AAAA', data: '2001:db8::66' },
    ],
    authorities: [{ name: 'host.local', type: 'A', data: '10.0.0.1' }],
    additionals: [{ name: 'more.local', type: 'A', data: '10.0.0.1' }],
  });

  it('is a protocol of its own, whichever way it goes', async () => {
    const header = 'llmnr any any -> any any';
    const rules = [
      has(1, 'llmnr.queries.rrname', 'wpad', header),
      has(2, 'llmnr.answers.rrname', 'wpad', header),
      has(3, 'llmnr.response.rrname', 'host.local', header),
      rule(4, 'dns.query; content:"wpad";', 'udp any any -> any any'),
      rule(5, 'frame:llmnr.pdu; content:"|00 09 85 00|"; startswith;', header),
    ];
    const { alerts, events } = await replay([...asked.frames(), ...answered.frames()], rules.join('\n'));
    expect([...new Set(alerts.map(({ alert }) => alert.signature_id))].sort()).toEqual([1, 2, 3, 5]);
    const [request, response] = events.filter((event): event is LlmnrEvent => event.event_type === 'llmnr');
    expect(request?.llmnr).toMatchObject({
      type: 'request',
      flags: ['tc'],
      queries: [{ rrname: 'wpad', rrtype: 'a' }],
    });
    expect(response?.llmnr).toMatchObject({
      type: 'response',
      flags: ['c', 't'],
      answers: [
        { rrname: 'wpad', a: '10.0.0.66' },
        { rrname: 'wpad', aaaa: '2001:0db8:0000:0000:0000:0000:0000:0066' },
      ],
      authorities: [{ rrname: 'host.local' }],
      additionals: [{ rrname: 'more.local' }],
    });
    expect(response?.src_port).toBe(5355);
  });

  it('cuts names that are too long, and says so', async () => {
    const long = Array.from({ length: 20 }, () => name).join('.');
    const { events } = await replay(llmnr().request({ questions: [{ name: long }] }), '');
    const [request] = events.filter((event): event is LlmnrEvent => event.event_type === 'llmnr');
    expect(request?.llmnr.queries?.[0]).toHaveProperty('rrname_truncated', true);
  });
});
