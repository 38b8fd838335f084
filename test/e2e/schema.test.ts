import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Engine, type EveEvent } from '../../src/index.js';

const ROOT = join(import.meta.dirname, '../..');
const PCAPS = join(ROOT, 'pcaps');
const CAPTURES = readdirSync(PCAPS)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => join(PCAPS, name));
/** Suricata's own schema of EVE, where it lies beside the repository. */
const SURICATA = join(ROOT, '../shared/conformance/etc/schema.json');

/** Counters that Suricata's schema does not have. */
const OWN_COUNTERS = [
  'engine',
  'app_layer.frames_refused',
  'app_layer.msrpc',
  'app_layer.transactions_evicted',
  'decoder.event.tcp.opt_wscale_over_max',
  'defrag.memcap_reached',
];

type Schema = Record<string, unknown>;

const read = (path: string): Schema => JSON.parse(readFileSync(path, 'utf8')) as Schema;

/** The schema with nothing left open that does not say it is: members that it does not describe are errors. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in schema && schema.properties instanceof Object && !('const' in schema)
    ? { additionalProperties: false, ...copy }
    : copy;
}

/** What is wrong with events, by message, with how often and the first event. */
function faults(validate: ValidateFunction, events: readonly object[]): readonly string[] {
  const found = new Map<string, string>();
  for (const event of events) {
    if (validate(event)) continue;
    for (const { instancePath, message, params } of validate.errors ?? []) {
      const text = `${instancePath.replaceAll(/\/\d+/g, '/N')} ${message} ${JSON.stringify(params)}`;
      if (!found.has(text)) found.set(text, `${text} in ${JSON.stringify(event).slice(0, 300)}`);
    }
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
  it('of type msrpc have what their schema describes, and nothing else', async () => {
    const validate = new Ajv2020({ allErrors: true }).compile(
      closed(read(join(ROOT, 'src/schema/msrpc.json'))) as Schema,
    );
    const found = await events(['msrpc']);
    expect(found.length).toBeGreaterThan(20);
    expect(faults(validate, found)).toEqual([]);
  });

  it.skipIf(!existsSync(SURICATA))("are valid by Suricata's schema, but for msrpc", async () => {
    const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(read(SURICATA));
    const found = (await events(undefined)).filter(({ event_type }) => event_type !== 'msrpc');
    const types = new Set(found.map(({ event_type }) => event_type));
    expect([...types]).toEqual(expect.arrayContaining(['alert', 'dcerpc', 'flow', 'http', 'stats']));
    expect(faults(validate, found.map(asSuricata))).toEqual([]);
    const frames = await events(['frame']);
    expect(frames.length).toBeGreaterThan(100);
    expect(faults(validate, frames)).toEqual([]);
  });
});
