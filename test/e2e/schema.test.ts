import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Engine, type EveEvent } from '../../src/index.js';
import { checkEvent, errorsOf, ROOT, readJson, type Schema, takeFaults } from '../eve.js';
import { EVERYTHING, eventsOf, LITTLE } from './everything.js';

const PCAPS = join(ROOT, 'pcaps');
const CAPTURES = readdirSync(PCAPS)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => join(PCAPS, name));
/** Suricata's own schema of EVE, where it lies beside the repository. */
const SURICATA = join(ROOT, '../shared/conformance/etc/schema.json');

/** Counters that Suricata's schema does not have. */
const OWN_COUNTERS = [
  'engine',
  'files',
  'ftp.transfers_evicted',
  'app_layer.error.ftp-data',
  'app_layer.expectations_evicted',
  'app_layer.flow.ftp-data',
  'app_layer.tx.ftp-data',
  'app_layer.frames_refused',
  'app_layer.msrpc',
  'app_layer.transactions_evicted',
  'decoder.event.tcp.opt_wscale_over_max',
  'defrag.memcap_reached',
  'detect.matcher_error',
  'detect.pcre_limit',
  'detect.recursion_limit',
  'detect.thresholds_evicted',
];

const PACK = join(ROOT, 'rules', 'lateral-movement.rules');

/** What is wrong with events by a schema, each fault once, with the first event that has it. */
function faults(validate: ValidateFunction, events: readonly object[]): readonly string[] {
  const found = new Map<string, string>();
  for (const event of events) {
    if (validate(event)) continue;
    for (const fault of errorsOf(validate))
      if (!found.has(fault)) found.set(fault, `${fault} in ${JSON.stringify(event).slice(0, 300)}`);
  }
  return [...found.values()];
}

/** Without what only this engine says: calls, and counters of its own. */
function asSuricata({ msrpc: _, ...event }: EveEvent & { msrpc?: unknown }): object {
  if (event.event_type !== 'stats') return event;
  const copy = structuredClone(event) as unknown as Record<string, Record<string, unknown>>;
  for (const path of OWN_COUNTERS) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let at = copy.stats;
    for (const name of names) at = at?.[name] as Record<string, unknown>;
    expect(at).toHaveProperty([last]);
    delete at?.[last];
  }
  return copy;
}

async function events(types: EveEvent['event_type'][] | undefined): Promise<EveEvent[]> {
  const engine = new Engine({ workers: 1 });
  await using rules = await engine.compile({
    files: readdirSync(join(ROOT, 'rules'))
      .filter((name) => name.endsWith('.rules'))
      .map((name) => join(ROOT, 'rules', name)),
  });
  const found: EveEvent[] = [];
  for await (const event of engine.replay(CAPTURES, { rules, ...(types && { types }) })) found.push(event);
  return found;
}

describe('events of the shipped captures', () => {
  it.each(['everything', 'little'] as const)('are as they are described, with %s switched on', async (how) => {
    let lines = 0;
    for (const capture of CAPTURES) {
      for (const event of await eventsOf(capture, PACK, how === 'everything' ? EVERYTHING : LITTLE)) {
        checkEvent(event);
        lines += 1;
      }
    }
    expect(lines).toBeGreaterThan(how === 'everything' ? 1000 : 100);
    expect(takeFaults()).toEqual([]);
  });

  it.skipIf(!existsSync(SURICATA))("are valid by Suricata's schema, but for msrpc", async () => {
    const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(
      readJson(SURICATA) as Schema,
    );
    const found = (await events(undefined)).filter(({ event_type }) => event_type !== 'msrpc');
    const types = new Set(found.map(({ event_type }) => event_type));
    expect([...types]).toEqual(expect.arrayContaining(['alert', 'dcerpc', 'flow', 'http', 'stats']));
    expect(faults(validate, found.map(asSuricata))).toEqual([]);
    const frames = await events(['frame']);
    expect(frames.length).toBeGreaterThan(100);
    expect(faults(validate, frames)).toEqual([]);
  });
});
