// Sigma rules on traffic: rules for the logs of Zeek, of RPC Firewall and of proxies run on what a replay says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect } from '../../src/engine/collect.js';
import { compileSigmaRules, explainSigma, startHunt } from '../../src/engine/hunt.js';
import { Engine } from '../../src/engine/index.js';
import type { AlertEvent } from '../../src/generated/events.js';
import { compileSigma } from '../../src/sigma/index.js';
import { type Conversation, capture, dns, http } from '../../src/testing/index.js';
import { checkEvent, ROOT } from '../eve.js';

const ID = '11111111-2222-4333-8444-555555555555';
const rule = (source: string, detection: string, id = ID) =>
  `title: T\nid: ${id}\nauthor: A\nlevel: high\nlogsource: {${source}}\ndetection:\n  ${detection.replaceAll('\n', '\n  ')}\n`;

async function alertsOf(
  input: string | Conversation,
  sigma: string,
  more: { workers?: number } = {},
): Promise<readonly AlertEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-traffic-'));
  try {
    const path = typeof input === 'string' ? join(ROOT, 'pcaps', input) : join(folder, 'capture.pcap');
    if (typeof input !== 'string') writeFileSync(path, capture(input));
    const engine = new Engine({ workers: 1, ...more });
    await using rules = await engine.compile({ sigma });
    expect(rules.sigma?.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { alerts } = await collect(engine.replay(path, { rules }));
    for (const alert of alerts) checkEvent(alert);
    return alerts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const FIREWALL = 'product: rpc_firewall, category: application';
const ACTIVATION =
  's:\n  EventLog: RPCFW\n  EventID: 3\n  InterfaceUuid: 12345778-1234-ABCD-ef00-0123456789ac\n  OpNum: [5, 57]\ncondition: s';

describe('Sigma rules on traffic', () => {
  it('run on calls, and say what matched beside the event', async () => {
    const alerts = await alertsOf('sealed-impacket.pcap', rule(FIREWALL, ACTIVATION));
    expect(alerts).toHaveLength(2);
    expect(alerts[0]).toMatchObject({
      alert: { gid: 1000, signature: 'T', severity: 1, metadata: { sigma_id: [ID], author: ['A'] } },
      sigma: {
        level: 'high',
        matched: [{ field: 'EventLog' }, { field: 'EventID' }, { field: 'InterfaceUuid' }, { field: 'OpNum' }],
      },
      msrpc: { interface: { name: 'samr' } },
      proto: 'TCP',
    });
    expect(alerts[0]?.flow_id).toBeGreaterThan(0);
    expect(await alertsOf('http-browse.pcap', rule(FIREWALL, ACTIVATION))).toEqual([]);
    const other = ACTIVATION.replace('EventID: 3', 'EventID: 4');
    expect(await alertsOf('sealed-impacket.pcap', rule(FIREWALL, other))).toEqual([]);
  });

  it('give the same alerts with any number of workers', async () => {
    const text = rule(FIREWALL, ACTIVATION);
    const [one, four] = await Promise.all([1, 4].map((workers) => alertsOf('sealed-impacket.pcap', text, { workers })));
    expect(four).toEqual(one);
  });

  it("know Zeek's names", async () => {
    const source = 'product: zeek, service: dce_rpc';
    const found = await alertsOf(
      'sealed-impacket.pcap',
      rule(source, 's: {endpoint: SAMR, operation|endswith: connect2}\ncondition: s'),
    );
    expect(found).toHaveLength(1);
    const lookup = dns()
      .query('a.evil.example', 'TXT')
      .answer({ type: 'TXT', data: ['iex x'] });
    expect(
      await alertsOf(
        lookup,
        rule(
          'product: zeek, service: dns',
          "s: {query|endswith: '.evil.example', id.resp_p: 53}\nf: {Z: 1}\ncondition: s and not f",
        ),
      ),
    ).toHaveLength(2);
    expect(
      await alertsOf(lookup, rule('category: dns', 's: {record_type: TXT, answer|contains: IEX}\ncondition: s')),
    ).toHaveLength(1);
  });

  it('run on requests as a proxy and a web server log them', async () => {
    const request = http().exchange(
      { uri: '/a/tool.exe?q=1', headers: { Host: 'h.example', 'User-Agent': 'curl/8' } },
      { body: 'x' },
    );
    const proxy =
      "s: {c-uri|endswith: '.exe?q=1', c-uri-extension: exe, cs-host: h.example, c-useragent|startswith: curl}\ncondition: s";
    expect(await alertsOf(request, rule('category: proxy', proxy))).toHaveLength(1);
    const server = "s: {cs-method: GET, cs-uri-query|contains: 'q=', cs-uri-stem: /a/tool.exe}\ncondition: s";
    expect(await alertsOf(request, rule('category: webserver', server))).toHaveLength(1);
    expect(await alertsOf(request, rule('category: webserver', server.replace('GET', 'POST')))).toEqual([]);
  });

  it('say which fields are never on the wire, and pass over rules that exclude by them', () => {
    const compiled = (detection: string) =>
      compileSigma([{ path: 'r', text: rule('product: zeek, service: http', detection) }], { onlyTraffic: true });
    const asked = compiled('s: {uri: a, request_body_len: 5}\ncondition: s');
    expect(asked.diagnostics).toMatchObject([{ code: 'sigma/field-missing', text: 'request_body_len', line: 7 }]);
    expect(asked.batch.rules[0]?.sources).toHaveLength(1);
    const excluded = compiled('s: {uri: a}\nf: {request_body_len: 0}\ncondition: s and not f');
    expect(excluded.diagnostics).toMatchObject([{ code: 'sigma/field-missing', text: 'request_body_len' }]);
    expect(excluded.batch.rules[0]?.sources).toEqual([]);
    expect(excluded.statistics.inapplicable).toBe(1);
    // A rule on event logs is none on traffic.
    const host = compileSigma(
      [{ path: 'r', text: rule('product: windows, category: process_creation', 's: {Image: a}\ncondition: s') }],
      { onlyTraffic: true, onlyApplicable: true },
    );
    expect(host.batch.rules).toEqual([]);
  });

  it('hunt in EVE that was written before, and explain there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sidewire-traffic-'));
    try {
      await new Engine().replay(join(ROOT, 'pcaps/sealed-impacket.pcap'), { types: [], logDir: folder }).summary();
      const eve = join(folder, 'eve.json');
      const rules = await compileSigmaRules({ text: rule(FIREWALL, ACTIVATION) });
      const out = join(folder, 'alerts.json');
      const report = await startHunt(eve, { rules, eve: out }).report();
      expect(report).toMatchObject({ logs: [{ shape: 'EVE' }], problem_count: 0 });
      const alerts = readFileSync(out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as AlertEvent);
      expect(alerts.length).toBe(report.alerts);
      for (const alert of alerts) checkEvent(alert);
      const trace = await explainSigma([eve], ID, { rules });
      expect(trace).toMatchObject({ matched: report.alerts });
      // Windows' rules without a category look at event logs alone.
      const windows = await compileSigmaRules({
        text: rule('product: windows', "s: ['SamrConnect2']\ncondition: s"),
      });
      expect((await startHunt(eve, { rules: windows }).report()).alerts).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
