import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import type { Catalog, DocumentStoreRow, SinkRow } from '../generated/catalog.js';
import type {
  EveFormat,
  FileStoreOutput,
  FilesConfig,
  FormatConfig,
  OutputConfig,
  WhenFull,
} from '../generated/config.js';
import { EVENT_TYPES } from '../generated/events.js';
import { resolveDeclared } from './declared.js';
import { ConfigError } from './error.js';
import { addFiles, resolveFileStore, resolveXff, xff } from './file-store.js';
import { flatten } from './flatten.js';
import { flag, text, truth, whole } from './values.js';

/** What every output may say; what else there is depends on the kind of its sink, which declares its settings. */
const sinkKeys = {
  filetype: v.optional(text),
  // Not Suricata's: what is done with lines that the sink does not take as fast as they come.
  'when-full': v.optional(v.picklist(['wait', 'drop'])),
};

/** The options of an EVE output beside its types. */
const eveLog = v.looseObject({
  enabled: v.optional(flag),
  ...sinkKeys,
  prefix: v.optional(text),
  'community-id': v.optional(flag),
  'community-id-seed': v.optional(whole),
  'pcap-file': v.optional(flag),
  ethernet: v.optional(flag),
  metadata: v.optional(flag),
  'compress-ipv6': v.optional(flag),
  xff: v.optional(xff),
  types: v.optional(v.union([v.array(v.unknown()), v.literal('')])),
});

/** The options of `fast`. */
const fast = v.looseObject({ enabled: v.optional(flag), ...sinkKeys });

/** The options of `stats`. */
const stats = v.looseObject({ enabled: v.optional(flag), ...sinkKeys, 'null-values': v.optional(flag) });

/**
 * Keys of outputs that change nothing here: threads and buffers, what belongs to a file type that does not exist here, and
 * `totals`, which is always written. What belongs to one that exists and is not chosen changes nothing, either.
 */
const INERT: ReadonlySet<string> = new Set(['threaded', 'buffer-size', 'buffering', 'totals']);

/** EVE types whose name in a configuration is not the one their events have. */
const EVENT_TYPE_OF: Readonly<Record<string, string>> = { files: 'fileinfo' };

/** What the `outputs` of a configuration come to. */
export interface Outputs {
  readonly outputs: OutputConfig[];
  /** Where files are stored. */
  fileStore: FileStoreOutput | null;
  /** Where what transactions carry is stored, by output. */
  readonly documentStores: Record<string, string>;
  /** What is computed of all files. */
  readonly files: FilesConfig;
  /** What is odd about the outputs, as Suricata says it. */
  readonly warnings: string[];
  /** Outputs, options and event types that were asked for and do not exist here. */
  readonly missing: string[];
}

/** What outputs are resolved for. */
export interface OutputPurpose {
  /** The outputs that protocols have for what their transactions carry. */
  readonly documentStores: readonly DocumentStoreRow[];
  readonly logDir: string;
  readonly sensorName: string;
  /** `stream.reassembly.depth`; 0: without end. */
  readonly streamDepth: number;
  /** Database of libmagic; empty: the system's. */
  readonly magicFile: string;
  /** The names of the protocols there are. */
  readonly protocols: ReadonlySet<string>;
  /** What outputs do that do not say what they do with lines that come faster than they are taken. */
  readonly whenFull: WhenFull;
  /** The kinds of sinks there are. */
  readonly sinks: Catalog['sinks'];
}

/** An output being resolved: its name, its place in the list, and where to say what does not exist. */
interface Resolving {
  readonly name: string;
  readonly index: number;
  readonly purpose: OutputPurpose;
  readonly missing: string[];
}

/** Resolves `outputs`. */
export function resolveOutputs(items: readonly unknown[], purpose: OutputPurpose): Outputs {
  const files: FilesConfig = { hashes: [], magic: false, magic_database: purpose.magicFile };
  const result: Outputs = {
    outputs: [],
    fileStore: null,
    documentStores: {},
    files,
    warnings: [],
    missing: [],
  };
  for (const [index, item] of items.entries()) {
    const [name, body] = named(item);
    if (!isOn(body)) continue;
    if (name === 'file-store') {
      addFileStore(result, body, purpose);
      continue;
    }
    const store = purpose.documentStores.find(({ output }) => output === name);
    if (store !== undefined) {
      result.documentStores[name] ??= documentFolder(body, { name, index, purpose, missing: result.missing }, store);
      continue;
    }
    const output = resolveOutput(body, { name, index, purpose, missing: result.missing });
    if (output === null) continue;
    result.outputs.push(output);
    if (output.format.kind === 'eve') addFiles(files, output.format.types.fileinfo ?? {});
  }
  return result;
}

/** The directory of an output that stores what transactions carry; without a setting, that of the logs. */
function documentFolder(body: unknown, at: Resolving, { folder }: DocumentStoreRow): string {
  const schema = v.looseObject({ enabled: v.optional(flag), [folder]: v.optional(text) });
  const path = (parseOutput(schema, body, at) as Readonly<Record<string, unknown>>)[folder];
  if (typeof path !== 'string') return at.purpose.logDir;
  return isAbsolute(path) ? path : join(at.purpose.logDir, path);
}

