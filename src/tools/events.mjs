// The types and schemas of EVE events, out of their descriptions: a file NAME.eve.json beside the code that writes the
// record NAME. It is a JSON Schema of the record and, under `x-event`, of what else its event says; docs/EVE.md tells more.
// Writes src/generated/events.ts, src/schema/eve.json and src/schema/msrpc.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { isMain, ROOT } from './shell.mjs';
import { files } from './stamp.mjs';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const SUFFIX = '.eve.json';
/** What every event says; no event of its own. */
const ENVELOPE = 'envelope';
/** The crate whose events are no protocol's: what is described elsewhere is a record that an alert may carry. */
const GENERIC = join('native', 'crates', 'engine') + sep;

/** Every description, by the name of its record. `protocol`: alerts and the like may carry the record. */
export function descriptions() {
  return files(['native/crates'], (path) => path.endsWith(SUFFIX))
    .map((path) => ({
      name: basename(path, SUFFIX),
      protocol: !relative(ROOT, path).startsWith(GENERIC),
      schema: JSON.parse(readFileSync(path, 'utf8')),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What is generated: paths in the checkout and their texts. */
export function generatedEvents(described = descriptions()) {
  const all = eveSchema(described);
  return [
    ['src/generated/events.ts', typesOf(described)],
    ['src/schema/eve.json', text(all)],
    ['src/schema/msrpc.json', text(excerpt(all, 'msrpc'))],
  ];
}

const text = (value) => `${JSON.stringify(value, null, 2)}\n`;

// --- JSON Schema ---

/** The schema of all events. Closed: a member that is not described is an error, unless the description says otherwise. */
export function eveSchema(described) {
  const events = eventsOf(described);
  const defs = Object.fromEntries(
    described
      .filter(({ schema }) => hasRecord(schema))
      .flatMap(({ name, schema }) => {
        const { $schema: _, 'x-event': __, $defs = {}, ...record } = schema;
        const parts = Object.entries($defs).map(([part, value]) => [`${name}.${part}`, inSchema(value, name)]);
        return [[name, inSchema(record, name)], ...parts];
      }),
  );
  for (const event of events) defs[`event.${event.name}`] = eventSchema(event, described);
  return {
    $schema: DIALECT,
    title: 'EVE events of sidewire, one in a line',
    oneOf: events.map(({ name }) => ({ $ref: `#/$defs/event.${name}` })),
    $defs: defs,
  };
}

function eventSchema({ name, schema }, described) {
  const envelope = described.find((one) => one.name === ENVELOPE).schema;
  const { properties = {} } = schema['x-event'] ?? {};
  const record = hasRecord(schema) ? { [name]: { $ref: `#/$defs/${name}` } } : {};
  return {
    type: 'object',
    description: schema.description,
    required: [...envelope.required, 'event_type', ...Object.keys(record)],
    additionalProperties: false,
    properties: {
      event_type: { const: name },
      ...inSchema(envelope.properties, ENVELOPE),
      ...inSchema(properties, name),
      ...Object.fromEntries(carried(name, schema, described).map((record) => [record, { $ref: `#/$defs/${record}` }])),
      ...record,
    },
  };
}

/** Whether an event has a record of its own; one without says what the envelope says. */
function hasRecord(schema) {
  return schema['x-event']?.record !== false;
}

/** The records that are events: neither the envelope nor what stands beside the record of another event. */
function eventsOf(described) {
  return described.filter(({ name, schema }) => name !== ENVELOPE && schema['x-event']?.beside === undefined);
}

/** Records of protocols that an event carries beside its own: any, or those that belong to its own. */
function carried(event, schema, described) {
  const any = schema['x-event']?.records === true;
  const belongs = (other) => (any ? other.protocol : other.schema['x-event']?.beside === event);
  return described.filter(belongs).map(({ name }) => name);
}

/** A part of a description as a part of the whole schema: closed, and its references made absolute. */
function inSchema(value, name) {
  if (Array.isArray(value)) return value.map((item) => inSchema(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      key === '$ref' && typeof child === 'string' ? absolute(child, name) : inSchema(child, name),
    ]),
  );
  const isObject = value.type === 'object' && 'properties' in value && !('additionalProperties' in value);
  return isObject ? { ...copy, additionalProperties: false } : copy;
}

/** `#/$defs/uuid` is a part of this description, `fileinfo` the record of another. */
function absolute(ref, name) {
  return ref.startsWith('#/$defs/') ? `#/$defs/${name}.${ref.slice('#/$defs/'.length)}` : `#/$defs/${ref}`;
}

/** The schema of one event, with the definitions that it needs. */
function excerpt(all, name) {
  const kept = {};
  const visit = (value) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key !== '$ref' || typeof child !== 'string') {
        visit(child);
        continue;
      }
      const def = child.slice('#/$defs/'.length);
      if (def in kept) continue;
      kept[def] = all.$defs[def];
      visit(kept[def]);
    }
  };
  const { description, ...event } = all.$defs[`event.${name}`];
  visit(event);
  return { $schema: DIALECT, title: `EVE event of type ${name}`, description, ...event, $defs: kept };
}

