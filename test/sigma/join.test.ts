// A capture joined with logs that are made for it: what is joined, by which keys, and what is not.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine, joinIncidents } from '../../src/engine/index.js';
import type { EveEvent, FlowEvent, IncidentEvent } from '../../src/generated/events.js';
import type { JoinReport } from '../../src/generated/hunt.js';
import { checkEvent, ROOT } from '../eve.js';
import { record } from './fixture.js';
import { COMMAND, NAME, serviceCapture, serviceLog } from './service-case.js';

/** An automation object is called, with a command: process 6800 (its low 16 bits) takes it. */
const CAPTURE = join(ROOT, 'pcaps/dcom-invoke.pcap');
const CLIENT = { address: '10.20.30.1', port: '33024' };
const SERVER = { address: '10.20.30.2', port: '49670' };
const STARTED = Date.parse('2026-11-21T09:36:05.796Z');

interface Joined {
  readonly flow: FlowEvent | undefined;
  readonly incidents: readonly IncidentEvent['incident'][];
  readonly report: JoinReport;
}

async function joined(lines: readonly string[], capture: string | Buffer = CAPTURE): Promise<Joined> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-join-'));
  try {
    const path = typeof capture === 'string' ? capture : join(folder, 'capture.pcap');
    if (typeof capture !== 'string') writeFileSync(path, capture);
    const engine = new Engine();
    await using rules = await engine.compile({ files: [join(ROOT, 'rules/dcom.rules')] });
    await engine.replay(path, { rules, types: [], logDir: folder }).summary();
    const log = join(folder, 'log.jsonl');
    writeFileSync(log, lines.join('\n'));
    const eve = join(folder, 'eve.json');
    const report = await joinIncidents(eve, lines.length > 0 ? [log] : []);
    const events = readFileSync(eve, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EveEvent);
    for (const event of events) checkEvent(event);
    return {
      flow: events.find((event) => event.event_type === 'flow'),
      incidents: events.flatMap((event) => (event.event_type === 'incident' ? [event.incident] : [])),
      report,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const at = (milliseconds: number) => new Date(STARTED + milliseconds).toISOString();
const SYSMON = ['Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon'] as const;
const SECURITY = ['Security', 'Microsoft-Windows-Security-Auditing'] as const;
const HOSTS = { client: 'ws1.example', server: 'srv2.example' };
/** The server's clock is ahead. */
const AHEAD = 7000;

const ends = (swapped = false) => {
  const [from, to] = swapped ? [SERVER, CLIENT] : [CLIENT, SERVER];
  return { SourceIp: from.address, SourcePort: from.port, DestinationIp: to.address, DestinationPort: to.port };
};
const connection = (host: string, Initiated: string, ProcessId: number, Image: string, when: number, swapped = false) =>
  record(...SYSMON, 3, { Initiated, ProcessId, Image, ...ends(swapped) }, { computer: host, time: at(when) });
const filtered = (host: string, Direction: string, ProcessID: number, Application: string, when: number) =>
  record(
    ...SECURITY,
    5156,
    {
      Direction,
      ProcessID,
      Application,
      SourceAddress: CLIENT.address,
      SourcePort: CLIENT.port,
      DestAddress: SERVER.address,
      DestPort: SERVER.port,
    },
    { computer: host, time: at(when) },
  );
const logon = (when: number, address = CLIENT.address) =>
  record(
    ...SECURITY,
    4624,
    {
      IpAddress: address,
      IpPort: CLIENT.port,
      TargetLogonId: '0x2b7e3c0',
      TargetUserName: 'alice',
      TargetDomainName: 'EXAMPLE',
    },
    { computer: HOSTS.server, time: at(when) },
  );
const created = (data: Readonly<Record<string, unknown>>, when: number) =>
  record(
    ...SYSMON,
    1,
    {
      ProcessId: 4242,
      Image: 'C:\\Windows\\System32\\cmd.exe',
      CommandLine: 'cmd.exe /c whoami > c:\\windows\\temp\\out.txt',
      ParentProcessId: 1,
      ParentImage: 'C:\\Windows\\System32\\mmc.exe',
      LogonId: '0x999999',
      ...data,
    },
    { computer: HOSTS.server, time: at(when) },
  );

const CONNECTIONS = [
  connection(HOSTS.client, 'true', 2228, 'C:\\powershell.exe', 20),
  filtered(HOSTS.client, '%%14593', 2228, '\\device\\powershell.exe', 0),
  connection(HOSTS.server, 'false', 6800, 'C:\\Windows\\System32\\mmc.exe', AHEAD, true),
];
const CHILD = { ParentProcessId: 6800 };

describe('a join', () => {
  it('brings calls and alerts together without logs', async () => {
    const { flow, incidents, report } = await joined([]);
    expect(flow?.endpoint).toBeUndefined();
    expect(report).toMatchObject({ flows: 1, joined: 0, network: 1 });
    expect(incidents).toMatchObject([
      {
        grade: 'network only',
        technique: ['T1021.003'],
        detection: ['D2', 'D3'],
        from: { ip: CLIENT.address },
        to: { ip: SERVER.address },
      },
    ]);
    expect(incidents[0]?.effect).toBeUndefined();
  });

  it('names processes, logon and what ran, each with its keys', async () => {
    const { flow, incidents, report } = await joined([
      ...CONNECTIONS,
      logon(AHEAD + 5),
      created({ ...CHILD, LogonId: '0x2b7e3c0' }, AHEAD + 300),
    ]);
    expect(flow?.endpoint).toEqual({
      client: { host: 'WS1', pid: 2228, image: 'C:\\powershell.exe', known_by: ['sysmon 3', 'security 5156'] },
      server: { host: 'SRV2', pid: 6800, image: 'C:\\Windows\\System32\\mmc.exe', known_by: ['capture', 'sysmon 3'] },
      logon: { id: '0x2b7e3c0', user: 'EXAMPLE\\alice', host: 'SRV2' },
    });
    const [incident] = incidents;
    expect(incident).toMatchObject({
      grade: 'confirmed',
      from: { host: 'WS1', process: { pid: 2228 } },
      to: { host: 'SRV2', process: { pid: 6800 }, logon: { user: 'EXAMPLE\\alice' } },
      effect: [{ pid: 4242, parent: 'mmc.exe', joined_by: ['command line', 'logon', 'parent pid', 'time'] }],
      // From the first packet, whose time is not that of the millisecond.
      clock: { SRV2: { offset_ms: AHEAD - 1, from: 1 } },
    });
    expect(Math.abs(incident?.effect?.[0]?.after_ms ?? 9999)).toBeLessThan(1000);
    expect(incident?.says).toContain('cmd.exe /c whoami');
    expect(incident?.evidence.filter(({ log }) => log !== undefined)).toHaveLength(5);
    expect(report).toMatchObject({ flows: 1, joined: 1, confirmed: 1 });
  });

  it('knows a process by the id of the called object', async () => {
    const { incidents } = await joined([
      ...CONNECTIONS,
      created({ ProcessId: 6800, CommandLine: 'mmc.exe -Embedding' }, AHEAD - 100),
    ]);
    expect(incidents[0]?.effect).toMatchObject([{ pid: 6800, joined_by: ['pid', 'time'] }]);
  });

  it.each([
    ['another parent', [...CONNECTIONS, created({}, AHEAD + 300)]],
    [
      'another host',
      [
        ...CONNECTIONS,
        record(
          ...SYSMON,
          1,
          { ProcessId: 1, Image: 'x', ParentProcessId: 6800 },
          { computer: 'other', time: at(AHEAD) },
        ),
      ],
    ],
    ['another time', [...CONNECTIONS, created(CHILD, AHEAD + 60_000)]],
    ['the same times, the clock being ahead', [...CONNECTIONS, created(CHILD, 0)]],
    [
      'another kind of parent, at the right time',
      [...CONNECTIONS, created({ ParentImage: 'C:\\WmiPrvSE.exe' }, AHEAD)],
    ],
  ])('does not take what ran from %s', async (_, lines) => {
    expect((await joined(lines)).incidents[0]?.effect).toBeUndefined();
  });

  it.each([
    ['of another run', CONNECTIONS.map((line) => line.replaceAll('2026-11-21T09', '2026-11-21T21'))],
    [
      'of another client behind the same ports',
      CONNECTIONS.map((line) => line.replaceAll(CLIENT.address, '10.99.0.1')),
    ],
    [
      'of two processes that are equally near',
      [connection(HOSTS.client, 'true', 1, 'a', 100), connection(HOSTS.client, 'true', 2, 'b', -100)],
    ],
    [
      'of two hosts that answer for one address',
      [connection('a', 'false', 1, 'a', 100), connection('b', 'false', 1, 'a', -100)],
    ],
  ])('joins no connection %s', async (_, lines) => {
    const { flow, report } = await joined(lines);
    expect(flow?.endpoint).toBeUndefined();
    expect(report.joined).toBe(0);
  });

  it.each([
    ['another address', [...CONNECTIONS, logon(AHEAD, '10.99.0.1')]],
    ['another hour', [...CONNECTIONS, logon(AHEAD + 3_600_000)]],
  ])('joins no logon of %s', async (_, lines) => {
    expect((await joined(lines)).flow?.endpoint?.logon).toBeUndefined();
  });
});

describe('names', () => {
  const STARTED_AT = Date.parse('2026-11-21T09:36:05.796Z');
  /** The capture's own first time. */
  const first = () => {
    const octets = serviceCapture();
    return octets.readUInt32LE(24) * 1000 + Math.floor(octets.readUInt32LE(28) / 1000);
  };
  const lines = (without: (line: string) => boolean = () => false) =>
    serviceLog(first()).filter((line) => !without(line));

  it('of services join what a call creates, what the log installed and what ran', async () => {
    const { flow, incidents } = await joined(lines(), serviceCapture());
    expect(flow?.endpoint).toMatchObject({ client: { pid: 2228 }, server: { pid: 620 }, logon: { id: '0x2b7e3c0' } });
    expect(incidents).toMatchObject([
      {
        grade: 'confirmed',
        installed: [{ kind: 'service', name: NAME, runs: COMMAND, joined_by: ['service name'] }],
        effect: [{ pid: 4242, joined_by: ['command line', 'parent', 'service name', 'time'] }],
      },
    ]);
    expect(incidents[0]?.says).toContain('by the service control manager (from SRV2');
  });

  it('of services are an effect where no process is logged', async () => {
    const { incidents } = await joined(
      lines((line) => line.includes('"EventID":1,')),
      serviceCapture(),
    );
    expect(incidents).toMatchObject([{ grade: 'confirmed', installed: [{ name: NAME }] }]);
    expect(incidents[0]?.effect).toBeUndefined();
    expect(incidents[0]?.says).toMatch(/^WS1 used the service sidewire-demo on SRV2, which runs /);
  });

  it.each([
    ['another name', (line: string) => line.replaceAll(NAME, 'other')],
    ['another host', (line: string) => line.replaceAll('srv2', 'srv3')],
    [
      'another time',
      (line: string) =>
        line.replaceAll(/"SystemTime":"[^"]*"/g, `"SystemTime":"${new Date(STARTED_AT).toISOString()}"`),
    ],
  ])('of %s join nothing', async (_, change) => {
    const changed = lines().map((line) => (line.includes('7045') ? change(line) : line));
    expect((await joined(changed, serviceCapture())).incidents[0]?.installed).toBeUndefined();
  });
});

describe('examples/incident', () => {
  const folder = join(ROOT, 'examples', 'incident');

  it('is a capture and a log of one run', async () => {
    const octets = serviceCapture();
    const started = octets.readUInt32LE(24) * 1000 + Math.floor(octets.readUInt32LE(28) / 1000);
    expect(readFileSync(join(folder, 'service.pcap')).equals(octets)).toBe(true);
    expect(readFileSync(join(folder, 'service.jsonl'), 'utf8')).toBe(`${serviceLog(started).join('\n')}\n`);
  });
});
