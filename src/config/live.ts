import * as v from 'valibot';
import type { InterfaceConfig, LiveChecksums, LiveFanout, LiveMethod } from '../generated/live.js';
import { ConfigError } from './error.js';
import { flag, size, text, truth, whole } from './values.js';

/** What a configuration says of live capture. */
export interface LiveSettings {
  /** Entries of `af-packet`, `pcap` and the others, in order, by method. */
  readonly sections: ReadonlyMap<string, readonly InterfaceSection[]>;
  /** `run-as`: whom the process becomes once everything is open. */
  readonly user: string | null;
  readonly group: string | null;
}

const MIB = 2 ** 20;
/** Octets of a ring where nothing is said. */
export const RING_LENGTH = 64 * MIB;
const BLOCK_LENGTH = MIB;
/** Octets of a packet, when a ring is told of in packets. */
const PACKET_LENGTH = 1600;

/** An entry of `af-packet`, `pcap` or another method; the one for `default` stands for interfaces that have none. */
const section = v.looseObject({
  interface: text,
  threads: v.optional(text),
  'bpf-filter': v.optional(text),
  'checksum-checks': v.optional(text),
  'buffer-size': v.optional(size),
  // Of `af-packet`.
  'cluster-id': v.optional(whole),
  'cluster-type': v.optional(text),
  'disable-promisc': v.optional(flag),
  'ring-size': v.optional(whole),
  'block-size': v.optional(size),
  'copy-mode': v.optional(text),
  // Of `pcap`.
  promisc: v.optional(flag),
  snaplen: v.optional(whole),
  // Not Suricata's: rings beside one another, and the card's time stamps.
  rings: v.optional(whole),
  'hardware-timestamps': v.optional(flag),
});

export type InterfaceSection = v.InferOutput<typeof section>;

/** The value of a method's section. */
export const sections = v.union([v.array(section), v.literal('')]);

/**
 * Keys of an entry that change nothing here: rings are always mapped and of version 3, fragments are always put together
 * behind them, and what is full is not flushed in haste.
 */
const INERT: ReadonlySet<string> = new Set([
  'defrag',
  'use-mmap',
  'mmap-locked',
  'tpacket-v3',
  'block-timeout',
  'use-emergency-flush',
  'v2-block-size',
  'copy-iface',
]);

const FANOUTS: Readonly<Record<string, LiveFanout>> = {
  cluster_flow: 'host-pair',
  cluster_cpu: 'cpu',
  cluster_qm: 'queue',
};

/** What is said of all interfaces, in the place of what the configuration says of each. */
export interface CaptureOptions {
  /** A filter in the language of libpcap (tcpdump's). */
  readonly filter?: string;
  /** Rings an interface. */
  readonly rings?: number;
  /** Octets of each ring. */
  readonly ringLength?: number;
  /** Take what is for other hosts, too. */
  readonly promiscuous?: boolean;
  /** Octets taken of a packet; 0: all. */
  readonly snapLength?: number;
}

/** Interfaces that are captured, with what was asked of them. */
export interface CapturePlan {
  readonly interfaces: readonly InterfaceConfig[];
  /** Threads that inspect, where a configuration has a number. */
  readonly workers: number | null;
  /** What was asked for and does not exist here, by key. */
  readonly missing: readonly string[];
}

/**
 * What is captured: the interfaces that are named, each as its entry or that for `default` says; where none is named, those
 * that have an entry.
 * @throws {ConfigError} when none is named anywhere, or packets are to be passed on
 */
export function planCapture(
  settings: LiveSettings,
  method: LiveMethod,
  names: readonly string[],
  options: CaptureOptions = {},
): CapturePlan {
  const own = settings.sections.get(method) ?? [];
  const usual = own.find((one) => one.interface === 'default');
  const wanted = names.length > 0 ? names : own.map((one) => one.interface).filter((name) => name !== 'default');
  if (wanted.length === 0)
    throw new ConfigError(`${method} names no interface`, null, 'Name one with -i, or in the configuration.');
  const entries = [...new Set(wanted)].map((name) => {
    const found = own.find((one) => one.interface === name);
    return { ...usual, ...found, interface: name };
  });
  const threads = entries.map(({ threads }) => Number(threads)).filter((count) => Number.isInteger(count) && count > 0);
  return {
    interfaces: entries.map((entry) => interfaceConfig(entry, method, options)),
    workers: threads.length > 0 ? Math.max(...threads) : null,
    missing: [...new Set(entries.flatMap((entry) => missingKeys(entry, method)))],
  };
}

function interfaceConfig(entry: InterfaceSection, method: LiveMethod, options: CaptureOptions): InterfaceConfig {
  const copy = entry['copy-mode'] ?? 'none';
  if (copy !== 'none')
    throw new ConfigError(
      `${method}: copy-mode ${copy} of ${entry.interface} passes packets on, which does not exist here`,
      null,
      'sidewire only listens (IDS): leave copy-mode out, or set it to none.',
    );
  const packets = entry['ring-size'];
  const ringLength = packets === undefined ? (entry['buffer-size'] ?? RING_LENGTH) : packets * PACKET_LENGTH;
  const promiscuous = entry.promisc ?? !(entry['disable-promisc'] ?? false);
  const rings = options.rings ?? entry.rings ?? 1;
  return {
    name: entry.interface,
    filter: options.filter ?? entry['bpf-filter'] ?? '',
    promiscuous: options.promiscuous ?? promiscuous,
    snap_length: options.snapLength ?? entry.snaplen ?? 0,
    ring_length: options.ringLength ?? ringLength,
    block_length: entry['block-size'] ?? BLOCK_LENGTH,
    rings,
    fanout: FANOUTS[entry['cluster-type'] ?? 'cluster_flow'] ?? 'host-pair',
    cluster: rings > 1 ? (entry['cluster-id'] ?? null) : null,
    hardware_time: entry['hardware-timestamps'] ?? false,
    checksums: checksums(entry['checksum-checks'] ?? 'kernel', method),
  };
}

function checksums(text: string, method: LiveMethod): LiveChecksums {
  if (text === 'kernel' || text === 'auto') return 'kernel';
  const on = truth(text);
  if (on === null)
    throw new ConfigError(`${method}: checksum-checks must be kernel, auto, yes or no, not "${text}"`, null, '');
  return on ? 'verify' : 'ignore';
}

function missingKeys(entry: InterfaceSection, method: LiveMethod): string[] {
  const unknown = Object.keys(entry).filter((key) => !(key in section.entries) && !INERT.has(key));
  const type = entry['cluster-type'];
  const odd = type !== undefined && !(type in FANOUTS) ? [`cluster-type ${type}`] : [];
  return [...unknown, ...odd].map((key) => `${method}.${key}`);
}
