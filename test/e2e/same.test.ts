import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, type EveEvent, type Ruleset } from '../../src/index.js';
import {
  type Conversation,
  capture,
  dcerpc,
  duplicated,
  http,
  reordered,
  replay,
  utf16,
} from '../../src/testing/index.js';

const PCAPS = join(import.meta.dirname, '../../pcaps');
const PACK = join(import.meta.dirname, '../../rules/lateral-movement.rules');
const ACTIVATOR = { uuid: '000001a0-0000-0000-c000-000000000046', version: '0.0' };
const RULES = [
  'alert http any any -> any any (msg:"uri"; flow:to_server; http.uri; content:"/login"; sid:1;)',
  'alert tcp any any -> any any (msg:"octets"; flow:to_server; content:"needle in a "; content:"haystack"; distance:0; sid:2;)',
  'alert dcerpc any any -> any any (msg:"opnum"; flow:to_server; dcerpc.opnum:4; dcerpc.stub_data; content:"|63 00 6d 00 64 00|"; sid:3;)',
].join('\n');

/** The same conversation, cut as asked. */
const CONVERSATIONS: Readonly<Record<string, (segment: number) => Conversation>> = {
  http: (segment) =>
    http({ segment })
      .exchange(
        { method: 'POST', uri: '/login?a=1', body: `${'x'.repeat(300)}needle in a haystack` },
        { status: 200, body: 'y'.repeat(500) },
      )
      .exchange({ uri: '/logout' }, { status: 404, body: 'gone' }),
  dcerpc: (segment) =>
    dcerpc(ACTIVATOR, { segment })
      .call({ opnum: 4, stub: utf16('cmd.exe needle in a haystack') })
      .call({ opnum: 5 }),
};

/** What a protocol and rules made of the octets: transactions in order, and how often each rule alerted. */
async function meaning(input: Parameters<typeof replay>[0]): Promise<unknown> {
  const seen = await replay(input, RULES);
  const part = (type: 'http' | 'dcerpc' | 'msrpc') =>
    seen.events
      .filter(({ event_type }) => event_type === type)
      .map((event) => (event as unknown as Record<string, object>)[type])
      // When a call began is a time of its packets, which differ.
      .map((record) => ({ ...record, started: undefined }));
  const alerts: Record<number, number> = {};
  for (const { alert } of seen.alerts) alerts[alert.signature_id] = (alerts[alert.signature_id] ?? 0) + 1;
  return { http: part('http'), dcerpc: part('dcerpc'), msrpc: part('msrpc'), alerts };
}

describe.each(Object.entries(CONVERSATIONS))('the same octets of %s', (_name, conversation) => {
  it('mean the same however they are cut, shuffled and doubled', async () => {
    const whole = await meaning(conversation(1460));
    expect(Object.keys((whole as { alerts: object }).alerts).length).toBeGreaterThan(0);
    for (const segment of [1, 3, 17, 64, 333]) {
      expect(await meaning(conversation(segment)), `cut to ${segment}`).toEqual(whole);
      expect(await meaning(duplicated(conversation(segment), 2)), `cut to ${segment}, doubled`).toEqual(whole);
      for (const seed of [1, 2, 3])
        expect(await meaning(reordered(conversation(segment), seed)), `cut to ${segment}, order ${seed}`).toEqual(
          whole,
        );
    }
  });
});

describe('eve.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  let rules: Ruleset;
  beforeAll(async () => {
    rules = await new Engine({ homeNet: 'any', externalNet: 'any' }).compile({ files: [PACK] });
  });
  afterAll(() => {
    rules.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the same octets with 1, 2 and 4 workers, but for stats', async () => {
    const files = readdirSync(PCAPS).filter((name) => name.endsWith('.pcap'));
    const paths = files.map((name) => join(PCAPS, name));
    const mixed = join(folder, 'mixed.pcap');
    const all = Object.values(CONVERSATIONS).flatMap((make) => [1, 100, 1460].map((segment) => make(segment)));
    writeFileSync(mixed, capture(...all));
    const written = [];
    for (const workers of [1, 2, 4]) {
      const engine = new Engine({ workers, homeNet: 'any', externalNet: 'any' });
      const logDir = mkdtempSync(join(folder, 'eve-'));
      await engine.replay([...paths, mixed], { rules, types: [], logDir }).summary();
      const lines = readFileSync(join(logDir, 'eve.json'), 'utf8').trimEnd().split('\n');
      written.push(lines.filter((line) => (JSON.parse(line) as EveEvent).event_type !== 'stats'));
    }
    expect(written[0]?.length).toBeGreaterThan(50);
    expect(written[1]).toEqual(written[0]);
    expect(written[2]).toEqual(written[0]);
  });
});
