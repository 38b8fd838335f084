import type { ChecksumMode, Matcher, ProtocolConfig, RunConfig } from '../generated/config.js';
import { ConfigError } from './error.js';
import { flatten } from './flatten.js';
import type { ConfigMap } from './node.js';
import { type Outputs, resolveOutputs } from './outputs.js';
import { parseRaw } from './parse.js';
import { resolvePorts } from './ports.js';
import { type RawConfig, rawConfig } from './schema.js';
import { unknownKeys } from './unknown.js';
import { truth } from './values.js';

/** A protocol the engine has: its names in a configuration. */
export interface KnownProtocol {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** A configuration with nothing left open. */
export interface Config {
  /** The run; its inputs are the caller's to fill. */
  readonly run: RunConfig;
  /** The literal matcher of `mpm-algo`. */
  readonly matcher: Matcher;
  readonly addressVariables: ReadonlyMap<string, string>;
  readonly portVariables: ReadonlyMap<string, string>;
  /** Paths as written; `null`: none. */
  readonly rulePath: string | null;
  readonly ruleFiles: readonly string[];
  readonly classificationFile: string | null;
  readonly referenceFile: string | null;
  readonly thresholdFile: string | null;
  /** What was asked for and does not exist here, by key. */
  readonly missing: readonly string[];
  readonly raw: RawConfig;
}

/** What a configuration is resolved for. */
export interface Purpose {
  /** Folder that relative output files go to. */
  readonly logDir: string;
  readonly workers: number;
  readonly protocols: readonly KnownProtocol[];
}

/** Protocols that are off unless a configuration switches them on, as in Suricata. */
const OFF_BY_DEFAULT = new Set(['dnp3', 'enip', 'modbus']);

/** Flow timeouts where a configuration has none. Seconds. */
const TIMEOUTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  default: timeouts(30, 300, 0, 100, 10, 100, 0, 50),
  tcp: timeouts(30, 300, 10, 100, 10, 100, 0, 50),
  udp: timeouts(30, 300, 0, 100, 10, 100, 0, 50),
  icmp: timeouts(30, 300, 0, 100, 10, 100, 0, 50),
};

/**
 * Resolves a configuration. Keys that are absent get what Suricata's code gives them; what its shipped file says is in
 * `suricata-defaults.ts`.
 * @throws {ConfigError} when a value has no meaning
 */
export function resolve(config: ConfigMap, purpose: Purpose): Config {
  const raw = parseRaw(config);
  const addresses = raw.vars?.['address-groups'] ?? {};
  const ports = raw.vars?.['port-groups'] ?? {};
  const protocols = resolveProtocols(raw, purpose.protocols);
  const names = new Set(purpose.protocols.flatMap(({ name, aliases }) => [name, ...aliases]));
  const outputs = resolveOutputs(raw, purpose.logDir, names);
  return {
    run: resolveRun(raw, purpose, protocols.config, outputs, ports),
    // `hs` is what `auto` takes where its library is found, and no reason to stop where it is not.
    matcher: raw['mpm-algo']?.startsWith('ac') ? 'aho-corasick' : 'auto',
    addressVariables: new Map(Object.entries(addresses)),
    portVariables: new Map(Object.entries(ports)),
    rulePath: raw['default-rule-path'] ?? null,
    ruleFiles: raw['rule-files'] ?? [],
    classificationFile: raw['classification-file'] ?? null,
    referenceFile: raw['reference-config-file'] ?? null,
    thresholdFile: raw['threshold-file'] ?? null,
    missing: [...unknownKeys(rawConfig, config), ...protocols.missing, ...new Set(outputs.missing)],
    raw,
  };
}

