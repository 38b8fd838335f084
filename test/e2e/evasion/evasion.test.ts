// Each way of evasion with each attack, all in one capture: the alert must come, or the loss be said.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { capture, dcerpc, type Frame, http, type TcpOptions, tcp } from '../../../src/testing/index.js';
import { EVASIONS, type Evasion } from './cases.js';

const RULES = `alert tcp any any -> any any (msg:"stream"; flow:to_server,established; content:"evil command"; sid:1;)
alert http any any -> any any (msg:"uri"; flow:to_server,established; http.uri; content:"/evil"; sid:2;)
alert dcerpc any any -> any any (msg:"call"; flow:to_server,established; dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003; dcerpc.opnum:12; dcerpc.stub_data; content:"evil"; sid:3;)
alert tcp any any -> any any (msg:"two versions of the same octets"; stream-event:reassembly_overlap_different_data; sid:11;)
`;
/** What says that a sensor could not know what the host took. */
const SAID = 11;
const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };

const ATTACKS: Readonly<Record<string, { readonly sid: number; readonly frames: (options: TcpOptions) => Frame[] }>> = {
  stream: {
    sid: 1,
    frames: (options) =>
      tcp({ ...options, server: '10.0.0.2:4444' })
        .toServer('do an evil command now')
        .toClient('done')
        .frames(),
  },
  http: {
    sid: 2,
    frames: (options) => http(options).exchange({ uri: '/evil/page' }, { status: 200, body: 'x' }).frames(),
  },
  dcerpc: {
    sid: 3,
    frames: (options) =>
      dcerpc(SVCCTL, options)
        .call({ opnum: 12, stub: Buffer.from('evil stub') })
        .frames(),
  },
};

const SILENT = { out() {}, err() {}, color: { out: false, err: false }, live: false, width: 100, wraps: false };

/** Where each case begins: they follow each other, so that a flood of one does not stand inside another. */
const APART = 2_000_000;
const START = 1_704_067_200_000_000;

interface Case {
  readonly evasion: Evasion;
  readonly attack: string;
  readonly client: string;
  readonly sid: number;
  readonly frames: readonly Frame[];
}

const CASES: readonly Case[] = EVASIONS.flatMap((evasion, number) =>
  Object.entries(ATTACKS).map(([attack, { sid, frames }], which) => {
    const at = number * Object.keys(ATTACKS).length + which;
    const client = `10.${1 + which}.${number >> 8}.${number & 255}`;
    const start = START + at * APART + (evasion.kind === 'time' ? 10_000 * APART : 0);
    return { evasion, attack, client, sid, frames: evasion.apply(frames({ client, start })) };
  }),
);

/** Which clients had which alerts: `client sid`. */
async function alertsOf(command: readonly string[]): Promise<ReadonlySet<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  try {
    const [path, rules] = [join(folder, 'capture.pcap'), join(folder, 'a.rules')];
    writeFileSync(path, capture(...CASES.map(({ frames }) => frames)));
    writeFileSync(rules, RULES);
    const words = command.map((word) => (word === 'CAPTURE' ? path : word));
    expect(await main([...words, '-S', rules, '-k', 'none', '-l', folder], SILENT)).toBe(0);
    const alerts = new Set<string>();
    for (const line of readFileSync(join(folder, 'eve.json'), 'utf8').split('\n')) {
      if (line === '') continue;
      const event = JSON.parse(line);
      if (event.event_type !== 'alert') continue;
      for (const end of [event.src_ip, event.dest_ip]) alerts.add(`${end} ${event.alert.signature_id}`);
    }
    return alerts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each([
  ['replay', ['replay', 'CAPTURE'], true],
  ['suricata', ['suricata', '-r', 'CAPTURE'], false],
] as const)('%s', (_name, command, midstream) => {
  it(`alerts in each of ${CASES.length} cases, or says what was lost`, async () => {
    expect(CASES.length).toBeGreaterThan(150);
    const alerts = await alertsOf(command);
    const missed = CASES.filter(({ evasion, client, sid }) => {
      if (evasion.ends || (evasion.midstream && !midstream)) return false;
      return !alerts.has(`${client} ${sid}`) && !(evasion.said && alerts.has(`${client} ${SAID}`));
    });
    expect(missed.map(({ evasion, attack }) => `${evasion.kind}: ${evasion.name}: ${attack}`)).toEqual([]);
  }, 120_000);
});
