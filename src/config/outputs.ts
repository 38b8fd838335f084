import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import type { EveOutput, FastOutput, FileStoreOutput, FilesConfig } from '../generated/config.js';
import { EVENT_TYPES } from '../generated/events.js';
import { ConfigError } from './error.js';
import { addFiles, resolveFileStore, resolveXff, xff } from './file-store.js';
import { flatten } from './flatten.js';
import { flag, text, truth, whole } from './values.js';

/** The options of an EVE output beside its types. */
const eveLog = v.looseObject({
  enabled: v.optional(flag),
  filetype: v.optional(text),
  filename: v.optional(text),
  append: v.optional(flag),
  'community-id': v.optional(flag),
  'community-id-seed': v.optional(whole),
  'pcap-file': v.optional(flag),
  ethernet: v.optional(flag),
  metadata: v.optional(flag),
  'compress-ipv6': v.optional(flag),
  xff: v.optional(xff),
  types: v.optional(v.union([v.array(v.unknown()), v.literal('')])),
});

/** EVE types whose name in a configuration is not the one their events have. */
const EVENT_TYPE_OF: Readonly<Record<string, string>> = { files: 'fileinfo' };

/** What the `outputs` of a configuration come to. */
export interface Outputs {
  readonly eve: EveOutput[];
  readonly fast: FastOutput[];
  /** Where files are stored. */
  fileStore: FileStoreOutput | null;
  /** What is computed of all files. */
  readonly files: FilesConfig;
  /** What is odd about the outputs, as Suricata says it. */
  readonly warnings: string[];
  /** Outputs and event types that were asked for and do not exist here. */
  readonly missing: string[];
}

/** What outputs are resolved for. */
export interface OutputPurpose {
  readonly logDir: string;
  readonly sensorName: string;
  /** `stream.reassembly.depth`; 0: without end. */
  readonly streamDepth: number;
  /** Database of libmagic; empty: the system's. */
  readonly magicFile: string;
  /** The names of the protocols there are. */
  readonly protocols: ReadonlySet<string>;
}

/** Resolves `outputs`. */
export function resolveOutputs(items: readonly unknown[], purpose: OutputPurpose): Outputs {
  const files: FilesConfig = { hashes: [], magic: false, magic_database: purpose.magicFile };
  const result: Outputs = { eve: [], fast: [], fileStore: null, files, warnings: [], missing: [] };
  for (const [index, item] of items.entries()) {
    const [name, body] = named(item);
    if (name === 'eve-log') addEve(result, body, index, purpose);
    else if (name === 'fast') addFast(result, body, purpose.logDir);
    else if (name === 'file-store') addFileStore(result, body, purpose);
    else if (isOn(body)) result.missing.push(`outputs.${name}`);
  }
  return result;
}

function addEve(result: Outputs, body: unknown, index: number, { logDir, sensorName, protocols }: OutputPurpose): void {
  if (!isOn(body)) return;
  const parsed = v.safeParse(eveLog, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ConfigError(`outputs.${index}.eve-log.${v.getDotPath(issue)} ${issue.message}`, null, '');
  }
  const eve = parsed.output;
  const filetype = eve.filetype ?? 'regular';
  if (filetype !== 'regular') {
    result.missing.push(`outputs.eve-log.filetype ${filetype} (nothing is written there)`);
    return;
  }
  const filename = eve.filename ?? 'eve.json';
  result.eve.push({
    path: isAbsolute(filename) ? filename : join(logDir, filename),
    append: eve.append ?? true,
    community_id: eve['community-id'] ? (eve['community-id-seed'] ?? 0) : null,
    sensor_name: sensorName,
    pcap_file: eve['pcap-file'] ?? false,
    ethernet: eve.ethernet ?? false,
    metadata: eve.metadata ?? true,
    xff: resolveXff(eve.xff),
    ipv6_full: !(eve['compress-ipv6'] ?? false),
    types: resolveTypes(result, Array.isArray(eve.types) ? eve.types : [], protocols),
  });
  addFiles(result.files, result.eve.at(-1)?.types.fileinfo ?? {});
}

function addFileStore(result: Outputs, body: unknown, purpose: OutputPurpose): void {
  if (!isOn(body) || result.fileStore !== null) return;
  const resolved = resolveFileStore(body, purpose);
  if (resolved === null) {
    result.missing.push('outputs.file-store version 1 (version 2 is there)');
    return;
  }
  result.fileStore = resolved.store;
  result.warnings.push(...resolved.warnings);
  addFiles(result.files, flatten(body));
}

function addFast(result: Outputs, body: unknown, logDir: string): void {
  if (!isOn(body)) return;
  const { filename = 'fast.log', append = 'yes' } = body as { filename?: string; append?: string };
  result.fast.push({
    path: isAbsolute(filename) ? filename : join(logDir, filename),
    append: truth(String(append)) !== false,
  });
}

function resolveTypes(result: Outputs, items: readonly unknown[], protocols: ReadonlySet<string>): EveOutput['types'] {
  const types: EveOutput['types'] = {};
  for (const item of items) {
    const [name, body] = named(item);
    if (name === '' || isOff(body)) continue;
    const type = EVENT_TYPE_OF[name] ?? name;
    if (isEventType(type) || protocols.has(type)) types[type] = { ...types[type], ...flatten(body) };
    else result.missing.push(`outputs.eve-log.types.${name}`);
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
