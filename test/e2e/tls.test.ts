import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import type { EveEvent } from '../../src/index.js';
import {
  type Conversation,
  capture,
  certificateMessage,
  clientHello,
  handshakeRecord,
  http,
  replay,
  serverHello,
  tls,
} from '../../src/testing/index.js';
import { checkEvent, ROOT } from '../eve.js';

const certificate = (name: string) =>
  readFileSync(join(ROOT, 'native/crates/protocols/src/tls/testdata', `${name}.der`));
const LEAF = certificate('leaf');
const CLIENT = certificate('expired');
const SUBJECT = 'C=FR, ST=IDF, L=Paris, O=Example, Inc., OU=Tests, CN=example.org, Email=a@example.org';

const HELLO = {
  serverName: 'www.example.org',
  alpn: ['h2', 'http/1.1'],
  groups: [29, 23],
  pointFormats: [0],
  signatureAlgorithms: [0x0403],
};

const SILENT = { out() {}, err() {}, color: { out: false, err: false }, live: false, width: 100, wraps: false };

/** A handshake of TLS 1.2 in which both sides show certificates. */
const mutual = () =>
  tls()
    .handshake({
      client: HELLO,
      server: { alpn: 'h2' },
      certificates: [LEAF, certificate('root')],
      clientCertificates: [CLIENT],
    })
    .applicationData('toServer', 'GET /secret')
    .applicationData('toClient', 'secret answer');

/** A handshake of TLS 1.3. */
const modern = () =>
  tls()
    .toServer(handshakeRecord(clientHello({ ...HELLO, versions: [0x0304, 0x0303], ciphers: [0x1301] })))
    .toClient(handshakeRecord(serverHello({ cipher: 0x1301, chosen: 0x0304 })))
    .applicationData('toClient', Buffer.alloc(200))
    .applicationData('toServer', Buffer.alloc(80));

const sessions = (events: readonly EveEvent[]) => events.filter((event) => event.event_type === 'tls');

/** Sids that fired, once each, in order. */
const fired = (alerts: readonly { alert: { signature_id: number } }[]) =>
  [...new Set(alerts.map((one) => one.alert.signature_id))].sort((a, b) => a - b);

