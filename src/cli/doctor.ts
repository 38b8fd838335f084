import { Engine, type HostReport } from '../engine/index.js';
import { EXIT, Stop } from './exit.js';
import { style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** How a check ended: fine, could be better, or no sensor will run. */
type State = 'fine' | 'better' | 'missing';

/** What was looked at, how it is, and what mends it. */
export interface Finding {
  readonly what: string;
  readonly state: State;
  readonly message: string;
  /** A command; empty where nothing need be done. */
  readonly mend: string;
}

/** `sidewire doctor`. */
export async function doctor(names: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const findings = examine(new Engine().hostReport(), names);
  if (values.json === true) terminal.out(JSON.stringify({ findings }, null, 2));
  else for (const finding of findings) terminal.out(line(finding, terminal));
  return findings.some(({ state }) => state === 'missing') ? EXIT.found : EXIT.ok;
}

const MARKS = { fine: ['ok', 'green'], better: ['could be better', 'yellow'], missing: ['missing', 'red'] } as const;

function line({ what, state, message, mend }: Finding, terminal: Terminal): string {
  const [mark, color] = MARKS[state];
  const head = `${what}: ${style(terminal.color.out, color, mark)}, ${message}`;
  return mend === '' ? head : `${head}\n  ${mend}`;
}

/** What a host lacks; of its interfaces, those that are named, or all that lead somewhere. */
export function examine(host: HostReport, names: readonly string[] = []): Finding[] {
  const unknown = names.find((name) => !host.interfaces.some((one) => one.name === name));
  if (unknown !== undefined) {
    const others = host.interfaces.map(({ name }) => name).join(', ');
    throw new Stop(EXIT.usage, `${unknown}: there is no such interface (there are: ${others})`);
  }
  return [rights(host), method(host), ring(host), ...libraries(host), clock(host), ...interfaces(host, names)];
}

const fine = (what: string, message: string): Finding => ({ what, state: 'fine', message, mend: '' });

function rights({ root, net_raw }: HostReport): Finding {
  if (net_raw) return fine('rights', root ? 'root; --user gives that up once interfaces are open' : 'CAP_NET_RAW');
  return {
    what: 'rights',
    state: 'missing',
    message: 'this process may not capture (CAP_NET_RAW)',
    mend: 'sudo sidewire sensor --user NAME ...   (or in a systemd unit: AmbientCapabilities=CAP_NET_RAW)',
  };
}

function method({ af_packet, libpcap }: HostReport): Finding {
  if (af_packet) return fine('capture', 'AF_PACKET');
  if (libpcap !== null) return fine('capture', libpcap);
  return {
    what: 'capture',
    state: 'missing',
    message: 'neither AF_PACKET nor libpcap is there',
    mend: 'install libpcap, as in: brew install libpcap',
  };
}

function ring({ ring_trouble, net_raw }: HostReport): Finding {
  if (ring_trouble === null)
    return fine('ring memory', net_raw ? 'a ring can be had' : 'not tried without the right to');
  return { what: 'ring memory', state: 'missing', message: ring_trouble, mend: 'sidewire sensor --ring-size 16mb ...' };
}

function libraries({ libpcap, vectorscan, libmagic, af_packet }: HostReport): Finding[] {
  const optional = (what: string, version: string | null, without: string, mend: string): Finding =>
    version === null ? { what, state: 'better', message: `not installed: ${without}`, mend } : fine(what, version);
  return [
    optional(
      'Vectorscan',
      vectorscan,
      'large rule sets are matched more slowly',
      'apt-get install libvectorscan5   (or libhyperscan5)',
    ),
    optional('libmagic', libmagic, 'rules on kinds of files hold on nothing', 'apt-get install libmagic1'),
    ...(af_packet ? [optional('libpcap', libpcap, 'no filters, no --pcap', 'apt-get install libpcap0.8')] : []),
  ];
}

function clock({ clock_synchronised }: HostReport): Finding {
  if (clock_synchronised !== false)
    return fine(
      'clock',
      clock_synchronised === null ? 'the system does not say who keeps it' : 'kept by a time service',
    );
  return {
    what: 'clock',
    state: 'better',
    message: 'nobody keeps it: times of events drift',
    mend: 'timedatectl set-ntp true   (or: apt-get install chrony)',
  };
}

function interfaces({ interfaces: all }: HostReport, names: readonly string[]): Finding[] {
  const chosen = names.length > 0 ? all.filter(({ name }) => names.includes(name)) : all.filter((one) => !one.loopback);
  return chosen.map(({ name, up, carrier, offloads, hardware_time }): Finding => {
    const what = `interface ${name}`;
    if (!up) return { what, state: 'better', message: 'it is down', mend: `ip link set ${name} up` };
    if (offloads.length > 0)
      return {
        what,
        state: 'better',
        message: `it joins segments before they are captured (${offloads.join(', ')}): packets differ from the wire's`,
        mend: `ethtool -K ${name} ${offloads.map((offload) => `${offload} off`).join(' ')}`,
      };
    return fine(
      what,
      `${carrier ? 'up' : 'up, without a carrier'}${hardware_time ? '; its card can stamp packets' : ''}`,
    );
  });
}
