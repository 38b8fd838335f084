import { describe, expect, it } from 'vitest';
import type { HostReport } from '../engine/index.js';
import { examine } from './doctor.js';

const HOST: HostReport = {
  root: true,
  net_raw: true,
  af_packet: true,
  ring_trouble: null,
  libpcap: 'libpcap version 1.10.3',
  vectorscan: '5.4.11',
  libmagic: '5.44',
  clock_synchronised: true,
  interfaces: [
    { name: 'eth1', up: true, carrier: true, loopback: false, offloads: [], hardware_time: false },
    { name: 'lo', up: true, carrier: true, loopback: true, offloads: ['gro'], hardware_time: false },
  ],
};

describe('doctor', () => {
  it('finds nothing on a host that lacks nothing', () => {
    const found = examine(HOST);
    expect(found.every(({ state, mend }) => state === 'fine' && mend === '')).toBe(true);
    expect(found.map(({ what }) => what)).toEqual([
      'rights',
      'capture',
      'ring memory',
      'Vectorscan',
      'libmagic',
      'libpcap',
      'clock',
      'interface eth1',
    ]);
  });

  it.each<[string, Partial<HostReport>, RegExp]>([
    ['rights', { net_raw: false }, /sudo sidewire sensor/],
    ['ring memory', { ring_trouble: 'no memory' }, /--ring-size/],
    ['Vectorscan', { vectorscan: null }, /apt-get install libvectorscan/],
    ['libmagic', { libmagic: null }, /apt-get install libmagic1/],
    ['libpcap', { libpcap: null }, /apt-get install libpcap0.8/],
    ['capture', { af_packet: false, libpcap: null }, /libpcap/],
    ['clock', { clock_synchronised: false }, /timedatectl/],
    ['interface e', { interfaces: [{ ...HOST.interfaces[0], name: 'e', up: false } as never] }, /ip link set e up/],
    [
      'interface e',
      { interfaces: [{ ...HOST.interfaces[0], name: 'e', offloads: ['gro', 'lro'] } as never] },
      /ethtool -K e gro off lro off/,
    ],
  ])('says what mends %s', (what, lacking, mend) => {
    const found = examine({ ...HOST, ...lacking }).filter(({ state }) => state !== 'fine');
    expect(found.map((one) => one.what)).toEqual([what]);
    expect(found[0]?.mend).toMatch(mend);
  });

  it('looks at the interfaces that are named', () => {
    const found = examine(HOST, ['lo']);
    expect(found.at(-1)).toMatchObject({ what: 'interface lo', mend: 'ethtool -K lo gro off' });
    expect(() => examine(HOST, ['eth9'])).toThrow(/eth9: there is no such interface \(there are: eth1, lo\)/);
  });
});
