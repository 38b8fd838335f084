import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, type EngineOptions } from '../../engine/index.js';

/** How far a packet goes in a measurement; each stage is the one before and something more. */
export const STAGES = ['streams', 'protocols', 'rules', 'eve'] as const;
export type StageName = (typeof STAGES)[number];

/** What a stage adds, in words. */
export const STAGE_WORDS: Readonly<Record<StageName, string>> = {
  streams: 'reading, decoding, flows, streams',
  protocols: 'and protocols',
  rules: 'and rules',
  eve: 'and eve.json',
};

/** One measurement of this engine. */
export interface OwnTurn {
  /** From the first packet to the last event. */
  readonly seconds: number;
  readonly cpu: number;
  readonly packets: number;
  readonly octets: number;
  readonly alerts: number;
  readonly events: number;
  readonly rules: number;
  /** Seconds of loading the rules. */
  readonly load: number;
  /** Octets. */
  readonly peakMemory: number;
}

/** One run of a program from start to end. */
export interface ProcessTurn {
  readonly seconds: number;
  /** `null` where it cannot be told. */
  readonly cpu: number | null;
  readonly peakMemory: number | null;
}

/** What one measurement is made of; crosses to a process of its own. */
export interface TurnRequest {
  readonly stage: StageName;
  readonly captures: readonly string[];
  readonly rules: readonly string[];
  readonly engine: EngineOptions;
  readonly folder: string;
}

/** Takes one measurement in this process. */
export async function measureHere({
  stage,
  captures,
  rules: files,
  engine: options,
  folder,
}: TurnRequest): Promise<OwnTurn> {
  const set = { ...options.set, ...(stage === 'streams' ? withoutProtocols(options) : {}) };
  const engine = new Engine({ ...options, set });
  const loading = performance.now();
  const ruled = stage === 'rules' || stage === 'eve';
  const rules = ruled ? await engine.compile({ files }) : undefined;
  const load = (performance.now() - loading) / 1000;
  if (stage === 'eve') mkdirSync(folder, { recursive: true });
  const before = process.cpuUsage();
  const run = engine.replay(captures, {
    types: [],
    ...(stage === 'eve' ? { logDir: folder } : {}),
    ...(rules ? { rules } : {}),
  });
  const summary = await run.summary();
  const { user, system } = process.cpuUsage(before);
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  return {
    seconds: summary.elapsed,
    cpu: (user + system) / 1e6,
    packets: summary.packets,
    octets: summary.bytes,
    alerts: sum(summary.alerts.map(({ count }) => count)),
    events: sum(Object.values(summary.events)),
    rules: rules?.size ?? 0,
    load,
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
}

function withoutProtocols(options: EngineOptions): Record<string, string> {
  const { protocols } = new Engine(options);
  return Object.fromEntries(protocols.map(({ name }) => [`app-layer.protocols.${name}.enabled`, 'no']));
}

/**
 * Times a program from start to end.
 * @throws {Error} with what it said when it fails
 */
export function timeProcess(program: string, args: readonly string[]): ProcessTurn {
  const timed = spawnSync('/usr/bin/time', ['-f', '%M', 'true']).status === 0;
  const [command, all] = timed ? ['/usr/bin/time', ['-f', '%U %S %M', program, ...args]] : [program, [...args]];
  const begin = performance.now();
  const done = spawnSync(command, all, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64 << 20 });
  const seconds = (performance.now() - begin) / 1000;
  if (done.status !== 0) throw new Error(`${program}: ${done.error?.message ?? lastLine(done.stderr)}`);
  const told = timed ? /([\d.]+) ([\d.]+) (\d+)\s*$/.exec(done.stderr) : null;
  return {
    seconds,
    cpu: told ? Number(told[1]) + Number(told[2]) : null,
    peakMemory: told ? Number(told[3]) * 1024 : null,
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'it failed';
}

/** Instructions in user space of a program, by the counters of the processor; `null` where `perf` cannot read them. */
export function countInstructions(program: string, args: readonly string[]): number | null {
  const done = spawnSync('perf', ['stat', '-x', ',', '-e', 'instructions:u', '--', program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const counted = /^(\d+),[^,]*,instructions:u/m.exec(done.stderr ?? '');
  return done.status === 0 && counted ? Number(counted[1]) : null;
}

/** An empty capture: what a program takes for it is start and loading. */
export function emptyCapture(folder: string): string {
  const path = join(folder, 'empty.pcap');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  writeFileSync(path, header);
  return path;
}

/** Octets of the captures on disk. */
export function sizeOf(captures: readonly string[]): number {
  return captures.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** Least and middle value. */
export function spread(values: readonly number[]): { least: number; median: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { least: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0 };
}

/** Removes what a turn wrote. */
export function clean(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
