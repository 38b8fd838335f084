import type { RuleCounts } from '../generated/config.js';
import type { Problem, RulesetStats } from '../generated/run.js';
import type { Diagnostic } from '../rules/suricata/index.js';
import { EngineError } from './error.js';
import type { SigmaRuleset } from './hunt.js';
import type { NativeRuleset } from './native.js';

export type { Problem, RulesetStats };

/** What the rule compiler said beside the set itself. */
export interface Findings {
  /** Everything to say about rules and settings files, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];
  /** Rules that were lost: those with errors. */
  readonly failed: number;
  /** Rules whose `requires` does not hold here. */
  readonly skipped: number;
  /** Lines of threshold.config that were understood. */
  readonly thresholds: number;
  /** What the rules need that a configuration may lack. */
  readonly needs: readonly 'file-store'[];
  /** Files read. */
  readonly files: number;
  /** Rules whose header asks for a side outside `$HOME_NET`. */
  readonly external: number;
  /** Signature ids met, in order. */
  readonly sids: readonly number[];
  /** Those of rules that never alert: they have `noalert`, or only let pass or configure. */
  readonly silent: readonly number[];
  /** Why compiled rules on disk were not used, or could not be kept. */
  readonly cacheTrouble: string | null;
}

/**
 * A compiled rule set: immutable, and good for any number of runs at once. Made by `Engine.compile`.
 *
 * Closing it (`close`, or `await using` from Node 24 on) lets go of the native memory as soon as no run uses it.
 */
export class Ruleset implements AsyncDisposable {
  #native: NativeRuleset | null;
  #sigma: SigmaRuleset | null = null;

  constructor(
    native: NativeRuleset,
    /** What the compiler said. */
    readonly findings: Findings,
  ) {
    this.#native = native;
  }

  /** Number of rules in the set, those of Sigma among them. */
  get size(): number {
    return this.native().rules + (this.#sigma?.size ?? 0);
  }

  /** The signature ids in the texts the set was made from, those of broken rules among them. */
  get sids(): readonly number[] {
    return this.findings.sids;
  }

  /** The Sigma rules beside the set, with what was said of them; `null`: there are none. */
  get sigma(): SigmaRuleset | null {
    return this.#sigma;
  }

  /** Puts Sigma rules beside the set: runs hold them against the events they write. */
  addSigma(rules: SigmaRuleset): void {
    this.native().addSigma(rules.native());
    this.#sigma = rules;
  }

  /** Rules that were understood but could not be compiled. */
  get problems(): readonly Problem[] {
    return JSON.parse(this.native().problems()) as Problem[];
  }

  /** What became of the rules, as `stats` events tell it. */
  get counts(): RuleCounts {
    const { failed, skipped } = this.findings;
    return { loaded: this.size, failed: failed + this.problems.length, skipped };
  }

  get stats(): RulesetStats {
    return JSON.parse(this.native().stats()) as RulesetStats;
  }

  /**
   * The addon's set.
   * @throws {EngineError} `rules/closed`
   */
  native(): NativeRuleset {
    if (this.#native === null) throw new EngineError('rules/closed', 'This rule set was closed; compile it again.');
    return this.#native;
  }

  /** Lets go of the native memory: it is free as soon as no run uses the set. */
  close(): void {
    this.#native?.close();
    this.#native = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
