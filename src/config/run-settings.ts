import * as v from 'valibot';
import type {
  ChecksumMode,
  DecodeConfig,
  DefragConfig,
  DetectConfig,
  FlowConfig,
  Matcher,
  RunConfig,
  StreamConfig,
} from '../generated/config.js';
import { ConfigError } from './error.js';
import { resolvePorts } from './ports.js';
import { fixed, from, key, made, type Setting, type Table, upTo } from './setting.js';
import { flag, percent, size, text, texts, truth, whole } from './values.js';

const MIB = 2 ** 20;
const U8 = 255;
const U16 = 65_535;
const U32 = 4_294_967_295;

/** `vars.port-groups`: port lists by name without `$`. */
export const PORT_GROUPS = key('vars.port-groups', v.record(text, text));

/** UDP ports of a tunnel; none when it is off. */
function tunnel(name: 'teredo' | 'vxlan' | 'geneve', usual: string): Setting<number[]> {
  const ports = key(`decoder.${name}.ports`, text);
  return made([key(`decoder.${name}.enabled`, flag), ports, PORT_GROUPS], (enabled, given, groups) =>
    enabled === false ? [] : resolvePorts(given || usual, groups ?? {}, ports.path),
  );
}

const VALIDATION = key('stream.checksum-validation', flag);
const CHECKS = key('pcap-file.checksum-checks', text);

function checksumMode(validation: boolean | undefined, checks: string | undefined): ChecksumMode {
  if (validation === false) return 'ignore';
  if (checks === undefined || checks === 'auto') return 'auto';
  const on = truth(checks);
  if (on === null) throw new ConfigError(`${CHECKS.path} must be yes, no or auto, not "${checks}"`, null, '');
  return on ? 'verify' : 'ignore';
}

export const DECODE: Table<DecodeConfig> = {
  checksums: made([VALIDATION, CHECKS], checksumMode),
  // Not Suricata's: an IP length of 0 means "to the end of the frame".
  offload_length: from('decoder.offload-length', flag, false),
  // Not Suricata's: what Linux does with malformed options of IPv4 and IPv6.
  drop_malformed_ip_options: from('decoder.drop-malformed-ip-options', flag, false),
  // Not Suricata's: a checksum that covers the pseudo header only is right.
  partial_checksums: made(
    [VALIDATION, CHECKS, key('decoder.partial-checksums', flag)],
    (validation, checks, partial) => checksumMode(validation, checks) === 'auto' && (partial ?? false),
  ),
  max_layers: upTo(U8, 'decoder.max-layers', whole, 16),
  vxlan_ports: tunnel('vxlan', '4789'),
  geneve_ports: tunnel('geneve', '6081'),
  teredo_ports: tunnel('teredo', 'any'),
  vlan_tracking: from('vlan.use-for-tracking', flag, true),
  level_tracking: from('decoder.recursion-level.use-for-tracking', flag, true),
  interface_tracking: from('livedev.use-for-tracking', flag, true),
};

/** A list of hosts by any name, each with a timeout. */
const hostTimeouts = v.union([
  v.array(v.record(text, v.looseObject({ timeout: whole, address: texts }))),
  v.literal(''),
]);

export const DEFRAG: Table<DefragConfig> = {
  memcap: from('defrag.memcap', size, 32 * MIB),
  max_trackers: from('defrag.trackers', whole, 65_535),
  max_fragments: from('defrag.max-frags', whole, 65_535),
  timeout: from('defrag.timeout', whole, 60),
  host_timeouts: made([key('defrag.host-config', hostTimeouts)], (hosts) =>
    (hosts || []).flatMap((host) =>
      Object.values(host).flatMap(({ timeout, address }) => address.map((cidr): [string, number] => [cidr, timeout])),
    ),
  ),
};

const URGENT = key('stream.reassembly.urgent.policy', text);

function urgentPolicy(policy = 'oob'): string {
  if (!['inline', 'drop', 'oob', 'gap'].includes(policy))
    throw new ConfigError(`${URGENT.path} "${policy}" does not exist`, null, 'It is one of oob, inline, drop and gap.');
  return policy;
}

