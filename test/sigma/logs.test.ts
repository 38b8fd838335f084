// The shapes that logs come in, what a hunt tells of them, and the alerts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../eve.js';
import { audited, creation, huntIn, huntLogs, record, rule } from './fixture.js';

const text = rule("s: {Image|endswith: '\\x.exe'}\ncondition: s");
const SYSMON = { channel: 'Microsoft-Windows-Sysmon/Operational', provider: 'Microsoft-Windows-Sysmon' };

/** The same record in each shape. */
const SHAPES: Readonly<Record<string, string>> = {
  'JSON (evtx_dump)': creation({ Image: 'C:\\x.exe' }),
  'JSON (winlogbeat)': JSON.stringify({
    '@timestamp': '2026-01-02T03:04:05.600Z',
    winlog: {
      channel: SYSMON.channel,
      provider_name: SYSMON.provider,
      event_id: '1',
      record_id: 7,
      computer_name: 'host.example',
      event_data: { Image: 'C:\\x.exe' },
    },
  }),
  'JSON (NXLog)': JSON.stringify({
    EventID: 1,
    Channel: SYSMON.channel,
    SourceName: SYSMON.provider,
    Hostname: 'host.example',
    RecordNumber: 7,
    EventTime: '2026-01-01 23:04:05.6',
    EventReceivedTime: '2026-01-01 23:04:06',
    '@timestamp': '2026-01-02T03:04:06.1Z',
    Image: 'C:\\x.exe',
  }),
  'JSON (Splunk)': JSON.stringify({
    result: {
      EventCode: '1',
      Channel: SYSMON.channel,
      SourceName: SYSMON.provider,
      ComputerName: 'host.example',
      RecordNumber: '7',
      _time: '2026-01-02T03:04:05.600+00:00',
      Image: 'C:\\x.exe',
    },
  }),
  'JSON (Elastic Common Schema)': JSON.stringify({
    '@timestamp': '2026-01-02T03:04:05.600Z',
    event: { code: '1', provider: SYSMON.provider },
    host: { name: 'host.example' },
    process: { executable: 'C:\\x.exe' },
  }),
  XML: `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${SYSMON.provider}'/><EventID>1</EventID><TimeCreated SystemTime='2026-01-02T03:04:05.600Z'/><EventRecordID>7</EventRecordID><Channel>${SYSMON.channel}</Channel><Computer>host.example</Computer></System><EventData><Data Name='Image'>C:\\x.exe</Data></EventData></Event>`,
};

describe('logs', () => {
  it.each(Object.entries(SHAPES))('%s', async (shape, line) => {
    const { alerts, report } = await huntIn(`${line}\n`, { text });
    expect(report.logs[0]).toMatchObject({ records: 1, shape });
    expect(alerts[0]?.timestamp).toBe('2026-01-02T03:04:05.600000+0000');
    expect(alerts[0]?.winlog).toMatchObject({ event_id: 1, computer: 'host.example', position: 1 });
  });

  it('tells the zone that local times are in', async () => {
    const { report } = await huntIn(SHAPES['JSON (NXLog)'] ?? '', { text });
    expect(report.logs[0]).toMatchObject({ zone: -14_400, zone_missing: false });
  });

  it('reads compressed logs', async () => {
    const log = Array.from({ length: 3 }, () => creation({ Image: 'C:\\x.exe' })).join('\n');
    expect((await huntIn(gzipSync(log), { text })).alerts).toHaveLength(3);
  });

  it('says what cannot be read, and goes on', async () => {
    const { alerts, report } = await huntIn(`{}\nnonsense\n${creation({ Image: 'C:\\x.exe' })}\n{"a":`, { text });
    expect(alerts).toHaveLength(1);
    expect(report).toMatchObject({ problem_count: 2, records: 2 });
    expect(report.problems[0]).toMatch(/log.jsonl: line 2: /);
    expect((await huntIn('hello', { text })).report.problems[0]).toContain('no event log');
  });

  it('tells of a match what a reader needs', async () => {
    const whole = `${text}status: test\nauthor: Somebody\ntags: [attack.t1021.003]\n`;
    const line = record(SYSMON.channel, SYSMON.provider, 1, { Image: 'C:\\x.exe', Data: ['a', 'b'] });
    const { alerts, report } = await huntIn(line, { text: whole });
    expect(alerts[0]).toMatchObject({
      event_type: 'alert',
      alert: {
        gid: 1000,
        signature_id: 0x11111111,
        rev: 1,
        signature: 'Test',
        category: 'Sigma',
        severity: 1,
        action: 'allowed',
        metadata: {
          sigma_id: ['11111111-2222-4333-8444-555555555555'],
          author: ['Somebody'],
          mitre_technique_id: ['T1021.003'],
        },
      },
      sigma: { level: 'high', status: 'test', matched: [{ selection: 's', field: 'Image', value: 'C:\\x.exe' }] },
      winlog: {
        channel: SYSMON.channel,
        provider: SYSMON.provider,
        event_id: 1,
        record_id: 7,
        computer: 'host.example',
        data: { Image: 'C:\\x.exe', Data: ['a', 'b'] },
      },
    });
    expect(report.rules[0]).toMatchObject({ title: 'Test', count: 1, hosts: ['host.example'], host_count: 1 });
  });

  it('says which fields no event had', async () => {
    const { report } = await huntIn(creation({ Image: 'C:\\x.exe' }), {
      text: rule('s: {ParentImage: p}\ncondition: s'),
    });
    expect(report.unseen).toEqual([{ field: 'ParentImage', rules: 1 }]);
  });

  it('does not end on mutated logs', async () => {
    const lines = Object.values(SHAPES).join('\n');
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 60; round += 1) {
      const octets = Buffer.from(lines);
      for (let times = 0; times < 20; times += 1) octets[random(octets.length)] = random(256);
      const { report } = await huntIn(octets.subarray(random(200)), { text });
      expect(report.failed).toBeUndefined();
    }
  });

  it('finds what the shipped rule is for in the shipped log', async () => {
    const { alerts } = await huntLogs([join(ROOT, 'examples/logs')], { files: [join(ROOT, 'rules/sigma')] });
    expect(alerts.map(({ alert, winlog }) => [alert.signature, winlog?.event_id, winlog?.position])).toEqual([
      ['DCOM lateral movement (via MMC20)', 4104, 2],
    ]);
  });
});

