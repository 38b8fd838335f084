import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeNative } from '../../test/fake/native.js';
import { collect } from './collect.js';
import { Engine } from './engine.js';
import { EngineError, fromNative } from './error.js';
import { expandInputs } from './inputs.js';
import { isInside, plainNetworks } from './variables.js';

const RULE = { action: 'allowed', gid: 1, signature_id: 1, rev: 1, signature: '', category: '', severity: 3 };
const LINES = [
  { event_type: 'alert', alert: RULE },
  ...[1, 2, 3].map((uptime) => ({ event_type: 'stats', stats: { uptime } })),
].map((event) => JSON.stringify({ timestamp: '2026-01-01T00:00:00.000000+0000', ...event }));
const PCAP = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sidewire-'));
  writeFileSync(join(path, 'b.pcap'), PCAP);
  writeFileSync(join(path, 'a.pcap'), PCAP);
  utimesSync(join(path, 'a.pcap'), 2000, 2000);
  utimesSync(join(path, 'b.pcap'), 1000, 1000);
  writeFileSync(join(path, 'README.txt'), 'no capture');
  mkdirSync(join(path, 'more'));
  writeFileSync(join(path, 'more', 'c.pcap'), PCAP);
  return path;
}

describe('a run', () => {
  const capture = join(folder(), 'a.pcap');

  it('gives every event, in order, and a summary', async () => {
    const native = new FakeNative(LINES);
    const { events, alerts, summary, of } = await collect(new Engine({}, native).replay(capture));
    expect(events.map(({ event_type }) => event_type)).toEqual(['alert', 'stats', 'stats', 'stats']);
    expect(alerts).toHaveLength(1);
    expect(of('stats')).toHaveLength(3);
    expect(summary).toMatchObject({ packets: 4, stopped: false });
  });

  it('stops and joins when the loop is left', async () => {
    const native = new FakeNative(LINES);
    for await (const _ of new Engine({}, native).replay(capture)) break;
    expect(native.runs[0]).toMatchObject({ stopped: true, joined: true });
  });

  it('stops and joins when it is disposed of', async () => {
    const native = new FakeNative(LINES);
    {
      await using _run = new Engine({}, native).replay(capture);
    }
    expect(native.runs[0]).toMatchObject({ stopped: true, joined: true });
  });

  it('ends with run/aborted when its signal fires', async () => {
    const native = new FakeNative(LINES);
    const controller = new AbortController();
    const run = new Engine({}, native).replay(capture, { signal: controller.signal });
    const read = async () => {
      for await (const _ of run) controller.abort(new Error('enough'));
    };
    await expect(read()).rejects.toMatchObject({ code: 'run/aborted', cause: { message: 'enough' } });
    expect(native.runs[0]?.joined).toBe(true);
  });

  it('gives its summary once, however often it is asked', async () => {
    const run = new Engine({}, new FakeNative(LINES)).replay(capture);
    const [first, second] = await Promise.all([run.summary(), run.summary()]);
    expect(first).toBe(second);
  });

  it('refuses a second iteration', async () => {
    const run = new Engine({}, new FakeNative(LINES)).replay(capture);
    await collect(run);
    await expect(collect(run)).rejects.toThrow(/once/);
  });

  it('asks for nothing when nobody wants events', async () => {
    const native = new FakeNative(LINES);
    await new Engine({}, native).replay(capture, { types: [], logDir: '/out' }).summary();
    expect(native.configs[0]).toMatchObject({
      outputs: [{ sink: { settings: { filename: '/out/eve.json', append: 'no' } } }],
    });
    expect(native.configs[0]?.outputs).toHaveLength(1);
  });
});

describe('rule sets', () => {
  it('compile from text, tell what is wrong, and end', async () => {
    const engine = new Engine({}, new FakeNative());
    const rules = await engine.compile({
      text: 'alert ip any any -> $EXTERNAL_NET any (sid:1;)\nalert ip any any -> any any (sid:2; nonsense;)\n',
    });
    expect(rules.size).toBe(1);
    expect(rules.findings).toMatchObject({ failed: 1, external: 1, sids: [1, 2] });
    expect(rules.findings.diagnostics[0]).toMatchObject({ file: '<rules>', line: 2, code: 'keyword/unknown' });
    rules.close();
    expect(() => rules.size).toThrow(expect.objectContaining({ code: 'rules/closed' }));
  });

  it('name a file that cannot be read', async () => {
    await expect(new Engine({}, new FakeNative()).compile({ files: ['gone.rules'] })).rejects.toMatchObject({
      code: 'rules/unreadable',
      message: 'gone.rules: there is no such rule file',
    });
  });

  it('stop compiling when their signal fires', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const compiled = new Engine({}, new FakeNative()).compile({ text: 'alert ip any any -> any any (sid:1;)', signal });
    await expect(compiled).rejects.toThrow('enough');
  });

  it('are swapped in the middle of a run', async () => {
    const native = new FakeNative(LINES);
    const engine = new Engine({}, native);
    const rules = await engine.compile({ text: 'alert ip any any -> any any (sid:1;)' });
    const run = engine.replay(join(folder(), 'a.pcap'), { rules });
    run.swap(rules);
    await run.summary();
    expect(native.runs[0]?.swaps).toBe(1);
  });
});