function resolveRun(
  raw: RawConfig,
  purpose: Purpose,
  protocols: Record<string, ProtocolConfig>,
  outputs: Outputs,
  groups: Readonly<Record<string, string>>,
): RunConfig {
  const { stream = {}, decoder = {}, defrag = {}, flow = {}, pcre = {} } = raw;
  const reassembly = stream.reassembly ?? {};
  const tunnel = (name: 'teredo' | 'vxlan' | 'geneve', usual: string): number[] => {
    const options = decoder[name];
    if (options?.enabled === false) return [];
    return resolvePorts(options?.ports || usual, groups, `decoder.${name}.ports`);
  };
  return {
    inputs: [],
    continue_files: false,
    rules: { loaded: 0, failed: 0, skipped: 0 },
    workers: purpose.workers,
    decode: {
      checksums: checksumMode(raw),
      offload_length: decoder['offload-length'] ?? false,
      partial_checksums: checksumMode(raw) === 'auto' && (decoder['partial-checksums'] ?? false),
      max_layers: Math.min(decoder['max-layers'] ?? 16, 255),
      vxlan_ports: tunnel('vxlan', '4789'),
      geneve_ports: tunnel('geneve', '6081'),
      teredo_ports: tunnel('teredo', 'any'),
      erspan_type1: decoder.erspan?.typeI?.enabled ?? false,
      vlan_tracking: raw.vlan?.['use-for-tracking'] ?? true,
      level_tracking: decoder['recursion-level']?.['use-for-tracking'] ?? true,
    },
    defrag: {
      enabled: defrag.enabled ?? true,
      memcap: defrag.memcap ?? 32 * MIB,
      max_trackers: defrag.trackers ?? 65_535,
      max_fragments: defrag['max-frags'] ?? 65_535,
      timeout: defrag.timeout ?? 60,
      host_timeouts: (defrag['host-config'] || []).flatMap((host) =>
        Object.values(host).flatMap(({ timeout, address }) => address.map((cidr): [string, number] => [cidr, timeout])),
      ),
    },
    stream: {
      memcap: stream.memcap ?? 64 * MIB,
      reassembly_memcap: reassembly.memcap ?? 256 * MIB,
      depth: reassembly.depth ?? 0,
      inline: truth(stream.inline ?? 'no') === true,
      early_calls: stream['early-calls'] ?? false,
      midstream: stream.midstream ?? false,
      async_oneside: stream['async-oneside'] ?? false,
      liberal_windows: stream['liberal-windows'] ?? false,
      toserver_chunk_size: reassembly['toserver-chunk-size'] ?? 2560,
      toclient_chunk_size: reassembly['toclient-chunk-size'] ?? 2560,
      raw: reassembly.raw ?? true,
      max_synack_queued: Math.min(stream['max-synack-queued'] ?? 5, 255),
      max_syn_queued: Math.min(stream['max-syn-queued'] ?? 10, 255),
      max_segments: 0,
      urgent: urgentPolicy(reassembly.urgent?.policy ?? 'oob'),
      check_overlap_different_data: reassembly['check-overlap-different-data'] ?? true,
      bypass: stream.bypass ?? false,
    },
    flow: {
      memcap: flow.memcap ?? 128 * MIB,
      emergency_recovery: Math.min(flow['emergency-recovery'] ?? 30, 100),
      timeouts: resolveTimeouts(raw),
    },
    host_os_policy: Object.fromEntries(
      Object.entries(raw['host-os-policy'] ?? {}).filter(([, addresses]) => addresses.length > 0),
    ),
    protocols,
    detect: {
      packet_alert_max: Math.min(raw['packet-alert-max'] || 15, 65_535),
      inspection_recursion_limit: raw.detect?.['inspection-recursion-limit'] ?? 3000,
      pcre_match_limit: pcre['match-limit'] ?? 3500,
      pcre_recursion_limit: pcre['match-limit-recursion'] ?? 1500,
      threshold_entries: 65_536,
      guess_transaction: raw.detect?.['guess-applayer-tx'] ?? false,
      guesses_per_transaction: Math.min(raw.detect?.['stream-tx-log-limit'] ?? 4, 255),
    },
    outputs: outputs.eve,
    fast: outputs.fast,
    subscribe: null,
    stats_interval: raw.stats?.enabled === false || !raw.stats ? 0 : (raw.stats.interval ?? 8),
    explain: null,
  };
}

const MIB = 2 ** 20;

function checksumMode(raw: RawConfig): ChecksumMode {
  if (raw.stream?.['checksum-validation'] === false) return 'ignore';
  const checks = raw['pcap-file']?.['checksum-checks'] ?? 'auto';
  if (checks === 'auto') return 'auto';
  const on = truth(checks);
  if (on === null)
    throw new ConfigError(`pcap-file.checksum-checks must be yes, no or auto, not "${checks}"`, null, '');
  return on ? 'verify' : 'ignore';
}

function urgentPolicy(policy: string): string {
  if (!['inline', 'drop', 'oob', 'gap'].includes(policy))
    throw new ConfigError(
      `stream.reassembly.urgent.policy "${policy}" does not exist`,
      null,
      'It is one of oob, inline, drop and gap.',
    );
  return policy;
}

function resolveTimeouts(raw: RawConfig): RunConfig['flow']['timeouts'] {
  const given = raw['flow-timeouts'] ?? {};
  const names = new Set([...Object.keys(TIMEOUTS), ...Object.keys(given)]);
  return Object.fromEntries([...names].map((name) => [name, { ...TIMEOUTS[name], ...given.default, ...given[name] }]));
}

function resolveProtocols(raw: RawConfig, known: readonly KnownProtocol[]) {
  const given = raw['app-layer']?.protocols ?? {};
  const names = new Set(known.flatMap(({ name, aliases }) => [name, ...aliases]));
  const config: Record<string, ProtocolConfig> = {};
  for (const { name, aliases } of known) {
    const key = [name, ...aliases].find((candidate) => candidate in given);
    config[name] = protocolConfig(key === undefined ? {} : flatten(given[key]), !OFF_BY_DEFAULT.has(name));
  }
  const missing = Object.keys(given).filter(
    (name) => !names.has(name) && protocolConfig(flatten(given[name]), false).enabled,
  );
  return { config, missing: missing.map((name) => `app-layer.protocols.${name}`) };
}

function protocolConfig(settings: Record<string, string>, usual: boolean): ProtocolConfig {
  const switches = ['enabled', 'tcp.enabled', 'udp.enabled'].flatMap((key) => settings[key] ?? []);
  const ports = ['detection-ports.dp', 'tcp.detection-ports.dp', 'udp.detection-ports.dp']
    .flatMap((key) => settings[key] ?? [])
    .flatMap((list) => resolvePorts(list, {}, 'detection-ports'));
  return {
    enabled: switches.length === 0 ? usual : switches.some((text) => truth(text) === true),
    detection_only: settings.enabled === 'detection-only',
    ports: [...new Set(ports)].filter((port) => port > 0),
    settings,
  };
}

function timeouts(...values: readonly [number, number, number, number, number, number, number, number]) {
  const [
    fresh,
    established,
    closed,
    bypassed,
    emergencyFresh,
    emergencyEstablished,
    emergencyClosed,
    emergencyBypassed,
  ] = values;
  return {
    new: fresh,
    established,
    closed,
    bypassed,
    'emergency-new': emergencyFresh,
    'emergency-established': emergencyEstablished,
    'emergency-closed': emergencyClosed,
    'emergency-bypassed': emergencyBypassed,
  };
}