function addFileStore(result: Outputs, body: unknown, purpose: OutputPurpose): void {
  if (result.fileStore !== null) return;
  const resolved = resolveFileStore(body, purpose);
  if (resolved === null) {
    result.missing.push('outputs.file-store version 1 (version 2 is there)');
    return;
  }
  result.fileStore = resolved.store;
  result.warnings.push(...resolved.warnings);
  addFiles(result.files, flatten(body));
}

function resolveOutput(body: unknown, at: Resolving): OutputConfig | null {
  switch (at.name) {
    case 'eve-log': {
      const eve = parseOutput(eveLog, body, at);
      return outputOf(eveFormat(eve, at), eve, 'eve.json', at);
    }
    case 'fast': {
      const options = parseOutput(fast, body, at);
      return outputOf({ kind: 'fast' }, options, 'fast.log', at);
    }
    case 'stats': {
      const options = parseOutput(stats, body, at);
      return outputOf({ kind: 'stats', null_values: options['null-values'] ?? false }, options, 'stats.log', at);
    }
    default:
      at.missing.push(`outputs.${at.name}`);
      return null;
  }
}

/** Gives the options of an output their meaning, and names those that have none. */
function parseOutput<T extends v.LooseObjectSchema<v.ObjectEntries, undefined>>(
  schema: T,
  body: unknown,
  at: Resolving,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ConfigError(`${pathOf(at)}.${v.getDotPath(issue)} ${issue.message}`, null, '');
  }
  const { sinks } = at.purpose;
  const known = new Set([...Object.keys(schema.entries), ...sinks.flatMap(({ settings }) => settings.map(topOf))]);
  for (const [key, value] of Object.entries(body as object))
    if (!known.has(key) && !INERT.has(key) && !isUnasked(value)) at.missing.push(`outputs.${at.name}.${key}`);
  return parsed.output;
}

/** Where an output stands in a configuration. */
function pathOf({ index, name }: Resolving): string {
  return `outputs.${index}.${name}`;
}

/** The key beside `filetype` that a setting of a sink is, or is below. */
function topOf({ key }: SinkRow['settings'][number]): string {
  return key.split('.', 1).join();
}

type SinkOptions = v.InferOutput<typeof fast>;

function outputOf(format: FormatConfig, options: SinkOptions, usual: string, at: Resolving): OutputConfig | null {
  const filetype = options.filetype || 'regular';
  const kind = at.purpose.sinks.find(({ filetypes }) => filetypes.includes(filetype));
  if (kind === undefined) {
    at.missing.push(`outputs.${at.name}.filetype ${filetype} (nothing is written there)`);
    return null;
  }
  const given = flatten(options);
  for (const key of Object.keys(given)) if (isStray(key, kind)) at.missing.push(`outputs.${at.name}.${key}`);
  const place = { path: pathOf(at), logDir: at.purpose.logDir };
  const settings = resolveDeclared(kind.settings, { ...given, filename: given.filename || usual }, place);
  return { format, sink: { filetype, settings }, when_full: options['when-full'] ?? at.purpose.whenFull };
}

/** A key below one that the sink has settings below, and which is none of them. */
function isStray(key: string, { settings }: SinkRow): boolean {
  const below = (row: SinkRow['settings'][number]) => row.key !== topOf(row) && key.startsWith(`${topOf(row)}.`);
  return settings.some(below) && !settings.some((row) => row.key === key);
}

function eveFormat(eve: v.InferOutput<typeof eveLog>, at: Resolving): FormatConfig {
  const types = Array.isArray(eve.types) ? eve.types : [];
  return {
    kind: 'eve',
    prefix: eve.prefix ?? '',
    community_id: eve['community-id'] ? (eve['community-id-seed'] ?? 0) : null,
    sensor_name: at.purpose.sensorName,
    pcap_file: eve['pcap-file'] ?? false,
    ethernet: eve.ethernet ?? false,
    metadata: eve.metadata ?? true,
    xff: resolveXff(eve.xff),
    ipv6_full: !(eve['compress-ipv6'] ?? false),
    types: resolveTypes(types, at),
  };
}

function resolveTypes(items: readonly unknown[], { purpose, missing }: Resolving): EveFormat['types'] {
  const types: EveFormat['types'] = {};
  for (const item of items) {
    const [name, body] = named(item);
    if (name === '' || isOff(body)) continue;
    const type = EVENT_TYPE_OF[name] ?? name;
    if (isEventType(type) || purpose.protocols.has(type)) types[type] = { ...types[type], ...flatten(body) };
    else missing.push(`outputs.eve-log.types.${name}`);
  }
  return types;
}

function isEventType(type: string): boolean {
  return (EVENT_TYPES as readonly string[]).includes(type);
}

/** An item of a list of named things: `- flow`, or `- flow: {...}`. */
function named(item: unknown): [string, unknown] {
  if (typeof item === 'string') return [item, ''];
  const [entry] = Object.entries(item as object);
  return entry ?? ['', ''];
}

/** Outputs are off unless they say that they are on. */
function isOn(body: unknown): boolean {
  return truth(String((body as { enabled?: string } | null)?.enabled ?? 'no')) === true;
}

/** Event types are on unless they say that they are off. */
function isOff(body: unknown): boolean {
  return truth(String((body as { enabled?: string } | null)?.enabled ?? 'yes')) === false;
}

/** A value that asks for nothing: empty, or off. */
function isUnasked(value: unknown): boolean {
  if (typeof value === 'string') return value === '' || truth(value) === false;
  return isOff(value);
}
