import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export const ROOT = join(import.meta.dirname, '..');

export type Schema = Record<string, unknown>;

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** The published schema of all events. */
export const EVE_SCHEMA = readJson(join(ROOT, 'src/schema/eve.json')) as Schema;

const ajv = new Ajv2020({ allErrors: true });
ajv.addSchema(EVE_SCHEMA, 'eve');

const tools = (await import(join(ROOT, 'src/tools/eve-members.mjs'))) as {
  addMembers(schema: unknown, event: unknown, seen: Set<string>): void;
};

/** Members of events that were seen so far, of those that are described. */
export const seenMembers = new Set<string>();
/** What was wrong with events since somebody asked: each fault, with the first event that has it. */
const faults = new Map<string, string>();

/** Holds an event against its description. */
export function checkEvent(event: { readonly event_type?: unknown }): void {
  for (const fault of eventFaults(event))
    if (!faults.has(fault)) faults.set(fault, `${fault} in ${JSON.stringify(event).slice(0, 400)}`);
  tools.addMembers(EVE_SCHEMA, event, seenMembers);
}

/** The faults that {@link checkEvent} found since this was last called. */
export function takeFaults(): readonly string[] {
  const found = [...faults.values()];
  faults.clear();
  return found;
}

/** What checks events of a type; `undefined` when the type is not described. */
function validator(type: string): ValidateFunction | undefined {
  return ajv.getSchema(`eve#/$defs/event.${type}`);
}

/** What is wrong with an event by its description, in sentences. */
export function eventFaults(event: { readonly event_type?: unknown }): readonly string[] {
  const type = String(event.event_type);
  const validate = validator(type);
  if (validate === undefined) return [`no description of the event type ${type}`];
  if (validate(event)) return [];
  return errorsOf(validate).map((error) => `${type}: ${error}`);
}

/** The errors of a validation, with numbers of items left out, so that the same fault reads the same. */
export function errorsOf(validate: ValidateFunction): readonly string[] {
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath.replaceAll(/\/\d+/g, '/N')} ${message} ${JSON.stringify(params)}`,
  );
}
