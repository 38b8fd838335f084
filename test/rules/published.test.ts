import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check, compile } from '../../src/rules/suricata/index.js';
import { options } from './fixture.js';

/** Published rule sets lie beside the checkout, not in it. */
const SHARED = new URL('../../../shared/rules/', import.meta.url);
const MISSION = new URL('mission.rules', SHARED);
const ET = new URL('et-2025.rules', SHARED);

const all = {
  ...options,
  addressVariables: {
    ...options.addressVariables,
    HTTP_SERVERS: '$HOME_NET',
    SMTP_SERVERS: '$HOME_NET',
    SQL_SERVERS: '$HOME_NET',
    DNS_SERVERS: '$HOME_NET',
    TELNET_SERVERS: '$HOME_NET',
    DC_SERVERS: '$HOME_NET',
    AIM_SERVERS: '$HOME_NET',
    MODBUS_SERVER: '$HOME_NET',
    MODBUS_CLIENT: '$HOME_NET',
  },
  portVariables: { ...options.portVariables, ORACLE_PORTS: '1521', SSH_PORTS: '22', FTP_PORTS: '21' },
};

for (const [name, url] of Object.entries({ 'mission.rules': MISSION, 'et-2025.rules': ET })) {
  if (!existsSync(url)) console.warn(`skipped: ../shared/rules/${name} is not there`);
}

describe('published rules', () => {
  it.skipIf(!existsSync(MISSION))('the three of the mission load', () => {
    const { statistics, diagnostics } = check([{ path: 'mission.rules', text: readFileSync(MISSION) }], all);
    expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    expect(statistics).toMatchObject({ rules: 3, loaded: 3 });
  });

  it.skipIf(!existsSync(ET))('ET Open loads but for what the catalog does not have', { timeout: 60_000 }, () => {
    const compilation = compile([{ path: 'et-2025.rules', text: readFileSync(ET) }], all);
    let batches = 0;
    for (const batch of compilation.batches) batches += batch.length > 0 ? 1 : 0;
    const { statistics, diagnostics } = compilation;
    const lost = new Set(diagnostics.filter((one) => one.severity === 'error').map((one) => one.line));
    const missing = new Set(
      diagnostics
        .filter((one) => one.code === 'keyword/unsupported' || (one.code === 'header/protocol' && one.keyword !== ''))
        .map((one) => one.line),
    );
    expect([...lost].filter((line) => !missing.has(line))).toEqual([]);
    expect(statistics.rules).toBe(14_973);
    expect(statistics.loaded).toBeGreaterThan(11_000);
    expect(statistics.loaded + statistics.failed).toBe(statistics.rules);
    expect(batches).toBe(Math.ceil(statistics.loaded / 512));
  });
});
