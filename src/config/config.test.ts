import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OutputConfig } from '../generated/config.js';
import { loadCatalog } from '../rules/suricata/catalog/load.js';
import { applySet, dumpConfig, fromPlain, parseConfig, resolve, SURICATA_DEFAULTS } from './index.js';
import type { ConfigMap } from './node.js';
import { octets, truth } from './values.js';

const PURPOSE = {
  logDir: '/logs',
  workers: 1,
  catalog: {
    protocols: [
      { name: 'http', aliases: ['http1'], off_by_default: false },
      { name: 'dcerpc', aliases: [], off_by_default: false },
      { name: 'modbus', aliases: [], off_by_default: true },
    ],
    sinks: loadCatalog().sinks,
    methods: loadCatalog().methods,
  },
};

function config(text: string, files: Record<string, string> = {}): ConfigMap {
  return parseConfig(text, 'dir/suricata.yaml', (path) => {
    const found = files[path];
    if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return found;
  });
}

/** The event types of an output that writes EVE. */
function eveTypes(output: OutputConfig | undefined) {
  return output?.format.kind === 'eve' ? output.format.types : {};
}

describe('values', () => {
  it.each([
    ['64mb', 67_108_864],
    ['128 KiB', 131_072],
    ['4096', 4096],
    ['1.5gb', 1_610_612_736],
    ['2 parsecs', null],
    ['', null],
  ])('reads %j as %s octets', (text, expected) => expect(octets(text)).toBe(expected));

  it.each([
    ['Yes', true],
    ['off', false],
    ['auto', null],
  ])('reads %j as %s', (text, expected) => expect(truth(text)).toBe(expected));
});

describe('loading', () => {
  it('keeps every scalar as text, as YAML 1.1 without types', () => {
    const dumped = dumpConfig(config('%YAML 1.1\n---\na: yes\nb: 010\nc: 1:30\nd: ~\ne: "x # y"\n'));
    expect(dumped).toEqual(['a = yes', 'b = 010', 'c = 1:30', 'd = (null)', 'e = x # y']);
  });

  it('includes files, in lists and below keys, and reads keys with dots as paths', () => {
    const main =
      'vars:\n  address-groups:\n    HOME_NET: a\ninclude: more.yaml\nfoo_bar:\n  include:\n    - other.yaml\n';
    const loaded = config(main, {
      'dir/more.yaml': 'vars.address-groups.HOME_NET: "10.0.0.1"\nvars.port-groups.FTP_PORTS: "[21]"\n',
      'dir/other.yaml': 'af-packet:\n  - interface: eth0\n    defrag: yes\n',
    });
    expect(dumpConfig(loaded)).toEqual([
      'vars = (null)',
      'vars.address-groups = (null)',
      'vars.address-groups.HOME_NET = 10.0.0.1',
      'vars.port-groups = (null)',
      'vars.port-groups.FTP_PORTS = [21]',
      'foo-bar = (null)',
      'foo-bar.af-packet = (null)',
      'foo-bar.af-packet.0 = interface',
      'foo-bar.af-packet.0.interface = eth0',
      'foo-bar.af-packet.0.defrag = yes',
    ]);
  });

  it('names file, line and column of what is wrong', () => {
    expect(() => config('a:\n  - b\n c: d\n')).toThrow(/^dir\/suricata\.yaml:3:/);
    expect(() => config('include: gone.yaml\n')).toThrow(/^dir\/suricata\.yaml:1:1: cannot read dir\/gone\.yaml/);
    expect(() => config('include: a.yaml\n', { 'dir/a.yaml': 'include: a.yaml\n' })).toThrow(/nest too deeply/);
    expect(() => resolve(config('stream:\n  memcap: plenty\n'), PURPOSE)).toThrow(
      /^dir\/suricata\.yaml:2:11: stream\.memcap must be a size/,
    );
  });
});

