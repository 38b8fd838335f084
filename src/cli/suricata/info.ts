import type { Catalog } from '../../generated/catalog.js';

/** The Suricata release whose command line, configuration and EVE this stands for. */
export const SURICATA_VERSION = '8.0.8';

/** What `-V` prints: tools look for the Suricata version in it. */
export function versionText(own: string): string {
  return `This is Suricata version ${SURICATA_VERSION} RELEASE (sidewire ${own})`;
}

/** Features as Suricata names them, of those that exist here. */
const FEATURES = ['PCRE_JIT', 'HAVE_LIBJANSSON', 'RUST'];

/** The feature that libmagic is: it is opened where it is installed. */
const MAGIC = 'MAGIC';

/** What Suricata may be built with, and whether it is here; `null`: where libmagic is. */
const SUPPORT: readonly (readonly [string, boolean | null])[] = [
  ['AF_PACKET support:', false],
  ['AF_XDP support:', false],
  ['DPDK support:', false],
  ['eBPF support:', false],
  ['NFQueue support:', false],
  ['Unix socket enabled:', false],
  ['Detection enabled:', true],
  ['Libmagic support:', null],
  ['libjansson support:', true],
  ['hiredis support:', false],
  ['PCRE jit:', true],
  ['GeoIP2 support:', false],
  ['JA3 support:', false],
  ['JA4 support:', false],
  ['Hyperscan support:', true],
];

/** What `--build-info` prints. */
export function buildInfo(own: string, magic: boolean): string {
  return [
    versionText(own),
    `Features: ${[...FEATURES, ...(magic ? [MAGIC] : [])].join(' ')}`,
    '64-bits, Little-endian architecture',
    '',
    'Suricata Configuration:',
    ...SUPPORT.map(([name, there]) => `  ${name.padEnd(41)}${(there ?? magic) ? 'yes' : 'no'}`),
  ].join('\n');
}

/** What `--list-app-layer-protos` prints. */
export function protocolList(catalog: Catalog): string {
  return ['=========Supported App Layer Protocols=========', ...catalog.protocols.map(({ name }) => name)].join('\n');
}

/** What `--list-app-layer-frames` prints. */
export function frameList(catalog: Catalog): string {
  const rows = catalog.frames.flatMap(({ name, transports }) => transports.map((transport) => `${transport}: ${name}`));
  return ['=========Supported App Layer Frames=========', ...rows].join('\n');
}
