import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ruleset, RunStats } from '../engine/index.js';
import { nested } from './counters.js';
import { LossWatch } from './loss.js';
import { MetricsServer, metricsAddress, metricsText } from './metrics.js';
import { Operation } from './operation.js';
import { writePidFile } from './pid-file.js';
import { RuleReloader } from './reload.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-operation-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const STATS: RunStats = {
  time: '2026-11-29T00:00:00.000000+0000',
  uptime: 5,
  counters: {
    'decoder.pkts': 3,
    'detect.alerts_suppressed': 1,
    'tcp.memuse': 9,
    'capture.kernel_drops': 3,
    'capture.interfaces.eth0:7.kernel_drops': 3,
    'capture.interfaces.eth0:7.rings.1.kernel_drops': 2,
    'capture.interfaces.eth0:7.up': 1,
  },
  workers: [
    { worker: 0, source: 'eth0', counters: { 'decoder.pkts': 1, 'tcp.memuse': 4 } },
    { worker: 1, source: 'eth"1', counters: { 'decoder.pkts': 2, 'tcp.memuse': 5 } },
  ],
  events: { alert: 2 },
  outputs: [{ output: 'redis one', lines: 7, dropped: 2, trouble: 'Connection refused' }],
};

describe('counters', () => {
  it('are nested by their names', () => {
    expect(nested({ 'a.b': 1, 'a.c.d': 2, e: 3 })).toEqual({ a: { b: 1, c: { d: 2 } }, e: 3 });
  });

  it('are told to Prometheus once each: of workers by worker and source, others without', () => {
    const text = metricsText({ release: '1', started: new Date(), stats: () => STATS, reloader: null });
    const lines = text.split('\n');
    expect(lines).toContain('sidewire_decoder_pkts_total{worker="0",source="eth0"} 1');
    expect(lines).toContain('sidewire_decoder_pkts_total{worker="1",source="eth\\"1"} 2');
    expect(lines).toContain('sidewire_capture_kernel_drops_total 3');
    expect(lines).toContain('sidewire_capture_interface_kernel_drops_total{interface="eth0.7"} 3');
    expect(lines).toContain('sidewire_capture_ring_kernel_drops_total{interface="eth0.7",ring="1"} 2');
    expect(lines).toContain('sidewire_capture_interface_up{interface="eth0.7"} 1');
    expect(lines).toContain('sidewire_tcp_memuse{worker="0",source="eth0"} 4');
    expect(lines).toContain('sidewire_detect_alerts_suppressed_total 1');
    expect(lines).toContain('sidewire_events_total{type="alert"} 2');
    expect(lines).toContain('sidewire_output_lines_dropped_total{output="redis one"} 2');
    const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
    expect(new Set(types).size).toBe(types.length);
    const sample = /^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)+\})? -?[\d.e+-]+$/;
    for (const line of lines) if (line !== '' && !line.startsWith('#')) expect(line).toMatch(sample);
  });

  it('are served at the loopback unless an address is named', async () => {
    expect(metricsAddress('9100')).toEqual({ host: '127.0.0.1', port: 9100 });
    expect(metricsAddress('10.0.0.1:1')).toEqual({ host: '10.0.0.1', port: 1 });
    expect(metricsAddress('[::1]:2')).toEqual({ host: '::1', port: 2 });
    for (const wrong of ['', ':1', '1:2:3', '70000', 'x'])
      expect(() => metricsAddress(wrong), wrong).toThrow('is no address');
    const server = await MetricsServer.listen('0', {
      release: '1',
      started: new Date(),
      stats: () => null,
      reloader: null,
    });
    const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    const found = await get('/metrics');
    expect(found.headers.get('content-type')).toContain('version=0.0.4');
    expect(await found.text()).toContain('sidewire_info{version="1"} 1');
    expect((await get('/')).status).toBe(404);
    await server.close();
  });
});

describe('losses of outputs', () => {
  it('are said when they grow, and not with each look', () => {
    const said: string[] = [];
    let stats = STATS;
    const watch = new LossWatch(
      () => stats,
      (message) => said.push(message),
    );
    watch.look(0);
    watch.look(60_000);
    stats = { ...STATS, outputs: [{ output: 'redis one', lines: 9, dropped: 3 }] };
    watch.look(60_001);
    watch.look(60_002);
    stats = { ...STATS, outputs: [{ output: 'redis one', lines: 9, dropped: 4 }] };
    watch.look(60_003);
    watch.close();
    expect(said).toEqual([
      'redis one: 2 of 7 lines were dropped (Connection refused)',
      'redis one: 3 of 9 lines were dropped',
    ]);
  });
});

