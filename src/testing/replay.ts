import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collected, collect } from '../engine/collect.js';
import { type RuleSource, readSources } from '../engine/compile.js';
import { Engine } from '../engine/engine.js';
import { type Trace, traceText } from '../engine/explain.js';
import type { EngineOptions } from '../engine/options.js';
import { renderLine } from '../rules/suricata/index.js';
import { ruleLines } from '../rules/suricata/syntax/lines.js';
import { Source } from '../source/source.js';
import type { Frame } from './frame.js';
import { type Conversation, capture } from './pcap.js';
import { refuseCompiled } from './refuse.js';

/** What is replayed: a path, the octets of a capture, a conversation, or frames. */
export type Input = string | Uint8Array | Conversation | readonly Frame[];

/** Rules as text, or the paths of their files. */
export type Rules = string | { readonly files: readonly string[] };

/** Silent rules whose explanation is kept for a failed expectation; with more rules nobody asks for all of them. */
const MAX_EXPLAINED = 16;

/** What a replay in a test gave. */
export interface Replayed extends Collected {
  /** Why the rules that did not alert did not, by sid; in words. */
  readonly explained: ReadonlyMap<number, readonly string[]>;
  /** The rules there are. */
  readonly sids: readonly number[];
  /** Those that never alert: they have `noalert`, or only let pass or configure. */
  readonly noalert: readonly number[];
}

/**
 * Replays into memory, for tests of rules. `$HOME_NET` and `$EXTERNAL_NET` are `any` unless the options say otherwise.
 * @throws {Error} when a rule has an error: a test with a broken rule tests nothing
 * @throws {EngineError} `options/unknown` when a member of the options or of the rules is misspelt
 */
export async function replay(input: Input, rules: Rules, options: EngineOptions = {}): Promise<Replayed> {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, ...options });
  const source = sourceOf(rules);
  await using set = await engine.compile(source);
  const errors = set.findings.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`The rules have errors:\n${errors.map(renderLine).join('\n')}`);
  const [problem] = set.problems;
  if (problem) throw new Error(`Rule ${problem.sid} was left out: ${problem.message}`);
  return await withFile(input, async (path) => {
    const collected = await collect(engine.replay(path, { rules: set }));
    const explained = new Map<number, readonly string[]>();
    const silent = set.sids.filter((sid) => !collected.alerts.some(({ alert }) => alert.signature_id === sid));
    if (silent.length <= MAX_EXPLAINED)
      for (const sid of silent) explained.set(sid, traceText(await engine.explain(path, set, sid)));
    return { ...collected, explained, sids: set.sids, noalert: silencedRules(source) };
  });
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

/** The sids of rules that never alert: those with `noalert`, and those that only let pass or configure. */
function silencedRules(source: RuleSource): number[] {
  return readSources(source).flatMap(({ path, text }) =>
    [...ruleLines(new Source(path, text))].flatMap((line) => {
      const sid = /[;(]\s*sid\s*:\s*(\d+)\s*;/.exec(line.text)?.[1];
      const isSilent = /^\s*(?:pass|config)\b|[;(]\s*(?:flowbits\s*:\s*)?noalert\s*;/.test(line.text);
      return sid !== undefined && isSilent ? [Number(sid)] : [];
    }),
  );
}

async function withFile<T>(input: Input, use: (path: string) => Promise<T>): Promise<T> {
  if (typeof input === 'string') return await use(input);
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  try {
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, input instanceof Uint8Array ? input : capture(input));
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
