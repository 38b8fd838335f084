import type { Plain } from './node.js';
import { SURICATA_DEFAULTS } from './suricata-defaults.js';

/** A default that `replay` and the library set otherwise than Suricata's shipped configuration, and why. */
export interface Difference {
  /** Key as in suricata.yaml. */
  readonly key: string;
  readonly value: string;
  readonly why: string;
}

/** Every default of `replay` and the library that differs. ARCHITECTURE.md shows this table; a test keeps it so. */
export const DIFFERENCES: readonly Difference[] = [
  { key: 'stream.midstream', value: 'yes', why: 'captures start in the middle' },
  { key: 'stream.async-oneside', value: 'yes', why: 'taps and mirrors lose a direction' },
  { key: 'stream.liberal-windows', value: 'yes', why: 'without a handshake the scale of windows is unknown' },
  {
    key: 'stream.early-calls',
    value: 'yes',
    why: 'an object is called on one connection before the answer of another that named it is acknowledged',
  },
  {
    key: 'flow.silence',
    value: '43200',
    why: 'a connection of RPC or SMB may be silent for hours and go on: its contexts, security and pipes stay known',
  },
  { key: 'stream.reassembly.depth', value: '0', why: 'calls and files are followed to their end' },
  {
    key: 'decoder.offload-length',
    value: 'yes',
    why: 'an IP length of 0 is segmentation offload at the capturing host',
  },
  {
    key: 'decoder.partial-checksums',
    value: 'yes',
    why: 'a checksum of the pseudo header alone is checksum offload at the capturing host (unless checksums are all to be verified)',
  },
  { key: 'app-layer.protocols.http.libhtp.default-config.request-body-limit', value: '0', why: 'bodies to their end' },
  { key: 'app-layer.protocols.http.libhtp.default-config.response-body-limit', value: '0', why: 'bodies to their end' },
  {
    key: 'app-layer.protocols.dcerpc.unflagged-binds',
    value: 'yes',
    why: 'clearing the flag of a first fragment in a bind must not hide its calls from `dcerpc.iface`',
  },
  {
    key: 'app-layer.protocols.dcerpc.infer-interfaces',
    value: 'yes',
    why: 'calls whose bind was not seen wait until their interface is clear',
  },
  { key: 'outputs.eve-log.append', value: 'no', why: 'a replay is repeated; its result is not piled up' },
  { key: 'outputs.eve-log.compress-ipv6', value: 'yes', why: 'RFC 5952: as other tools print addresses' },
  {
    key: 'outputs.eve-log.types',
    value: 'all but `frame` and `netflow`, `msrpc` among them',
    why: 'nothing to switch on first',
  },
  { key: 'outputs.eve-log.types.alert', value: 'payload, metadata and msrpc', why: 'an alert that explains itself' },
];

/** Keys of {@link DIFFERENCES} that are set like any other; those of outputs are made where the outputs are. */
export function replayDefaults(): { base: Plain; overrides: readonly (readonly [string, string])[] } {
  const { outputs: _, logging: __, ...base } = SURICATA_DEFAULTS as { [key: string]: Plain };
  const overrides = DIFFERENCES.filter(({ key }) => !key.startsWith('outputs.')).map(
    ({ key, value }) => [key, value] as const,
  );
  return { base, overrides };
}
