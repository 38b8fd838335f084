import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { renderLine } from '../diagnostics/render.js';
import { type Collected, collect } from '../engine/collect.js';
import type { RuleSource } from '../engine/compile.js';
import { Engine } from '../engine/engine.js';
import { type Trace, traceText } from '../engine/explain.js';
import { explainSigma, type SigmaRuleset } from '../engine/hunt.js';
import type { EngineOptions } from '../engine/options.js';
import { sigmaTraceText } from '../engine/sigma-trace.js';
import type { Frame } from './frame.js';
import { type Conversation, capture } from './pcap.js';
import { refuseCompiled } from './refuse.js';

/** What is replayed: a path, the octets of a capture, a conversation, or frames. */
export type Input = string | Uint8Array | Conversation | readonly Frame[];

/**
 * Rules as text, or the paths of their files and of directories: network rules, and Sigma rules, which of a replay are held against
 * what it says of traffic. `sigma` are Sigma rules as text.
 */
export type Rules = string | Pick<RuleSource, 'files' | 'text' | 'sigma'>;

/** Silent rules whose explanation is kept for a failed expectation; with more rules nobody asks for all of them. */
const MAX_EXPLAINED = 16;

/** What a replay in a test gave. */
export interface Replayed extends Collected {
  /** Why the rules that did not alert did not, by sid, or id of a Sigma rule; in words. */
  readonly explained: ReadonlyMap<number | string, readonly string[]>;
  /** The network rules there are. */
  readonly sids: readonly number[];
  /** Those that never alert: they have `noalert`, or only let pass or configure. */
  readonly silent: readonly number[];
  readonly sigma: SigmaRuleset | null;
}

/**
 * Replays into memory, for tests of rules. `$HOME_NET` and `$EXTERNAL_NET` are `any` unless the options say otherwise.
 * @throws {Error} when a rule has an error: a test with a broken rule tests nothing
 * @throws {EngineError} `options/unknown` when a member of the options or of the rules is misspelt
 */
export async function replay(input: Input, rules: Rules, options: EngineOptions = {}): Promise<Replayed> {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, ...options });
  await using set = await engine.compile(sourceOf(rules));
  const { sigma, sids } = set;
  const diagnostics: readonly Diagnostic[] = [...set.findings.diagnostics, ...(sigma?.diagnostics ?? [])];
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`The rules have errors:\n${errors.map(renderLine).join('\n')}`);
  const problems = [...set.problems.map(({ sid, message }) => ({ id: sid, message })), ...(sigma?.problems ?? [])];
  const [problem] = problems;
  if (problem) throw new Error(`Rule ${problem.id} was left out: ${problem.message}`);
  return await withFile(input, async (path, folder) => {
    const collected = await collect(engine.replay(path, { rules: set }));
    const explained = new Map<number | string, readonly string[]>();
    const silent = sids.filter((sid) => !collected.alerts.some(({ alert }) => alert.signature_id === sid));
    if (silent.length <= MAX_EXPLAINED)
      for (const sid of silent) explained.set(sid, traceText(await engine.explain(path, set, sid)));
    if (sigma) for (const [id, lines] of await explainedSigma(sigma, collected, folder)) explained.set(id, lines);
    return { ...collected, explained, sids, silent: set.findings.silent, sigma };
  });
}

/** Why Sigma rules did not match what a replay said. */
async function explainedSigma(
  rules: SigmaRuleset,
  { events, alerts }: Collected,
  folder: string,
): Promise<(readonly [string, readonly string[]])[]> {
  const hit = new Set(alerts.map(({ alert }) => alert.metadata?.sigma_id?.[0]));
  const silent = rules.loaded.filter(({ rule }) => !hit.has(rule.head.id));
  if (silent.length > MAX_EXPLAINED || events.length === 0) return [];
  const eve = join(folder, 'eve.json');
  writeFileSync(eve, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const traces = silent.map(async ({ rule }) => {
    const trace = await explainSigma([eve], rule.head.id, { rules });
    return [rule.head.id, sigmaTraceText(trace, rule.sources.length > 0)] as const;
  });
  return await Promise.all(traces);
}

/** For each flow and transaction, the first stage at which a rule failed. */
export async function explain(input: Input, rules: Rules, sid: number, options: EngineOptions = {}): Promise<Trace> {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, ...options });
  await using set = await engine.compile(sourceOf(rules));
  return await withFile(input, (path) => engine.explain(path, set, sid));
}

function sourceOf(rules: Rules): RuleSource {
  refuseCompiled(rules);
  return typeof rules === 'string' ? { text: rules } : rules;
}

async function withFile<T>(input: Input, use: (path: string, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  try {
    if (typeof input === 'string') return await use(input, folder);
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, input instanceof Uint8Array ? input : capture(input));
    return await use(path, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
