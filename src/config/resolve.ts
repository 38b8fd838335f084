import * as v from 'valibot';
import type { Catalog } from '../generated/catalog.js';
import type { Matcher, RunConfig } from '../generated/config.js';
import { type LiveSettings, sections } from './live.js';
import type { ConfigMap } from './node.js';
import { type Outputs, resolveOutputs } from './outputs.js';
import { parseAs } from './parse.js';
import { type KnownProtocol, resolveProtocols } from './protocols.js';
import {
  BESIDE,
  DECODE,
  DEFRAG,
  DETECT,
  FLOW,
  MATCHER,
  PORT_GROUPS,
  RULE_CACHE,
  SHED_LOAD,
  STREAM,
} from './run-settings.js';
import { type Key, key, keysOf, resolveTable, schemaOf, Values } from './setting.js';
import { unknownKeys } from './unknown.js';
import { text, texts } from './values.js';

/** A configuration with nothing left open. */
export interface Config {
  /** The run; its inputs are the caller's to fill. */
  readonly run: RunConfig;
  /** The literal matcher of `mpm-algo`. */
  readonly matcher: Matcher;
  /** Folder in which compiled rules are kept: `detect.sgh-mpm-caching-path`. */
  readonly ruleCache: string | null;
  readonly addressVariables: ReadonlyMap<string, string>;
  readonly portVariables: ReadonlyMap<string, string>;
  /** Paths as written; `null`: none. */
  readonly logDir: string | null;
  readonly rulePath: string | null;
  readonly ruleFiles: readonly string[];
  readonly classificationFile: string | null;
  readonly referenceFile: string | null;
  readonly thresholdFile: string | null;
  /** What is odd about it, as Suricata says it. */
  readonly warnings: readonly string[];
  /** What was asked for and does not exist here, by key. */
  readonly missing: readonly string[];
  readonly logging: Logging;
  /** What is said of live capture. */
  readonly live: LiveSettings;
}

/** What `logging` says: how much, and where to. */
export interface Logging {
  readonly level: string | null;
  /** As written; `null`: the console. */
  readonly outputs: readonly unknown[] | null;
}

/** What a configuration is resolved for. */
export interface Purpose {
  /** Folder that relative output files go to. */
  readonly logDir: string;
  readonly workers: number;
  /** What the engine has. */
  readonly catalog: KnownParts;
  /** Packets come as they happen: whoever waits loses them. */
  readonly live?: boolean;
}

/** What a configuration can ask for, and the engine says that it has. */
export interface KnownParts extends Pick<Catalog, 'sinks' | 'methods'> {
  readonly protocols: readonly KnownProtocol[];
}

/** A list of what each user reads by itself; empty where a key has no value. */
const list = v.union([v.array(v.unknown()), v.literal('')]);

/** Keys that are no field of the run alone. */
const KEYS = {
  addressGroups: key('vars.address-groups', v.record(text, text)),
  portGroups: PORT_GROUPS,
  logDir: key('default-log-dir', text),
  sensorName: key('sensor-name', text),
  outputs: key('outputs', list),
  magicFile: key('magic-file', text),
  logLevel: key('logging.default-log-level', text),
  logOutputs: key('logging.outputs', list),
  protocols: key('app-layer.protocols', v.record(text, v.unknown())),
  rulePath: key('default-rule-path', text),
  ruleFiles: key('rule-files', texts),
  classificationFile: key('classification-file', text),
  referenceFile: key('reference-config-file', text),
  thresholdFile: key('threshold-file', text),
  user: key('run-as.user', text),
  group: key('run-as.group', text),
};

/** Keys of the part of suricata.yaml that exists here, without the sections of live capture: one a method. */
const FIXED: readonly Key<unknown>[] = [
  ...Object.values(KEYS),
  ...[DECODE, DEFRAG, STREAM, FLOW, DETECT, BESIDE].flatMap((table) => keysOf<unknown>(table)),
  ...MATCHER.keys,
  ...RULE_CACHE.keys,
  ...SHED_LOAD.keys,
];

/**
 * Resolves a configuration. Keys that are absent get what Suricata's code gives them; what its shipped file says is in
 * `suricata-defaults.ts`.
 * @throws {ConfigError} when a value has no meaning
 */
export function resolve(config: ConfigMap, purpose: Purpose): Config {
  const { catalog } = purpose;
  const methods = catalog.methods.map(({ name }) => key(name, sections));
  const schema = schemaOf([...FIXED, ...methods]);
  const values = new Values(parseAs(schema, config));
  const protocols = resolveProtocols(values.get(KEYS.protocols) ?? {}, catalog.protocols);
  const names = new Set(catalog.protocols.flatMap(({ name, aliases }) => [name, ...aliases]));
  const sensorName = values.get(KEYS.sensorName) ?? '';
  const outputs = resolveOutputs(values.get(KEYS.outputs) || [], {
    logDir: purpose.logDir,
    sensorName,
    streamDepth: STREAM.depth.resolve(values),
    magicFile: values.get(KEYS.magicFile) ?? '',
    protocols: names,
    documentStores: catalog.protocols.flatMap(({ document_store }) => document_store ?? []),
    sinks: catalog.sinks,
    whenFull: purpose.live ? 'drop' : 'wait',
  });
  return {
    run: resolveRun(values, purpose, protocols.config, outputs),
    matcher: MATCHER.resolve(values),
    ruleCache: RULE_CACHE.resolve(values),
    addressVariables: new Map(Object.entries(values.get(KEYS.addressGroups) ?? {})),
    portVariables: new Map(Object.entries(values.get(KEYS.portGroups) ?? {})),
    logDir: values.get(KEYS.logDir) ?? null,
    rulePath: values.get(KEYS.rulePath) ?? null,
    ruleFiles: values.get(KEYS.ruleFiles) ?? [],
    classificationFile: values.get(KEYS.classificationFile) ?? null,
    referenceFile: values.get(KEYS.referenceFile) ?? null,
    thresholdFile: values.get(KEYS.thresholdFile) ?? null,
    warnings: outputs.warnings,
    missing: [...unknownKeys(schema, config), ...protocols.missing, ...new Set(outputs.missing)],
    logging: { level: values.get(KEYS.logLevel) ?? null, outputs: values.get(KEYS.logOutputs) || null },
    live: {
      sections: new Map(methods.map((method) => [method.path, values.get(method) || []])),
      user: values.get(KEYS.user) || null,
      group: values.get(KEYS.group) || null,
    },
  };
}

function resolveRun(
  values: Values,
  { workers, live = false }: Purpose,
  protocols: RunConfig['protocols'],
  outputs: Outputs,
): RunConfig {
  return {
    inputs: [],
    continue_files: false,
    rules: { loaded: 0, failed: 0, skipped: 0 },
    workers,
    decode: resolveTable(DECODE, values),
    defrag: resolveTable(DEFRAG, values),
    stream: resolveTable(STREAM, values),
    flow: resolveTable(FLOW, values),
    detect: resolveTable(DETECT, values),
    ...resolveTable(BESIDE, values),
    shed_load: live && SHED_LOAD.resolve(values),
    protocols,
    outputs: outputs.outputs,
    file_store: outputs.fileStore,
    unwritten: null,
    document_stores: outputs.documentStores,
    files: outputs.files,
  };
}