describe('TLS', () => {
  it('tells a session with the certificates of both sides', async () => {
    const { events } = await replay(mutual(), 'alert tls any any -> any any (ja3.hash; bsize:32; sid:1;)');
    const [event] = sessions(events);
    expect(event?.tls).toMatchObject({
      subject: SUBJECT,
      issuerdn: 'C=FR, O=Example, Inc., CN=Example Root',
      serial: '00:9F:00:00:00:00:00:00:01',
      fingerprint: '20:1f:f2:a7:07:43:de:d9:c3:ec:6d:c6:5e:b4:ae:93:88:2e:7a:0d',
      sni: 'www.example.org',
      version: 'TLS 1.2',
      notbefore: '2020-01-01T00:00:00',
      notafter: '2030-12-31T23:59:59',
      ja3: { string: '771,49199-156,0-10-11-13-16,29-23,0' },
      ja3s: { string: '771,49199,16' },
      client_alpns: ['h2', 'http/1.1'],
      server_alpns: ['h2'],
      client: { subject: 'O=Example, CN=client', notafter: '2021-12-31T23:59:59' },
    });
  });

  it('tells a session of TLS 1.3 without certificates, and one that is resumed', async () => {
    const { events } = await replay([...modern().frames(), ...resumed().frames()], '');
    const [first, second] = sessions(events);
    expect(first?.tls).toMatchObject({ version: 'TLS 1.3', ja4: expect.stringMatching(/^t13d0106h2_/) });
    expect(first?.tls).not.toHaveProperty('subject');
    expect(second?.tls).toMatchObject({ session_resumed: true });
  });

  it('tells what the end of a flow brings of one side with that side alone', async () => {
    // The server's certificate, which nobody acknowledges, is read when the flow ends.
    const broken = tls({ acknowledge: false, close: 'none' })
      .toServer(handshakeRecord(clientHello(HELLO)))
      .toClient(handshakeRecord(Buffer.concat([serverHello({}), certificateMessage([Buffer.from('none')])])));
    const rule = 'alert tls any any -> any any (app-layer-event:tls.invalid_certificate; sid:1;)';
    const { alerts } = await replay(broken, rule);
    expect(alerts.map(({ direction }) => direction)).toEqual(['to_client']);
  });

  it('stores the certificates that rules want, each side by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sidewire-certs-'));
    const at = (name: string) => join(folder, name);
    const [yaml, pcap, rules] = [at('suricata.yaml'), at('capture.pcap'), at('x.rules')];
    writeFileSync(yaml, '%YAML 1.1\n---\noutputs:\n  - tls-store: { enabled: yes, certs-log-dir: certs }\n');
    writeFileSync(pcap, capture(mutual()));
    writeFileSync(
      rules,
      'alert tls any any -> any any (tls.cert_subject; content:"CN=example.org"; tls.store; sid:1;)\n' +
        'alert tls any any -> any any (tls.cert_subject; content:"CN=client"; tls_store; sid:2;)\n',
    );
    expect(await main(['suricata', '-r', pcap, '-S', rules, '-c', yaml, '-l', folder, '-k', 'none'], SILENT)).toBe(0);
    const names = readdirSync(join(folder, 'certs')).sort();
    expect(names.map((name) => name.replace(/\d+\.\d{6}-/, ''))).toEqual([
      '1.meta',
      '1.pem',
      'client-2.meta',
      'client-2.pem',
    ]);
    const read = (nth: number) => readFileSync(join(folder, 'certs', names[nth] ?? ''), 'latin1');
    expect(read(1).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(read(1)).toContain(LEAF.toString('base64').slice(0, 64));
    expect(read(3)).toContain(CLIENT.toString('base64').slice(0, 64));
    expect(read(0)).toMatch(/^TIME: {14}01\/01\/2024-00:00:00\.\d{6}\nPCAP PKT NUM: {6}\d+\nSRC IP: {12}10\.0\.0\.1\n/);
    expect(read(0)).toContain(`TLS SUBJECT:       ${SUBJECT}\n`);
  });

  it('makes JA3 only when something asks for it', async () => {
    const { events } = await replay(modern(), '');
    expect(sessions(events)[0]?.tls).not.toHaveProperty('ja3');
  });

  it('looks into hellos and certificates of the right side', async () => {
    const rules = [
      'alert tls any any -> any any (tls.sni; content:"www.example.org"; bsize:15; sid:1;)',
      'alert tls any any -> any any (flow:to_client; tls.cert_subject; content:"CN=example.org"; sid:2;)',
      'alert tls any any -> any any (flow:to_server; tls.cert_subject; content:"CN=client"; sid:3;)',
      'alert tls any any -> any any (flow:to_server; tls.cert_subject; content:"CN=example.org"; sid:4;)',
      'alert tls any any -> any any (tls.subjectaltname; content:"*.example.org"; bsize:13; sid:5;)',
      'alert tls any any -> any any (tls.alpn; content:"http/1.1"; bsize:8; sid:6;)',
      'alert tls any any -> any any (tls.cert_chain_len:2; sid:7;)',
      'alert tls any any -> any any (tls.version:1.2; ssl_version:tls1.2,tls1.3; sid:8;)',
      'alert tls any any -> any any (ssl_version:!tls1.2; sid:9;)',
      'alert tls any any -> any any (tls_cert_valid; sid:10;)',
      'alert tls any any -> any any (tls_cert_expired; sid:11;)',
      'alert tls any any -> any any (tls_cert_notafter:>2030-12; sid:12;)',
      'alert tls any any -> any any (tls_cert_notbefore:2019<>2020-02; sid:13;)',
      'alert tls any any -> any any (tls.subject:"O=Example"; tls.issuerdn:!"O=Other"; sid:14;)',
      'alert tls any any -> any any (tls.certs; content:"example.org"; sid:15;)',
      'alert tls:client_hello_done any any -> any any (tls.random; bsize:32; sid:16;)',
      'alert tls any any -> any any (ssl_state:client_hello; sid:17;)',
      'alert tls any any -> any any (tls.cert_serial; content:"9f:00"; sid:18;)',
    ];
    const { alerts } = await replay(mutual(), rules.join('\n'));
    expect(fired(alerts)).toEqual([1, 2, 3, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 18]);
  });

  it('leaves what is encrypted to nobody, unless it is to be looked at like anything else', async () => {
    const rules = [
      'alert tcp any any -> any any (content:"secret"; sid:1;)',
      'alert tcp any any -> any any (content:"www.example.org"; sid:2;)',
    ].join('\n');
    const later = () => mutual().applicationData('toServer', 'more secret').applicationData('toClient', 'and secret');
    const seen = async (handling: string) =>
      (await replay(later(), rules, { set: { 'app-layer.protocols.tls.encryption-handling': handling } })).alerts;
    const few = await seen('track-only');
    const all = await seen('full');
    expect(fired(few)).toContain(2);
    expect(all.filter((one) => one.alert.signature_id === 1).length).toBeGreaterThan(
      few.filter((one) => one.alert.signature_id === 1).length,
    );
  });

  it('looks no more at a flow that is to be passed by once it is encrypted', async () => {
    const set = { 'app-layer.protocols.tls.encryption-handling': 'bypass' };
    const { events } = await replay(
      mutual().applicationData('toServer', 'more'),
      'alert tcp any any -> any any (content:"more"; sid:1;)',
      { set },
    );
    const flow = events.find((event) => event.event_type === 'flow');
    expect(flow?.flow).toMatchObject({ state: 'bypassed', bypass: 'local' });
    expect(events.filter((event) => event.event_type === 'alert')).toEqual([]);
    expect(sessions(events)).toHaveLength(1);
  });

  it('says what is odd', async () => {
    const broken = tls().toServer(handshakeRecord(clientHello({ extensions: [[0, 'x']] })));
    const { events, alerts } = await replay(
      broken,
      'alert tls any any -> any any (app-layer-event:tls.handshake_invalid_length; sid:1;)',
    );
    expect(fired(alerts)).toEqual([1]);
    const anomalies = events.filter((event) => event.event_type === 'anomaly');
    expect(anomalies.map((event) => event.anomaly.event)).toContain('HANDSHAKE_INVALID_LENGTH');
  });

  it('goes on with TLS after CONNECT', async () => {
    const proxied = http({ server: '10.0.0.2:8080' })
      .exchange({ method: 'CONNECT', uri: 'www.example.org:443' }, { status: 200, reason: 'Connection established' })
      .toServer(handshakeRecord(clientHello({ ...HELLO, versions: [0x0304], ciphers: [0x1301] })))
      .toClient(handshakeRecord(serverHello({ cipher: 0x1301, chosen: 0x0304 })))
      .toClient(Buffer.from([23, 3, 3, 0, 2, 1, 1]))
      .toServer(Buffer.from([23, 3, 3, 0, 2, 1, 1]));
    const { events } = await replay(proxied, '');
    expect(sessions(events)[0]?.tls).toMatchObject({ sni: 'www.example.org', from_proto: 'http' });
  });

  it('writes the members that `custom` lists', async () => {
    const custom =
      'custom: [certificate, chain, client_certificate, client_chain, client_handshake, server_handshake, ja3s]';
    const [event] = sessions(await written(mutual(), custom));
    expect(event?.tls).toMatchObject({
      certificate: LEAF.toString('base64'),
      chain: [LEAF.toString('base64'), certificate('root').toString('base64')],
      client_handshake: { version: 'TLS 1.2', ciphers: [49199, 156], exts: [0, 10, 11, 13, 16], sig_algs: [1027] },
      server_handshake: { version: 'TLS 1.2', cipher: 49199, exts: [16] },
      client: { certificate: CLIENT.toString('base64'), chain: [CLIENT.toString('base64')] },
    });
    expect(event?.tls).not.toHaveProperty('subject');
  });
});

/** A session that goes on: both sides name it, and the server shows no certificate. */
function resumed() {
  return tls({ client: '10.0.0.1:50001' })
    .handshake({
      client: { ...HELLO, session: 'session of old' },
      server: { session: 'session of old' },
    })
    .applicationData('toClient', 'x');
}

/** What `sidewire suricata` writes with options of EVE's `tls`. */
async function written(conversation: Conversation, options: string): Promise<EveEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-tls-'));
  const [yaml, pcap] = [join(folder, 'suricata.yaml'), join(folder, 'capture.pcap')];
  const eve = 'outputs:\n  - eve-log:\n      enabled: yes\n      filename: eve.json\n      types:\n        - tls:';
  writeFileSync(yaml, `%YAML 1.1\n---\n${eve} { ${options} }\n`);
  writeFileSync(pcap, capture(conversation));
  const status = await main(['suricata', '-r', pcap, '-c', yaml, '-l', folder, '-k', 'none'], SILENT);
  expect(status).toBe(0);
  const lines = readFileSync(join(folder, 'eve.json'), 'utf8').trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as EveEvent);
  events.forEach(checkEvent);
  return events;
}
