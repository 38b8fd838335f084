// A run with every event type and every option that adds to what events say, as `sidewire suricata` does it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.js';
import { EVENT_TYPES } from '../../src/generated/events.js';
import { EVE_SCHEMA } from '../eve.js';

interface Described {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
}

/** HTTP headers that have a member of their own when they are asked for, by the side that sends them. */
export function customHeaders(side: 'request' | 'response'): string[] {
  const { http } = EVE_SCHEMA.$defs as Record<string, Described>;
  return Object.values(http?.properties ?? {}).flatMap(({ description = '' }) => {
    const [, name, of] = /^Header `([^`]+)` of the (request|response)/.exec(description) ?? [];
    return name !== undefined && of === side ? [name] : [];
  });
}

/** Event types whose options stand below. */
const WITH_OPTIONS = ['alert', 'anomaly', 'http', 'tls', 'stats', 'frame'];

const HEAD = `%YAML 1.1
---
vars:
  address-groups: { HOME_NET: any, EXTERNAL_NET: any }
`;

/** Everything there is to say. */
export const EVERYTHING = `${HEAD}
sensor-name: sensor
stream: { midstream: yes }
outputs:
  - eve-log:
      enabled: yes
      filename: eve.json
      append: no
      community-id: yes
      pcap-file: yes
      ethernet: yes
      xff: { enabled: yes, mode: extra-data, deployment: reverse, header: X-Forwarded-For }
      types:
        - alert: { payload: yes, payload-printable: yes, payload-length: yes, packet: yes, http-body: yes,
            http-body-printable: yes, verdict: yes, calls: yes, metadata: { rule: { raw: yes, reference: yes } } }
        - anomaly: { packethdr: yes, types: { decode: yes, stream: yes, applayer: yes } }
        - http: { extended: yes, dump-all-headers: both, custom: [${[...customHeaders('request'), ...customHeaders('response')].join(', ')}] }
        - tls: { extended: yes, session-resumption: yes }
        - stats: { totals: yes, threads: no, deltas: no }
        - frame: { enabled: yes }
${EVENT_TYPES.filter((type) => !WITH_OPTIONS.includes(type))
  .map((type) => `        - ${type}`)
  .join('\n')}
`;

/** As little as there is to say of a few types. */
export const LITTLE = `${HEAD}
outputs:
  - eve-log:
      enabled: yes
      filename: eve.json
      append: no
      metadata: no
      types: [alert: { metadata: no }, http: { extended: no }, flow, smb, dcerpc]
`;

/** The lines of eve.json of a capture, parsed. */
export async function eventsOf(
  capture: string,
  rules: string,
  config = EVERYTHING,
): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  try {
    const yaml = join(folder, 'suricata.yaml');
    writeFileSync(yaml, config);
    const argv = [
      'suricata',
      '-r',
      capture,
      '-c',
      yaml,
      '-l',
      folder,
      '-S',
      rules,
      '-k',
      'none',
      '--init-errors-fatal',
    ];
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const color = { out: false, err: false };
    const status = await main(argv, { out: say, err: say, color, live: false, width: 100, wraps: false });
    if (status !== 0) throw new Error(said.join('\n'));
    return readFileSync(join(folder, 'eve.json'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
