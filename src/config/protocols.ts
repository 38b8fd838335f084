import type { ProtocolConfig } from '../generated/config.js';
import { flatten } from './flatten.js';
import { resolvePorts } from './ports.js';
import { truth } from './values.js';

/** A protocol the engine has: its names in a configuration. */
export interface KnownProtocol {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** Protocols that are off unless a configuration switches them on, as in Suricata. */
const OFF_BY_DEFAULT = new Set(['dnp3', 'enip', 'modbus']);

/** What `app-layer.protocols` comes to, and what it asks for that does not exist here. */
export function resolveProtocols(given: Readonly<Record<string, unknown>>, known: readonly KnownProtocol[]) {
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