/** A rule set without native code. */
function ruleset(loaded: number, failed = 0): Ruleset & { closed: boolean } {
  const set = {
    closed: false,
    size: loaded,
    counts: { loaded, failed, skipped: 0 },
    close: () => {
      set.closed = true;
    },
  };
  return set as unknown as Ruleset & { closed: boolean };
}

describe('reloading rules', () => {
  const reloader = (first: Ruleset, sets: (Ruleset | Error)[], strict = false) => {
    const placed: Ruleset[] = [];
    const load = async () => {
      const next = sets.shift();
      if (next instanceof Error || next === undefined) throw next ?? new Error('nothing left');
      return next;
    };
    return { placed, reloader: new RuleReloader(first, { load, place: (set) => placed.push(set), strict }) };
  };

  it('puts a set in place and closes the one before', async () => {
    const [first, second] = [ruleset(1), ruleset(2, 1)];
    const { placed, reloader: one } = reloader(first, [second]);
    expect(await one.reload()).toEqual({ ok: true, message: '2 rules loaded, 1 failed' });
    expect(placed).toEqual([second]);
    expect([first.closed, second.closed, one.rules]).toEqual([true, false, second]);
  });

  it('keeps the set that works, and says why', async () => {
    const [first, empty, broken] = [ruleset(5), ruleset(0, 3), ruleset(4, 1)];
    const { placed, reloader: one } = reloader(first, [new Error('cannot read'), empty, broken], true);
    expect(await one.reload()).toEqual({ ok: false, message: 'cannot read; the 5 rules that were in place stay' });
    expect((await one.reload()).message).toContain('no rule is left of the new set (3 failed)');
    expect((await one.reload()).message).toContain('1 rules of the new set are broken');
    expect([placed.length, first.closed, empty.closed, broken.closed]).toEqual([0, false, true, true]);
  });

  it('serves any number of requests during a reload by one more', async () => {
    const sets = [ruleset(1), ruleset(2), ruleset(3)];
    const { placed, reloader: one } = reloader(ruleset(9), [...sets]);
    await Promise.all([one.reload(), one.reload(), one.reload(), one.reload()]);
    expect(placed).toEqual(sets.slice(0, 2));
    expect(one.isUnderway).toBe(false);
  });
});

describe('a command socket that is taken', () => {
  const begin = async (socket: string, socketIsUsual: boolean) => {
    const said: string[] = [];
    const operation = await Operation.begin({
      version: '8',
      release: '0',
      runMode: 'workers',
      captureMode: 'PCAP_FILE',
      settings: new Map() as never,
      reloader: null,
      socket,
      socketIsUsual,
      say: (level, subject, message) => said.push(`${level} ${subject}: ${message}`),
    });
    return { operation, said };
  };

  it('is said and done without where it is the usual one, and ends the start where it was named', async () => {
    const socket = join(folder, 'commands.socket');
    const first = await begin(socket, false);
    expect(first.said).toEqual([`notice unix-manager: commands are taken at ${socket}`]);
    const second = await begin(socket, true);
    expect(second.said).toEqual([
      `warning unix-manager: no commands are taken: ${socket} is taken: another process listens there`,
    ]);
    await second.operation.end();
    expect(existsSync(socket), 'the socket is its owner’s').toBe(true);
    await expect(begin(socket, false)).rejects.toThrow('is taken');
    await first.operation.end();
    expect(existsSync(socket)).toBe(false);
  });
});

describe('the file of the process’s number', () => {
  it('is removed at the end, refused while its process lives, and taken over when it does not', () => {
    const path = join(folder, 'pid');
    const remove = writePidFile(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    remove();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, `${process.ppid}\n`);
    expect(() => writePidFile(path)).toThrow(`of process ${process.ppid}`);
    writeFileSync(path, '999999999\n');
    writePidFile(path)();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'something else');
    expect(() => writePidFile(path)).toThrow('remove the file');
  });
});
