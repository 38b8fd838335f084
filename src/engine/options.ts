import { availableParallelism } from 'node:os';
import {
  applySet,
  type Config,
  type ConfigMap,
  fromPlain,
  type KnownParts,
  type KnownProtocol,
  loadConfig,
  replayDefaults,
  resolve,
  resolveDeclared,
} from '../config/index.js';
import type { ChecksumMode, EveFormat, FormatConfig, Matcher, OutputConfig } from '../generated/config.js';
import { EVENT_TYPES } from '../generated/events.js';
import { TRAFFIC_EVENTS } from '../sigma/traffic.js';
import type { SecretOptions } from './secrets.js';

/** How an engine works. Everything is optional; ARCHITECTURE.md has the table of what differs from Suricata's defaults. */
export interface EngineOptions {
  /** A suricata.yaml to read instead of the defaults of `replay`. */
  readonly config?: string;
  /** Settings by their key in suricata.yaml, applied last: `{'stream.reassembly.depth': '1mb'}`. */
  readonly set?: Readonly<Record<string, string>>;
  /** `$HOME_NET`; by default the private IPv4 networks. */
  readonly homeNet?: string;
  /** `$EXTERNAL_NET`; by default everything outside `$HOME_NET`. */
  readonly externalNet?: string;
  /** Threads that inspect; 1: one thread does everything. By default one a core, at most 4. */
  readonly workers?: number;
  /** Pick up sessions in the middle and follow those of which one side is seen. On by default. */
  readonly midstream?: boolean;
  /** What to do about checksums. `auto` ignores them in captures where many are wrong. */
  readonly checksums?: ChecksumMode;
  /** The literal matcher. `auto`: Vectorscan where its library is found. */
  readonly matcher?: Matcher;
  /**
   * Folder in which large rule sets are kept compiled, for this user alone (mode 0700): they are read again in a fraction of the
   * time. None by default.
   */
  readonly ruleCache?: string;
  /** What opens calls that are sealed by NTLM or Kerberos. */
  readonly secrets?: SecretOptions;
}

const MAX_DEFAULT_WORKERS = 4;

/** Threads by default. */
export function defaultWorkers(): number {
  return Math.min(availableParallelism(), MAX_DEFAULT_WORKERS);
}

/** Options with a configuration tree in the place of a file; for commands that make their own. */
export type EngineSetup = EngineOptions & { readonly tree?: ConfigMap };

/** The configuration tree of an engine: defaults or the file, then what the options say. */
export function configTree(options: EngineSetup): ConfigMap {
  let tree: ConfigMap;
  if (options.tree !== undefined) tree = options.tree;
  else if (options.config === undefined) {
    const { base, overrides } = replayDefaults();
    tree = fromPlain(base, { file: 'defaults', line: 0, column: 0 }) as ConfigMap;
    for (const [key, value] of overrides) applySet(tree, `${key}=${value}`);
  } else tree = loadConfig(options.config);
  for (const [key, value] of optionSettings(options)) applySet(tree, `${key}=${value}`);
  return tree;
}

function optionSettings(options: EngineOptions): [string, string][] {
  const settings: [string, string][] = [];
  if (options.homeNet !== undefined) settings.push(['vars.address-groups.HOME_NET', options.homeNet]);
  if (options.externalNet !== undefined) settings.push(['vars.address-groups.EXTERNAL_NET', options.externalNet]);
  if (options.midstream !== undefined)
    settings.push(['stream.midstream', yes(options.midstream)], ['stream.async-oneside', yes(options.midstream)]);
  if (options.checksums !== undefined)
    settings.push(
      ['stream.checksum-validation', yes(options.checksums !== 'ignore')],
      ['pcap-file.checksum-checks', options.checksums === 'auto' ? 'auto' : yes(options.checksums === 'verify')],
    );
  settings.push(...Object.entries(options.set ?? {}));
  return settings;
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** Resolves an engine's options against what the engine has. */
export function resolveOptions(options: EngineSetup, catalog: KnownParts, logDir: string, live = false): Config {
  return resolve(configTree(options), { logDir, workers: options.workers ?? defaultWorkers(), catalog, live });
}

/** EVE with everything there is to say: what `replay` writes and the library's events hold. `types` limits it. */
function fullFormat(protocols: readonly KnownProtocol[], types?: readonly string[]): FormatConfig {
  const names = types ?? [
    ...EVENT_TYPES.filter((type) => !UNASKED.has(type)),
    ...protocols.flatMap(({ name, aliases }) => [name, ...aliases]),
  ];
  const options = (name: string) => ({ ...ALL_TYPES, ...TYPE_OPTIONS[name] });
  return {
    kind: 'eve',
    prefix: '',
    community_id: null,
    sensor_name: '',
    pcap_file: false,
    ethernet: false,
    metadata: true,
    xff: null,
    ipv6_full: false,
    types: Object.fromEntries(names.map((name) => [name, options(name)])),
  };
}

/** A file with every event. */
export function fullOutput(path: string, { protocols, sinks }: KnownParts, live: boolean): OutputConfig {
  const filetype = 'regular';
  const rows = sinks.find(({ filetypes }) => filetypes.includes(filetype))?.settings ?? [];
  const given = { filename: path, append: live ? 'yes' : 'no' };
  const settings = { ...given, ...resolveDeclared(rows, given, { path: filetype, logDir: '.' }) };
  return { format: fullFormat(protocols), sink: { filetype, settings }, when_full: live ? 'drop' : 'wait' };
}

/** Events for whoever iterates the run. */
export function subscription(protocols: readonly KnownProtocol[], types?: readonly string[]): OutputConfig {
  return { format: fullFormat(protocols, types), sink: null, when_full: 'wait' };
}

/** The events that Sigma rules look at and no output writes. */
export function unwritten(protocols: readonly KnownProtocol[], outputs: readonly OutputConfig[]): EveFormat | null {
  const written = new Set(outputs.flatMap(({ format }) => ('types' in format ? Object.keys(format.types) : [])));
  const types = TRAFFIC_EVENTS.filter((type) => !written.has(type));
  const { format } = subscription(protocols, types);
  return types.length > 0 && 'types' in format ? format : null;
}

/** Types that tell what others tell, or every octet of a stream once more: written when they are asked for. */
const UNASKED: ReadonlySet<string> = new Set(['frame', 'netflow']);

/** Options of every type: protocols that tell more or less tell more. */
const ALL_TYPES: Readonly<Record<string, string>> = { extended: 'yes' };

const TYPE_OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  alert: {
    payload: 'yes',
    'payload-printable': 'yes',
    'payload-buffer-size': '4kb',
    'metadata.rule.reference': 'yes',
    calls: 'yes',
  },
  anomaly: { 'types.decode': 'yes', 'types.stream': 'yes', 'types.applayer': 'yes' },
};