export const STREAM: Table<StreamConfig> = {
  memcap: from('stream.memcap', size, 64 * MIB),
  reassembly_memcap: from('stream.reassembly.memcap', size, 256 * MIB),
  depth: from('stream.reassembly.depth', size, 0),
  inline: made([key('stream.inline', text)], (inline = 'no') => truth(inline) === true),
  // Not Suricata's: DCERPC is read as it arrives, not when it is acknowledged.
  early_calls: from('stream.early-calls', flag, false),
  midstream: from('stream.midstream', flag, false),
  async_oneside: from('stream.async-oneside', flag, false),
  // Not Suricata's: refuse nothing because of windows whose scale was not seen.
  liberal_windows: from('stream.liberal-windows', flag, false),
  toserver_chunk_size: from('stream.reassembly.toserver-chunk-size', size, 2560),
  toclient_chunk_size: from('stream.reassembly.toclient-chunk-size', size, 2560),
  raw: from('stream.reassembly.raw', flag, true),
  max_synack_queued: upTo(U8, 'stream.max-synack-queued', whole, 5),
  max_syn_queued: upTo(U8, 'stream.max-syn-queued', whole, 10),
  max_segments: fixed(0),
  urgent: made([URGENT], urgentPolicy),
  bypass: from('stream.bypass', flag, false),
  check_overlap_different_data: from('stream.reassembly.check-overlap-different-data', flag, true),
};

/** Flow timeouts where a configuration has none. Seconds. */
const TIMEOUTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  default: timeouts([30, 300, 0, 100], [10, 100, 0, 50]),
  tcp: timeouts([30, 300, 10, 100], [10, 100, 0, 50]),
  udp: timeouts([30, 300, 0, 100], [10, 100, 0, 50]),
  icmp: timeouts([30, 300, 0, 100], [10, 100, 0, 50]),
};

/** Timeouts of a protocol's states, and those when memory is short. */
function timeouts(usual: readonly number[], emergency: readonly number[]): Record<string, number> {
  const states = ['new', 'established', 'closed', 'bypassed'];
  return Object.fromEntries(
    states.flatMap((state, at) => [
      [state, usual[at] ?? 0],
      [`emergency-${state}`, emergency[at] ?? 0],
    ]),
  );
}

export const FLOW: Table<FlowConfig> = {
  memcap: from('flow.memcap', size, 128 * MIB),
  emergency_recovery: upTo(100, 'flow.emergency-recovery', whole, 30),
  // Not Suricata's: connections of RPC and SMB that only fell silent.
  silence_seconds: upTo(U32, 'flow.silence', whole, 0),
  silent_flows: upTo(U32, 'flow.silent-flows', whole, 16_384),
  timeouts: made([key('flow-timeouts', v.record(text, v.record(text, whole)))], (given = {}) => {
    const names = new Set([...Object.keys(TIMEOUTS), ...Object.keys(given)]);
    return Object.fromEntries(
      [...names].map((name) => [name, { ...TIMEOUTS[name], ...given.default, ...given[name] }]),
    );
  }),
};

export const DETECT: Table<DetectConfig> = {
  packet_alert_max: made([key('packet-alert-max', whole)], (most) => Math.min(most || 15, U16)),
  inspection_recursion_limit: from('detect.inspection-recursion-limit', whole, 3000),
  pcre_match_limit: from('pcre.match-limit', whole, 3500),
  pcre_recursion_limit: from('pcre.match-limit-recursion', whole, 1500),
  threshold_entries: fixed(65_536),
  guess_transaction: from('detect.guess-applayer-tx', flag, false),
  guesses_per_transaction: upTo(U8, 'detect.stream-tx-log-limit', whole, 4),
};

/** What stands beside the parts above. */
export const BESIDE: Table<Pick<RunConfig, 'host_os_policy' | 'loss_alert' | 'stats'>> = {
  host_os_policy: made([key('host-os-policy', v.record(text, texts))], (policies = {}) =>
    Object.fromEntries(Object.entries(policies).filter(([, addresses]) => addresses.length > 0)),
  ),
  // Not Suricata's: the loss of packets that is told, in percent.
  loss_alert: from('capture.loss-alert', percent, 1),
  stats: made([key('stats.enabled', flag), key('stats.interval', whole)], (enabled, interval) =>
    enabled === false ? null : { interval: interval ?? 8 },
  ),
};

/** Not Suricata's: whether the least valuable work is left out while packets of interfaces come faster than they are inspected. */
export const SHED_LOAD: Setting<boolean> = from('capture.shed', flag, true);

/** Folder of compiled rules; `null`: none. */
export const RULE_CACHE: Setting<string | null> = made(
  [key('detect.sgh-mpm-caching', flag), key('detect.sgh-mpm-caching-path', text)],
  (wanted, folder) => (wanted === true ? (folder ?? null) : null),
);

/** The literal matcher. `hs` is what `auto` takes where its library is found, and no reason to stop where it is not. */
export const MATCHER: Setting<Matcher> = made([key('mpm-algo', text)], (algorithm) =>
  algorithm?.startsWith('ac') ? 'aho-corasick' : 'auto',
);