// --- TypeScript ---

/** The module of types. */
export function typesOf(described) {
  const events = eventsOf(described);
  const envelope = described.find(({ name }) => name === ENVELOPE);
  const records = described.filter(({ name, schema }) => name !== ENVELOPE && hasRecord(schema));
  const parts = described.flatMap(({ name, schema }) =>
    Object.entries(schema.$defs ?? {})
      .filter(([, part]) => part.title)
      .map(([, part]) => declaration(part.title, part, name, described)),
  );
  const union = (names) => names.map((name) => `\n  | ${name}`).join('');
  return [
    '// Written by `npm run generate` from the descriptions native/crates/**/*.eve.json. Not to be changed by hand.',
    declaration('EventBase', envelope.schema, ENVELOPE, described),
    ...parts,
    ...records.map(({ name, schema }) => declaration(recordName(name), schema, name, described)),
    ...events.map((event) => eventType(event, described)),
    `/** An EVE event, told apart by \`event_type\`. */\nexport type EveEvent =${union(events.map(({ name }) => `${pascal(name)}Event`))};`,
    "/** The names of the event types. */\nexport type EventType = EveEvent['event_type'];",
    `/** The names of the event types, sorted. */\nexport const EVENT_TYPES: readonly EventType[] = [${events.map(({ name }) => `'${name}'`).join(', ')}];`,
    '',
  ].join('\n\n');
}

function eventType({ name, schema }, described) {
  const members = {
    ...(schema['x-event']?.properties ?? {}),
    ...Object.fromEntries(carried(name, schema, described).map((record) => [record, { $ref: record }])),
    ...(hasRecord(schema) ? { [name]: { $ref: name } } : {}),
  };
  const body = membersOf({ properties: members, required: [name] }, name, described, '  ');
  return `${comment(schema.description, '')}export interface ${pascal(name)}Event extends EventBase {\n  readonly event_type: '${name}';\n${body}}`;
}

function declaration(title, schema, name, described) {
  const { title: _, ...inner } = schema;
  const head = comment(schema.description, '');
  return 'properties' in schema && Object.keys(schema.properties).length > 0
    ? `${head}export interface ${title} ${typeOf(inner, name, described, '')}`
    : `${head}export type ${title} = ${typeOf(inner, name, described, '')};`;
}

function typeOf(schema, name, described, indent) {
  if (schema.title && schema.description === undefined && schema.$ref === undefined) return schema.title;
  if (schema.$ref !== undefined) return referenced(schema.$ref, name, described, indent);
  if ('const' in schema) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, name, described, indent)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map(plain).join(' | ');
  if (schema.type === 'array') {
    const item = typeOf(schema.items, name, described, indent);
    const single = schema.items.anyOf === undefined && (/^[\w'.]+$/.test(item) || item.endsWith('}'));
    return `readonly ${single ? item : `(${item})`}[]`;
  }
  if (schema.type !== 'object') return plain(schema.type);
  const more = schema.additionalProperties;
  const value = more === true ? 'unknown' : more ? typeOf(more, name, described, indent) : null;
  const body = membersOf(schema, name, described, `${indent}  `);
  const open = value === null ? '' : `${indent}  readonly [name: string]: ${value};\n`;
  return `{\n${body}${open}${indent}}`;
}

function membersOf({ properties = {}, required = [] }, name, described, indent) {
  return Object.entries(properties)
    .map(([key, schema]) => {
      const mark = required.includes(key) ? '' : '?';
      const shown = /^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`;
      const about = comment(schema.description, indent);
      return `${about}${indent}readonly ${shown}${mark}: ${typeOf(schema, name, described, indent)};\n`;
    })
    .join('');
}

function referenced(ref, name, described, indent) {
  if (!ref.startsWith('#/$defs/')) return recordName(ref);
  const part = described.find((one) => one.name === name).schema.$defs[ref.slice('#/$defs/'.length)];
  return part.title ?? typeOf(part, name, described, indent);
}

const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value));
const plain = (type) =>
  ({ integer: 'number', number: 'number', string: 'string', boolean: 'boolean' })[type] ?? 'unknown';
const pascal = (name) => name.replace(/(?:^|[_-])(\w)/g, (_, letter) => letter.toUpperCase());
const recordName = (name) => `${pascal(name)}Record`;
const comment = (about, indent) => (about ? `${indent}/** ${about} */\n` : '');

/** Generated files that are not what the descriptions say, as paths in the checkout. */
export function staleEvents() {
  return generatedEvents()
    .filter(([path, wanted]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== wanted)
    .map(([path]) => path);
}

if (isMain(import.meta.url)) for (const [path, wanted] of generatedEvents()) writeFileSync(join(ROOT, path), wanted);
