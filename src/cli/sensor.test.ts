import { describe, expect, it } from 'vitest';
import type { CaptureCount } from '../engine/index.js';
import { offloadText, startText } from './sensor.js';
import { rateText } from './sensor-line.js';
import { parseFlags } from './suricata/flags.js';
import { listening } from './suricata/listen.js';

const ring = (of: Partial<CaptureCount>): CaptureCount => ({
  interface: 'eth1',
  ring: 0,
  packets: 0,
  dropped: 0,
  full: 0,
  interfaceDropped: 0,
  truncated: 0,
  up: true,
  ...of,
});

describe('the line of a sensor', () => {
  it('tells rates between two moments, and what was lost of everything', () => {
    const before = { at: 1000, packets: 100, bytes: 1_000_000 };
    const now = { at: 3000, packets: 3100, bytes: 9_000_000 };
    const text = rateText(before, now, [
      ring({ packets: 3000, dropped: 20 }),
      ring({ ring: 1, packets: 1000, dropped: 20 }),
    ]);
    expect(text).toBe('1,500 packets/s  4.0 MB/s  3,100 packets  40 lost (1.00 %)');
  });

  it('counts what a card lost once, and names what is down', () => {
    const now = { at: 1, packets: 0, bytes: 0 };
    const text = rateText({ ...now, at: 0 }, now, [
      ring({ packets: 100, interfaceDropped: 5, up: false }),
      ring({ ring: 1, interfaceDropped: 5, up: false }),
    ]);
    expect(text).toContain('5 lost (5.00 %)  down: eth1');
  });
});

describe('the start of a sensor', () => {
  const opened = { name: 'eth1', link_type: 1, rings: 2, offloads: ['gro', 'lro'], hardware_time: false, up: false };

  it('says what joins segments, and what ends that', () => {
    expect(startText([opened])[0]).toBe('Listening on eth1, 2 rings (it is down, or has no carrier).');
    expect(offloadText(opened)[0]).toContain('`ethtool -K eth1 gro off lro off`');
    expect(offloadText({ ...opened, offloads: [] })).toEqual([]);
  });
});

describe('Suricata’s flags of listening', () => {
  it.each([
    [['-i', 'eth1'], 'af-packet', ['eth1'], null],
    [['-i', 'eth1', '-ieth2', 'tcp', 'port', '80'], 'af-packet', ['eth1', 'eth2'], 'tcp port 80'],
    [['--af-packet'], 'af-packet', [], null],
    [['--af-packet=eth1'], 'af-packet', ['eth1'], null],
    [['--pcap=en0', 'udp'], 'pcap', ['en0'], 'udp'],
  ])('%j', (argv, method, interfaces, filter) => {
    const flags = parseFlags(argv);
    expect(flags.error).toBeNull();
    expect(listening(flags)).toEqual({ method, interfaces, filter });
  });

  it('take words that stand alone for a filter, and only then', () => {
    expect(parseFlags(['-r', 'x.pcap', 'tcp']).error).toMatch(/"tcp" stands alone/);
  });
});
