import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import '../../src/testing/vitest.js';
import { collect, Engine } from '../../src/index.js';
import {
  type Conversation,
  capture,
  dcerpc,
  dropped,
  duplicated,
  http,
  reordered,
  replay,
  smb,
  tcp,
  udp,
  utf16,
} from '../../src/testing/index.js';

const SHELL = 'alert tcp any any -> any any (msg:"shell"; flow:to_server; content:"S|00|h|00|e|00|l|00|l|00|"; sid:1;)';
const LOGIN =
  'alert http any any -> any any (msg:"login"; flow:established,to_server; http.uri; content:"/login"; sid:2;)';
const OPNUM =
  'alert dcerpc any any -> any any (msg:"create"; dcerpc.iface:000001a0-0000-0000-c000-000000000046; dcerpc.opnum:4; sid:3;)';

const ACTIVATOR = { uuid: '000001a0-0000-0000-c000-000000000046', version: '0.0' };

describe('a conversation without a capture file', () => {
  it('alerts over TCP, IPv4 and IPv6', async () => {
    const say = (options: Parameters<typeof tcp>[0]) => tcp(options).toServer(utf16('Shell')).toClient('no');
    expect(await replay(say({}), SHELL)).toAlert(1, { times: 1 });
    expect(await replay(say({ client: '[2001:db8::1]:5000', server: '[2001:db8::2]:99' }), SHELL)).toAlert(1, {
      times: 1,
    });
    expect(await replay(tcp().toServer('Shell'), SHELL)).not.toAlert(1);
  });

  it('tells the only open transaction with an alert whose rule looks at none, if asked to', async () => {
    const rule = 'alert tcp any any -> any any (msg:"t"; flow:to_client; content:"Server|3a| "; sid:7;)';
    const headers = { Server: 'x' };
    const one = http().exchange({ uri: '/only' }, { headers });
    const two = tcp()
      .toServer('GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n')
      .toClient('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n');
    const told = async (flow: Conversation, set: Record<string, string>) =>
      (await replay(flow, rule, { set })).alerts.map(({ tx_id, tx_guessed, http }) => [tx_id, tx_guessed, http?.url]);
    const nothing = [[undefined, undefined, undefined]];
    const asked = { 'detect.guess-applayer-tx': 'yes' };
    expect(await told(one, {})).toEqual(nothing);
    expect(await told(one, asked)).toEqual([[0, true, '/only']]);
    expect(await told(two, asked)).toEqual(nothing);
    expect(await told(one, { ...asked, 'detect.stream-tx-log-limit': '0' })).toEqual(nothing);
  });

  it('alerts over UDP', async () => {
    const rule = 'alert udp any any -> any 53 (msg:"u"; content:"abc"; sid:4;)';
    expect(await replay(udp().toServer('xabcx'), rule)).toAlert(4, { times: 1 });
    expect(await replay(udp().toServer('xabx').toClient('abc'), rule)).not.toAlert(4);
  });

  it('calls a UDP flow failed that told nothing, answered or not', async () => {
    for (const flow of [udp().toServer('?'), udp().toServer('?').toClient('!')]) {
      const seen = await replay(flow, LOGIN);
      expect(seen.of('flow')[0]).toMatchObject({ app_proto: 'failed' });
      expect(seen.of('stats').at(-1)?.stats).toMatchObject({ app_layer: { flow: { failed_udp: 1 } } });
    }
  });

  it('follows SMB to its end, other protocols to the depth of streams', async () => {
    const late = 'alert tcp any any -> any any (msg:"late"; content:"late"; sid:6;)';
    const set = { 'stream.reassembly.depth': '10kb' };
    const files = smb().create('a').write(Buffer.alloc(20_000, 'x')).write(Buffer.from('late'));
    expect(await replay(files, late, { set })).toAlert(6);
    const short = { ...set, 'app-layer.protocols.smb.stream-depth': '10kb' };
    expect(await replay(files, late, { set: short })).not.toAlert(6);
    const upload = http().exchange({ method: 'POST', body: `${'x'.repeat(20_000)}late` });
    expect(await replay(upload, late, { set })).not.toAlert(6);
  });

  it('speaks HTTP', async () => {
    const seen = await replay(
      http().exchange({ method: 'POST', uri: '/login', body: 'a=b' }, { status: 403, body: 'no' }),
      LOGIN,
    );
    expect(seen).toAlert(2, { times: 1 });
    expect(seen.of('http')[0]?.http).toMatchObject({ http_method: 'POST', url: '/login', status: 403 });
    expect(await replay(http().exchange({ uri: '/logout' }), LOGIN)).not.toAlert(2);
  });

  it('tells the entropies that rules asked for, whether they held or not', async () => {
    const rules = [
      'alert http any any -> any any (http.uri; entropy:value > 7; sid:7;)',
      'alert tcp-pkt any any -> any any (flow:to_client; entropy:bytes 4, value >= 0; sid:8;)',
    ];
    const seen = await replay(http().exchange({ uri: '/abc' }, { body: 'ok' }), rules.join('\n'));
    expect(seen).not.toAlert(7);
    // `/abc`: four octets; `HTTP` has one of them twice.
    const metadata = { entropy: { http_uri: 2, content: 1.5 } };
    expect(seen.of('flow')[0]).toMatchObject({ metadata });
    expect(seen.alerts.map(({ alert }) => alert.signature_id)).toEqual([8]);
  });

  it('speaks DCERPC', async () => {
    const seen = await replay(dcerpc(ACTIVATOR).call({ opnum: 4, stub: utf16('cmd.exe') }), OPNUM);
    // Without a direction the rule holds on the request and on the response, as in Suricata.
    expect(seen).toAlert(3, { times: 2 });
    expect(seen.of('msrpc')[0]?.msrpc).toMatchObject({ opnum: 4, interface: { uuid: ACTIVATOR.uuid } });
    expect(await replay(dcerpc(ACTIVATOR).call({ opnum: 3 }), OPNUM)).not.toAlert(3);
  });

  it('alerts however it is cut, shuffled and repeated', async () => {
    for (const segment of [1, 2, 7, 1460]) {
      const whole = http({ segment }).exchange({ uri: '/login?x=1' }, { body: 'ok' });
      expect(await replay(whole, LOGIN)).toAlert(2, { times: 1 });
      expect(await replay(reordered(whole, segment), LOGIN)).toAlert(2, { times: 1 });
      expect(await replay(duplicated(whole), LOGIN)).toAlert(2, { times: 1 });
    }
  });

  it('is picked up in the middle, and not when it is told not to', async () => {
    const middle = http({ handshake: false, close: 'none' }).exchange({ uri: '/login' }, { body: 'ok' });
    expect(await replay(middle, LOGIN)).toAlert(2, { times: 1 });
    expect(await replay(middle, LOGIN, { midstream: false })).not.toAlert(2);
  });

  it('is established with the data that completes its handshake', async () => {
    const rule = 'alert tcp-pkt any any -> any any (msg:"first"; flow:established; content:"hello"; sid:9;)';
    const frames = tcp().toServer('hello').frames();
    const [syn, answer, , ...data] = frames;
    if (!syn || !answer) throw new Error('no handshake');
    expect(await replay([syn, answer, ...data], rule)).toAlert(9, { times: 1 });
    expect(await replay([syn, ...data], rule)).not.toAlert(9);
  });

  it('asks rules on headers anew when a trailer follows the body', async () => {
    const on = (buffer: string, content: string, sid: number) =>
      `alert http any any -> any any (flow:to_client; ${buffer}; content:"${content}"; sid:${sid};)`;
    const rules = [
      on('http.header', 'Content-Type', 10),
      on('http.header', 'X-Late', 11),
      on('http.header.raw', 'Content-Type', 12),
      on('http.header.raw', 'X-Late', 13),
      on('http.response_header', 'X-Late', 14),
      on('http.stat_code', '200', 15),
    ].join('\n');
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n';
    const parts = [head, '3\r\nabc\r\n', '0\r\nX-Late: 1\r\n\r\n'];
    const answered = (pieces: readonly string[]) => {
      const talk = tcp({ server: '10.0.0.2:80' }).toServer('GET / HTTP/1.1\r\n\r\n');
      for (const piece of pieces) talk.toClient(piece);
      return replay(talk, rules);
    };
    const sids = (seen: Awaited<ReturnType<typeof answered>>) =>
      seen.alerts.map(({ alert }) => alert.signature_id).sort((a, b) => a - b);
    expect(sids(await answered(parts))).toEqual([10, 10, 11, 12, 13, 15]);
    expect(sids(await answered([parts.join('')]))).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it('misses what was not captured', async () => {
    const cut = dropped(http({ segment: 20 }).exchange({ uri: `/${'x'.repeat(60)}/login` }), [3]);
    const seen = await replay(cut, LOGIN);
    expect(seen).not.toAlert(2);
    expect(seen.summary.packets).toBe(cut.length);
  });

  it('looks at all that is here of a body with a gap', async () => {
    const on = (content: string, sid: number) =>
      `alert http any any -> any any (http.request_body; ${content}; sid:${sid};)`;
    const rules = [on('content:"aaa"', 1), on('content:"bbb"', 2), on('content:"ccc"', 3), on('content:!"x"', 4)];
    const posted = (missing: string) => {
      const body = ['a', 'b', 'c'].map((letter) => letter.repeat(1000));
      const talk = tcp({ server: '10.0.0.2:80' }).toServer('POST / HTTP/1.1\r\nContent-Length: 3000\r\n\r\n');
      for (const part of body) talk.toServer(part);
      talk.toClient('HTTP/1.1 204 No\r\n\r\n');
      const lost = ({ data }: { readonly data: Uint8Array }) =>
        [...missing].some((letter) => Buffer.from(data).includes(letter.repeat(100)));
      return replay(
        talk.frames().filter((frame) => !lost(frame)),
        rules.join('\n'),
      );
    };
    for (const [missing, sids] of [
      ['', [1, 2, 3, 4]],
      ['b', [1, 3, 4]],
      ['ab', [3, 4]],
      ['abc', []],
    ] as const) {
      const seen = await posted(missing);
      expect(seen.alerts.map(({ alert }) => alert.signature_id).sort()).toEqual(sids);
    }
  });

  it('says why a rule stayed silent', async () => {
    const seen = await replay(http().exchange({ uri: '/logout' }), LOGIN);
    expect(() => expect(seen).toAlert(2)).toThrow(/Rule 2 was expected to alert, and stayed silent\.\n.*10\.0\.0\.1/);
    expect(() => expect(seen).toAlert(9)).toThrow(/No rule has the sid 9/);
  });

  it('says where it alerted although it must not', async () => {
    const seen = await replay(http().exchange({ uri: '/login' }), LOGIN);
    expect(() => expect(seen).not.toAlert(2)).toThrow(/packet \d+: 10\.0\.0\.1:49152 -> 10\.0\.0\.2:80.*login/);
    expect(() => expect(seen).toAlert(2, { times: 2 })).toThrow(/to alert 2 times, and alerted 1 times/);
  });

  it('refuses broken rules', async () => {
    await expect(replay(tcp().toServer('x'), 'alert tcp any any -> any any (content:"x"')).rejects.toThrow(
      /<rules>:1:/,
    );
  });
});

describe('an engine', () => {
  it('keeps bits of hosts in packet order, whatever number of workers there is', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sidewire-')), 'hosts.pcap');
    const start = (n: number) => 1_704_067_200_000_000 + n * 700;
    // One client with many servers: its flows fall to all workers, and their packets are mixed.
    const all = Array.from({ length: 60 }, (_, n) =>
      http({ client: `10.0.0.1:${5000 + n}`, server: `10.1.${n}.1:80`, start: start(n) }).exchange(
        { uri: n % 3 === 0 ? '/on' : n % 3 === 1 ? '/ask' : '/off' },
        { body: 'ok' },
      ),
    );
    writeFileSync(path, capture(...all));
    const rule = (uri: string, options: string, sid: number) =>
      `alert http any any -> any any (msg:"${uri}"; flow:to_server; http.uri; content:"${uri}"; ${options} sid:${sid};)`;
    const text = [
      rule('/on', 'xbits:set,seen,track ip_src,expire 3600; hostbits:toggle,odd;', 1),
      rule('/ask', 'xbits:isset,seen,track ip_src;', 2),
      rule('/ask', 'hostbits:isset,odd;', 3),
      rule('/off', 'xbits:unset,seen,track ip_src;', 4),
      rule('/off', 'hostbits:isnotset,odd;', 5),
    ].join('\n');
    const results = await Promise.all(
      [1, 2, 4].map(async (workers) => {
        const engine = new Engine({ workers, homeNet: 'any', externalNet: 'any' });
        const { events } = await collect(engine.replay(path, { rules: await engine.compile({ text }) }));
        return events.filter(({ event_type }) => event_type === 'alert');
      }),
    );
    expect(results[0]?.length).toBeGreaterThan(40);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('swaps rule sets in mid-run, and gives the same events with one worker and two', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sidewire-')), 'many.pcap');
    const start = (n: number) => 1_704_067_200_000_000 + n * 10_000;
    const all = Array.from({ length: 200 }, (_, n) =>
      http({ client: `10.0.${n}.1:5000`, start: start(n) }).exchange({ uri: `/login/${n}` }, { body: 'ok' }),
    );
    writeFileSync(path, capture(...all));
    const results = await Promise.all(
      [1, 2].map(async (workers) => {
        const engine = new Engine({ workers, homeNet: 'any', externalNet: 'any' });
        const rules = await engine.compile({ text: LOGIN });
        const { events } = await collect(engine.replay(path, { rules }));
        return events.filter(({ event_type }) => event_type !== 'stats');
      }),
    );
    expect(results[0]?.filter(({ event_type }) => event_type === 'alert')).toHaveLength(200);
    expect(results[1]).toEqual(results[0]);

    // Of some megabytes: sets are swapped between blocks of a capture.
    const large = join(mkdtempSync(join(tmpdir(), 'sidewire-')), 'large.pcap');
    const body = 'x'.repeat(20_000);
    const many = Array.from({ length: 200 }, (_, n) =>
      http({ client: `10.0.${n}.1:5000`, start: start(n) }).exchange({ uri: `/login/${n}` }, { body }),
    );
    writeFileSync(large, capture(...many));
    const engine = new Engine({ workers: 1, homeNet: 'any', externalNet: 'any' });
    const [first, second] = await Promise.all(
      ['2', '5'].map((sid) => engine.compile({ text: LOGIN.replace('sid:2', `sid:${sid}`) })),
    );
    if (!first || !second) throw new Error('two rule sets were compiled');
    const run = engine.replay(large, { rules: first });
    run.swap(second);
    const { alerts } = await collect(run);
    expect(new Set(alerts.map(({ alert }) => alert.signature_id))).toContain(5);
  });
});