const SHARED = join(ROOT, '..', 'shared', 'host');
const hasShared = existsSync(join(SHARED, 'truth-seeds.json'));
if (!hasShared) console.warn('test/sigma: ../shared/host is not there; the published logs are not searched');

describe.skipIf(!hasShared)('published logs', () => {
  interface Truth {
    readonly file: string;
    readonly matches: Readonly<Record<string, readonly { readonly position?: number; readonly line?: number }[]>>;
  }
  it('holds the selection for atexec, of which no log is public', async () => {
    const files = [join(SHARED, 'rules/seed-002-impacket.yml')];
    const data = {
      ParentCommandLine: 'C:\\Windows\\system32\\svchost.exe -k netsvcs',
      CommandLine: 'cmd.exe /C whoami > C:\\Windows\\Temp\\bAJrYQtL.tmp 2>&1',
    };
    const xml = `<Event><System><Provider Name='${SYSMON.provider}'/><EventID>1</EventID><Channel>${SYSMON.channel}</Channel></System><EventData>${Object.entries(
      data,
    )
      .map(([name, value]) => `<Data Name='${name}'>${value.replaceAll('&', '&amp;').replaceAll('>', '&gt;')}</Data>`)
      .join('')}</EventData></Event>`;
    const completed = [
      audited({
        NewProcessId: '0x400',
        ProcessId: '0x2f0',
        NewProcessName: 'C:\\svchost.exe',
        CommandLine: data.ParentCommandLine,
      }),
      audited({
        NewProcessId: '0x800',
        ProcessId: '0x400',
        NewProcessName: 'C:\\cmd.exe',
        CommandLine: data.CommandLine,
      }),
    ].join('\n');
    for (const [log, position] of [
      [creation(data), 1],
      [xml, 1],
      [completed, 2],
    ] as const) {
      const { alerts } = await huntIn(log, { files });
      expect(alerts.map(({ winlog, sigma }) => [winlog?.position, sigma?.matched?.[0]?.selection])).toEqual([
        [position, 'selection_atexec'],
      ]);
    }
  });

  it('holds what is known of them', async () => {
    const truth = JSON.parse(readFileSync(join(SHARED, 'truth-seeds.json'), 'utf8')) as Truth[];
    const rules = {
      'seed-001': 'seed-001-mmc20.yml',
      'seed-002': 'seed-002-impacket.yml',
      'sigmahq-impacket-2023': 'sigmahq-impacket-2023.yml',
    };
    for (const { file, matches } of truth)
      for (const [name, path] of Object.entries(rules)) {
        const log = join(SHARED, 'logs', file.split('/').at(-1) ?? '');
        const { alerts } = await huntLogs([log], { files: [join(SHARED, 'rules', path)] });
        const wanted = (matches[name] ?? []).map(({ position, line }) => position ?? line);
        expect(
          alerts.map(({ winlog }) => winlog?.position),
          `${file} ${name}`,
        ).toEqual(wanted);
      }
  });
});