describe('listening', () => {
  it('opens interfaces, and then begins', async () => {
    const native = new FakeNative(LINES);
    const run = new Engine({ workers: 2 }, native).listen(['eth1', 'eth2'], { filter: 'tcp', logDir: '/out' });
    expect(native.opened).toMatchObject([
      {
        interfaces: [
          { name: 'eth1', filter: 'tcp' },
          { name: 'eth2', filter: 'tcp', checksums: 'kernel' },
        ],
      },
    ]);
    expect(native.rightsDropped).toBe(0);
    expect(run.interfaces.map(({ name }) => name)).toEqual(['eth1', 'eth2']);
    const { events } = await collect(run);
    expect(events).toHaveLength(4);
    expect(native.configs[0]).toMatchObject({ workers: 2, inputs: [] });
    // What a sensor wrote before stays.
    expect(JSON.stringify(native.configs[0]?.outputs)).toContain('"append":"yes"');
  });

  it('names a user that does not exist before anything begins', () => {
    const native = new FakeNative(LINES);
    const listen = () => new Engine({}, native).listen('eth1', { user: 'no-such-user-here' });
    expect(listen).toThrow(expect.objectContaining({ code: 'rights/user' }));
    expect(native.runs).toHaveLength(0);
  });

  it('needs an interface', () => {
    expect(() => new Engine({}, new FakeNative()).listen()).toThrow(/names no interface/);
  });
});

describe('options', () => {
  it('are the settings they stand for', () => {
    const { config } = new Engine(
      {
        homeNet: '10.0.0.0/8',
        midstream: false,
        checksums: 'verify',
        workers: 3,
        set: { 'stream.reassembly.depth': '2mb' },
      },
      new FakeNative(),
    );
    expect(config.addressVariables.get('HOME_NET')).toBe('10.0.0.0/8');
    expect(config.run).toMatchObject({
      workers: 3,
      stream: { midstream: false, async_oneside: false, depth: 2_097_152 },
      decode: { checksums: 'verify', offload_length: true },
    });
  });
});

describe('inputs', () => {
  it('are the captures of directories, by name or by time', () => {
    const path = folder();
    const names = (options: Parameters<typeof expandInputs>[1]) =>
      expandInputs([path], options).map((file) => file.slice(path.length + 1));
    expect(names({})).toEqual(['a.pcap', 'b.pcap']);
    expect(names({ order: 'time' })).toEqual(['b.pcap', 'a.pcap']);
    expect(names({ recursive: true })).toEqual(['a.pcap', 'b.pcap', join('more', 'c.pcap')]);
    expect(expandInputs(['/dev/stdin'])).toEqual(['-']);
  });

  it('must exist', () => {
    expect(() => expandInputs(['gone.pcap'])).toThrow(expect.objectContaining({ code: 'capture/not-found' }));
    expect(() => expandInputs([mkdtempSync(join(tmpdir(), 'sidewire-'))])).toThrow(/holds no captures/);
  });
});

describe('errors of the addon', () => {
  it('keep their code', async () => {
    expect(fromNative(new Error('[capture/no-capture] x.txt: text'))).toMatchObject({
      code: 'capture/no-capture',
      message: 'x.txt: text',
    });
    expect(fromNative(new Error('odd'))).toMatchObject({ code: 'engine/internal' });
    const engine = new Engine({}, new FakeNative());
    const rules = await engine.compile({ text: '' });
    await expect(engine.explain(join(folder(), 'a.pcap'), rules, 7)).rejects.toBeInstanceOf(EngineError);
  });
});

describe('networks', () => {
  it('are compared as numbers', () => {
    const home = plainNetworks('[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]') ?? [];
    expect(['10.1.2.3', '172.31.0.1', '192.168.255.1'].every((address) => isInside(address, home))).toBe(true);
    expect(['172.32.0.1', '8.8.8.8', 'fe80::1'].some((address) => isInside(address, home))).toBe(false);
    expect(plainNetworks('!$HOME_NET')).toBeNull();
  });
});