describe('resolving', () => {
  const shipped = () => fromPlain(SURICATA_DEFAULTS, { file: 'defaults', line: 0, column: 0 }) as ConfigMap;

  it('gives what the shipped configuration says', () => {
    const { run } = resolve(shipped(), PURPOSE);
    expect(run.stream).toMatchObject({ depth: 1_048_576, midstream: false, memcap: 67_108_864, urgent: 'oob' });
    expect(run.decode).toMatchObject({
      checksums: 'auto',
      vxlan_ports: [4789],
      teredo_ports: [3544],
      offload_length: false,
      partial_checksums: false,
    });
    expect(run.flow.timeouts.tcp).toMatchObject({ new: 60, established: 600, closed: 60 });
    expect(run.flow.timeouts.udp).toMatchObject({ new: 30, closed: 0 });
    expect(run.outputs[0]).toMatchObject({
      format: { kind: 'eve', metadata: true, community_id: null },
      sink: { filetype: 'regular', settings: { filename: '/logs/eve.json', append: 'yes' } },
      when_full: 'wait',
    });
    const types = Object.keys(eveTypes(run.outputs[0]));
    expect(types).toEqual(expect.arrayContaining(['alert', 'anomaly', 'http', 'dcerpc', 'stats', 'flow']));
    expect(types).not.toContain('quic');
    expect(run.protocols.http?.settings['libhtp.default-config.request-body-limit']).toBe('100 KiB');
  });

  it('gives what Suricata gives where a configuration is silent', () => {
    const { run, missing } = resolve(config('%YAML 1.1\n---\n'), PURPOSE);
    expect(run.stream).toMatchObject({ depth: 0, midstream: false, raw: true });
    expect(run.outputs).toEqual([]);
    expect(run.flow.timeouts.tcp).toMatchObject({ new: 30, established: 300 });
    expect(run.protocols).toMatchObject({
      http: { tcp: { enabled: true } },
      dcerpc: { udp: { enabled: true } },
      modbus: { tcp: { enabled: false } },
    });
    expect(missing).toEqual([]);
  });

  it('takes a section of which everything is commented out for one that says nothing', () => {
    const { run, missing } = resolve(config('%YAML 1.1\n---\ncapture:\nstream:\n  reassembly:\n'), PURPOSE);
    expect(run.stream).toMatchObject({ depth: 0, midstream: false });
    expect(missing).toEqual([]);
    expect(() => resolve(config('%YAML 1.1\n---\nstream: 1\n'), PURPOSE)).toThrow('stream');
  });

  it('lets the command line win, into lists too', () => {
    const tree = shipped();
    applySet(tree, 'stream.midstream=true');
    applySet(tree, 'outputs.0.eve-log.types.1.anomaly.types.stream=yes');
    applySet(tree, 'app-layer.protocols.http.enabled=no');
    const { run } = resolve(tree, PURPOSE);
    expect(run.stream.midstream).toBe(true);
    expect(eveTypes(run.outputs[0]).anomaly).toEqual({ enabled: 'yes', 'types.stream': 'yes' });
    expect(run.protocols.http?.tcp.enabled).toBe(false);
    expect(() => applySet(tree, 'stream.midstream')).toThrow(/has no value/);
  });

  it('turns checksums off by either switch', () => {
    const mode = (text: string) => resolve(config(text), PURPOSE).run.decode.checksums;
    expect(mode('stream:\n  checksum-validation: no\n')).toBe('ignore');
    expect(mode('pcap-file:\n  checksum-checks: no\n')).toBe('ignore');
    expect(mode('pcap-file:\n  checksum-checks: yes\n')).toBe('verify');
    expect(() => mode('pcap-file:\n  checksum-checks: often\n')).toThrow(/yes, no or auto/);
  });

  it('resolves fast.log and stats.log beside EVE', () => {
    const text = 'outputs:\n  - fast:\n      enabled: yes\n      append: no\n  - stats:\n      enabled: yes\n';
    const { run } = resolve(config(text), PURPOSE);
    const file = (name: string, append: string) => ({
      filetype: 'regular',
      settings: { filename: join(PURPOSE.logDir, name), append, 'disk-full': 'drop' },
    });
    expect(run.outputs).toEqual([
      { format: { kind: 'fast' }, sink: file('fast.log', 'no'), when_full: 'wait' },
      { format: { kind: 'stats', null_values: false }, sink: file('stats.log', 'yes'), when_full: 'wait' },
    ]);
  });

  it('resolves sockets, permissions and what is done when nobody reads, and names what does not exist', () => {
    const eve = (...lines: string[]) =>
      resolve(
        config(`outputs:\n  - eve-log:\n      enabled: yes\n${lines.map((l) => `      ${l}\n`).join('')}`),
        PURPOSE,
      );
    expect(eve('filetype: unix_stream', 'filename: /run/eve.sock', 'when-full: drop').run.outputs[0]).toMatchObject({
      sink: { filetype: 'unix_stream', settings: { filename: '/run/eve.sock' } },
      when_full: 'drop',
    });
    expect(eve('filetype: unix_dgram').run.outputs[0]?.sink).toMatchObject({ filetype: 'unix_dgram' });
    const { run, missing } = eve(
      'filemode: 640',
      'prefix: "@cee: "',
      'rotate-interval: hour',
      'rotate: 7',
      'threaded: false',
    );
    const settings = { filemode: '640', 'rotate-interval': 'hour' };
    expect(run.outputs[0]).toMatchObject({ format: { prefix: '@cee: ' }, sink: { settings } });
    expect(missing).toEqual(['outputs.eve-log.rotate']);
    expect(() => eve('rotate-interval: often')).toThrow(/minute, hour, day or a span/);
    expect(eve('filetype: pigeon').missing).toEqual(['outputs.eve-log.filetype pigeon (nothing is written there)']);
    expect(() => eve('filemode: rw')).toThrow(/three octal digits/);
    expect(() => eve('when-full: burst')).toThrow(/when-full/);
  });

  it('hands a kind of sink the settings that it declares, and names those that it does not have', () => {
    const port = {
      key: 'queue.port',
      doc: 'Its port.',
      kind: { kind: 'number', most: 65_535 },
      usual: '6379',
    } as const;
    const kind = { filetypes: ['queue'], doc: '', settings: [{ ...port, required: true }] };
    const purpose = { ...PURPOSE, catalog: { ...PURPOSE.catalog, sinks: [...PURPOSE.catalog.sinks, kind] } };
    const fast = (...lines: string[]) =>
      resolve(config(`outputs:\n  - fast:\n      enabled: yes\n${lines.map((l) => `      ${l}\n`).join('')}`), purpose);
    const { run, missing } = fast('filetype: queue', 'queue:', '  port: 80', '  speed: 9', 'append: no');
    expect(run.outputs[0]?.sink).toEqual({ filetype: 'queue', settings: { 'queue.port': '80' } });
    expect(missing).toEqual(['outputs.fast.queue.speed']);
    expect(fast('filetype: queue').run.outputs[0]?.sink?.settings).toEqual({ 'queue.port': '6379' });
    expect(fast('queue:', '  port: 80').missing).toEqual([]);
    expect(() => fast('filetype: queue', 'queue:', '  port: none')).toThrow(/outputs\.0\.fast\.queue\.port must be/);
  });

  it('writes no statistics where they are switched off', () => {
    const stats = (text: string) => resolve(config(text), PURPOSE).run.stats;
    expect(stats('stats:\n  enabled: no\n')).toBeNull();
    expect(stats('stats:\n  enabled: yes\n  interval: 30\n')).toEqual({ interval: 30 });
    expect(stats('%YAML 1.1\n---\n')).toEqual({ interval: 8 });
  });

  it('says whether and how often alerts tell a transaction that their rules do not look at', () => {
    const detect = (text: string) => {
      const { guess_transaction, guesses_per_transaction } = resolve(config(text), PURPOSE).run.detect;
      return [guess_transaction, guesses_per_transaction];
    };
    expect(detect('%YAML 1.1\n---\n')).toEqual([false, 4]);
    expect(detect('detect:\n  guess-applayer-tx: yes\n  stream-tx-log-limit: 1000\n')).toEqual([true, 255]);
  });

  it.each([
    ['stream:\n  bypass: yes\n', []],
    ['defrag:\n  enabled: no\n', ['defrag.enabled']],
    ['decoder:\n  erspan:\n    typeI:\n      enabled: yes\n', []],
    ['stats:\n  enabled: no\n  interval: 5\n', []],
  ])('accepts no setting that nothing reads: %j', (text, missing) =>
    expect(resolve(config(text), PURPOSE).missing).toEqual(missing),
  );

  it('names what does not exist here, once, and says nothing of what is off or only tunes', () => {
    const text =
      'max-pending-packets: 1024\naf-packet:\n  - interface: eth0\noutputs:\n  - http-log:\n      enabled: yes\n' +
      '  - tls-store:\n      enabled: no\n  - eve-log:\n      enabled: yes\n      types: [alert, quic, quic]\n' +
      'app-layer:\n  protocols:\n    tls:\n      enabled: yes\n    smb:\n      enabled: no\nmulti-detect:\n  loaders: 3\n';
    expect(resolve(config(text), PURPOSE).missing).toEqual([
      'multi-detect',
      'app-layer.protocols.tls',
      'outputs.http-log',
      'outputs.eve-log.types.quic',
    ]);
  });
});
