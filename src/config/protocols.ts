import type { DocumentStoreRow } from '../generated/catalog.js';
import type { ProtocolConfig, TransportConfig } from '../generated/config.js';
import { flatten } from './flatten.js';
import { resolvePorts } from './ports.js';
import { truth } from './values.js';

/** A protocol the engine has: its names in a configuration, and what it is without one. */
export interface KnownProtocol {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly off_by_default: boolean;
  /** The output that stores what its transactions carry, if it has one. */
  readonly document_store?: DocumentStoreRow | null;
}

/** What `app-layer.protocols` comes to, and what it asks for that does not exist here. */
export function resolveProtocols(given: Readonly<Record<string, unknown>>, known: readonly KnownProtocol[]) {
  const names = new Set(known.flatMap(({ name, aliases }) => [name, ...aliases]));
  const config: Record<string, ProtocolConfig> = {};
  for (const { name, aliases, off_by_default } of known) {
    const key = [name, ...aliases].find((candidate) => candidate in given);
    config[name] = protocolConfig(key === undefined ? {} : flatten(given[key]), !off_by_default);
  }
  const missing = Object.keys(given).filter((name) => {
    const { tcp, udp } = protocolConfig(flatten(given[name]), false);
    return !names.has(name) && (tcp.enabled || udp.enabled);
  });
  return { config, missing: missing.map((name) => `app-layer.protocols.${name}`) };
}

function protocolConfig(settings: Record<string, string>, usual: boolean): ProtocolConfig {
  return {
    detection_only: settings.enabled === DETECTION_ONLY,
    tcp: transportConfig(settings, 'tcp', usual),
    udp: transportConfig(settings, 'udp', usual),
    settings,
  };
}

const DETECTION_ONLY = 'detection-only';

/** What is said of a protocol as a whole goes before what is said of a transport, as in Suricata. */
function transportConfig(settings: Record<string, string>, transport: string, usual: boolean): TransportConfig {
  const text = settings.enabled ?? settings[`${transport}.enabled`];
  const list = settings['detection-ports.dp'] ?? settings[`${transport}.detection-ports.dp`];
  const ports = list === undefined ? [] : resolvePorts(list, {}, 'detection-ports');
  return {
    enabled: text === undefined ? usual : text === DETECTION_ONLY || truth(text) === true,
    ports: [...new Set(ports)].filter((port) => port > 0),
  };
}
