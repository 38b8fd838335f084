import { describe, expect, it } from 'vitest';
import type { LiveMethod } from '../generated/live.js';
import { loadCatalog } from '../rules/suricata/catalog/load.js';
import { type CaptureOptions, type CapturePlan, planCapture, RING_LENGTH } from './live.js';
import { parseConfig } from './load.js';
import { type Config, resolve } from './resolve.js';

const config = (yaml: string): Config =>
  resolve(parseConfig(yaml, 'suricata.yaml'), {
    logDir: '/log',
    workers: 2,
    catalog: { ...loadCatalog(), protocols: [] },
    live: true,
  });

const plan = (
  yaml: string,
  names: string[] = [],
  options: CaptureOptions = {},
  method: LiveMethod = 'af-packet',
): CapturePlan => planCapture(config(yaml).live, method, names, options);

const AF_PACKET = `
af-packet:
  - interface: eth1
    threads: 3
    cluster-id: 99
    cluster-type: cluster_cpu
    ring-size: 1000
    block-size: 64kb
    bpf-filter: tcp
    disable-promisc: yes
    checksum-checks: no
    defrag: yes
    use-mmap: yes
  - interface: eth2
    threads: auto
  - interface: default
    buffer-size: 4mb
    checksum-checks: yes
    xdp-mode: driver
    cluster-type: cluster_ebpf
`;

describe('the interfaces of a configuration', () => {
  it('are those that have an entry, as it says', () => {
    const { interfaces, workers, missing } = plan(AF_PACKET);
    expect(interfaces.map(({ name }) => name)).toEqual(['eth1', 'eth2']);
    expect(interfaces[0]).toEqual({
      name: 'eth1',
      filter: 'tcp',
      promiscuous: false,
      snap_length: 0,
      ring_length: 1_600_000,
      block_length: 65_536,
      rings: 1,
      fanout: 'cpu',
      cluster: null,
      hardware_time: false,
      checksums: 'ignore',
    });
    expect(interfaces[1]).toMatchObject({ ring_length: 4 * 2 ** 20, checksums: 'verify', promiscuous: true });
    expect(workers).toBe(3);
    expect(missing).toEqual(['af-packet.xdp-mode', 'af-packet.cluster-type cluster_ebpf']);
  });

  it('are those that are named, with the default entry where they have none', () => {
    const { interfaces } = plan(AF_PACKET, ['eth7', 'eth1', 'eth7'], { filter: 'udp', rings: 2, promiscuous: true });
    expect(interfaces.map(({ name }) => name)).toEqual(['eth7', 'eth1']);
    expect(interfaces[0]).toMatchObject({ checksums: 'verify', filter: 'udp', rings: 2, cluster: null });
    expect(interfaces[1]).toMatchObject({ cluster: 99, promiscuous: true });
  });

  it('need no configuration', () => {
    const { interfaces, workers } = plan('', ['lo']);
    expect(interfaces).toMatchObject([
      { name: 'lo', ring_length: RING_LENGTH, checksums: 'kernel', fanout: 'host-pair' },
    ]);
    expect(workers).toBeNull();
    expect(() => plan('')).toThrow(/af-packet names no interface/);
    expect(() => plan('', [], {}, 'pcap')).toThrow(/pcap names no interface/);
  });

  it('of pcap have its keys', () => {
    const yaml = 'pcap:\n  - interface: en0\n    promisc: no\n    snaplen: 96\n    checksum-checks: auto\n';
    expect(plan(yaml, [], {}, 'pcap').interfaces).toMatchObject([
      { name: 'en0', promiscuous: false, snap_length: 96, checksums: 'kernel' },
    ]);
  });

  it('are refused where packets are to be passed on', () => {
    const yaml = 'af-packet:\n  - interface: eth1\n    copy-mode: ips\n    copy-iface: eth2\n';
    expect(() => plan(yaml)).toThrow(/copy-mode ips of eth1 passes packets on/);
    expect(() => plan(yaml.replace('ips', 'none'))).not.toThrow();
    expect(() => plan('af-packet:\n  - interface: a\n    checksum-checks: odd\n')).toThrow(/kernel, auto, yes or no/);
  });
});

describe('settings of live capture', () => {
  it('name a user and the loss that is told', () => {
    const { live, run } = config(
      'run-as:\n  user: suri\ncapture:\n  loss-alert: 0.5\nlivedev:\n  use-for-tracking: no\n',
    );
    expect(live).toMatchObject({ user: 'suri', group: null });
    expect(run.loss_alert).toBe(0.5);
    expect(run.decode.interface_tracking).toBe(false);
    expect(config('').run.loss_alert).toBe(1);
    expect(config('').run.shed_load).toBe(true);
    expect(config('capture:\n  shed: no\n').run.shed_load).toBe(false);
    expect(config('capture:\n  loss-alert: no\n').run.loss_alert).toBe(0);
    expect(() => config('capture:\n  loss-alert: much\n')).toThrow(/a percentage/);
  });
});
