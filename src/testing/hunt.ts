import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderLine } from '../diagnostics/render.js';
import { compileSigmaRules, explainSigma, type SigmaRuleset, type SigmaSource, startHunt } from '../engine/hunt.js';
import { type KnownKeys, refuseUnknown } from '../engine/known-keys.js';
import { sigmaTraceText } from '../engine/sigma-trace.js';
import type { AlertEvent } from '../generated/events.js';
import type { HuntReport } from '../generated/hunt.js';
import { type LogRecord, logLine } from './log-record.js';
import { refuseCompiled } from './refuse.js';

/** What is searched: the path of a log, paths, the octets of a log, or records. */
export type LogInput =
  | string
  | Uint8Array
  | readonly string[]
  | readonly (LogRecord | Readonly<Record<string, unknown>>)[];

/** Sigma rules as text, or the paths of their files and directories. */
export type SigmaRules = string | Pick<SigmaSource, 'files' | 'text'>;

/** How a log is searched in a test. */
export interface HuntTestOptions {
  /** Values of placeholders (`|expand`). */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  /** Takes what a process creation of Security does not say of its parent from the parent's own creation (default: yes). */
  readonly complete?: boolean;
}

const OPTIONS: KnownKeys<HuntTestOptions> = { placeholders: true, complete: true };

/** Silent rules whose explanation is kept for a failed expectation. */
const MAX_EXPLAINED = 16;

/** What a hunt in a test gave. */
export interface Hunted {
  readonly alerts: readonly AlertEvent[];
  readonly report: HuntReport;
  readonly rules: SigmaRuleset;
  /** Why rules did not match, by id; in words. */
  readonly explained: ReadonlyMap<string, readonly string[]>;
}

/**
 * Holds Sigma rules against event logs, for tests of rules.
 * @throws {Error} when a rule has an error, or there is none: such a test tests nothing
 * @throws {EngineError} `rules/unreadable`, `log/not-found`, `options/unknown`
 */
export async function hunt(input: LogInput, rules: SigmaRules, options: HuntTestOptions = {}): Promise<Hunted> {
  refuseUnknown('The options of `hunt`', options, OPTIONS);
  const { placeholders, complete = true } = options;
  const set = await compileForTest(rules, placeholders);
  return await withLogs(input, async (logs, folder) => {
    const eve = join(folder, 'eve.json');
    const report = await startHunt(logs, { rules: set, eve, complete }).report();
    if (report.failed) throw new Error(`The hunt failed: ${report.failed}`);
    const alerts = readAlerts(eve);
    const explained = new Map<string, readonly string[]>();
    const hit = new Set(alerts.map(({ alert }) => alert.metadata?.sigma_id?.[0]));
    const silent = set.loaded.filter(({ rule }) => !hit.has(rule.head.id));
    if (silent.length <= MAX_EXPLAINED)
      for (const { rule } of silent) {
        const trace = await explainSigma(logs, rule.head.id, { rules: set, complete });
        explained.set(rule.head.id, sigmaTraceText(trace, rule.sources.length > 0));
      }
    return { alerts, report, rules: set, explained };
  });
}

/** Compiles rules of a test: one that has an error, or is none, tests nothing. */
async function compileForTest(rules: SigmaRules, placeholders: HuntTestOptions['placeholders']): Promise<SigmaRuleset> {
  refuseCompiled(rules);
  const source: SigmaSource = typeof rules === 'string' ? { text: rules } : rules;
  const set = await compileSigmaRules({ ...source, ...(placeholders ? { placeholders } : {}) });
  const errors = set.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`The rules have errors:\n${errors.map(renderLine).join('\n')}`);
  const [problem] = set.problems;
  if (problem) throw new Error(`Rule ${problem.id} was left out: ${problem.message}`);
  if (set.size === 0) throw new Error('There is no rule in what was given as rules.');
  return set;
}

function readAlerts(eve: string): AlertEvent[] {
  const lines = readFileSync(eve, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AlertEvent);
}

async function withLogs<T>(input: LogInput, use: (logs: readonly string[], folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-hunt-'));
  try {
    return await use(pathsOf(input, folder), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pathsOf(input: LogInput, folder: string): readonly string[] {
  if (typeof input === 'string') return [input];
  if (!(input instanceof Uint8Array) && !Array.isArray(input))
    throw new TypeError('A log is given as a path, paths, octets, or a list of records.');
  const items: readonly unknown[] = input instanceof Uint8Array ? [] : input;
  if (items.length > 0 && items.every((item) => typeof item === 'string')) return items as readonly string[];
  const path = join(folder, 'log.jsonl');
  const records = items as readonly Readonly<Record<string, unknown>>[];
  writeFileSync(
    path,
    input instanceof Uint8Array ? input : records.map((record, index) => `${logLine(record, index)}\n`).join(''),
  );
  return [path];
}
