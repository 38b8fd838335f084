import type { Ruleset } from '../engine/index.js';

/** What became of a request to reload rules, in words. */
export interface ReloadOutcome {
  readonly ok: boolean;
  readonly message: string;
}

/** Where a reloader gets its rules and what it does with them. */
export interface ReloadPlan {
  /** Reads the rules and settings files anew, and compiles them. */
  load(): Promise<Ruleset>;
  /** Puts a set in place: between two packets of the run that goes on. */
  place(rules: Ruleset): void;
  /** A set with broken rules is not put in place, either. */
  readonly strict: boolean;
}

/** Is told of each reload, whoever asked for it. */
export interface ReloadListener {
  begins(): void;
  ends(outcome: ReloadOutcome): void;
}

/**
 * Keeps the rule set of a run, and puts another in its place on request. The set that works stays until there is another
 * that does: one that cannot be read, or of which no rule is left, changes nothing.
 */
export class RuleReloader {
  #rules: Ruleset;
  #last = new Date();
  #underway: Promise<ReloadOutcome> | null = null;
  #listener: ReloadListener | null = null;
  /** Asked for again while a reload was under way: what it has read may be older than what was asked for. */
  #again = false;

  constructor(
    rules: Ruleset,
    private readonly plan: ReloadPlan,
  ) {
    this.#rules = rules;
  }

  /** The set that is in place. */
  get rules(): Ruleset {
    return this.#rules;
  }

  /** When it was put there. */
  get last(): Date {
    return this.#last;
  }

  get isUnderway(): boolean {
    return this.#underway !== null;
  }

  listen(listener: ReloadListener): void {
    this.#listener = listener;
  }

  /** Reloads; a request during a reload is served by one more after it. */
  reload(): Promise<ReloadOutcome> {
    if (this.#underway !== null) {
      this.#again = true;
      return this.#underway;
    }
    this.#underway = this.#repeat().finally(() => {
      this.#underway = null;
    });
    return this.#underway;
  }

  async #repeat(): Promise<ReloadOutcome> {
    let outcome: ReloadOutcome;
    do {
      this.#again = false;
      this.#listener?.begins();
      outcome = await this.#once();
      this.#listener?.ends(outcome);
    } while (this.#again);
    return outcome;
  }

  async #once(): Promise<ReloadOutcome> {
    const before = this.#rules;
    let fresh: Ruleset;
    try {
      fresh = await this.plan.load();
    } catch (error) {
      return kept(before, (error as Error).message);
    }
    const { loaded, failed } = fresh.counts;
    const why =
      loaded === 0 && before.size > 0
        ? `no rule is left of the new set (${failed} failed)`
        : this.plan.strict && failed > 0
          ? `${failed} rules of the new set are broken`
          : null;
    if (why !== null) {
      fresh.close();
      return kept(before, why);
    }
    this.plan.place(fresh);
    this.#rules = fresh;
    this.#last = new Date();
    // Its memory is free once the last worker has passed the packet between the two.
    before.close();
    return { ok: true, message: `${loaded} rules loaded, ${failed} failed` };
  }
}

function kept(before: Ruleset, why: string): ReloadOutcome {
  return { ok: false, message: `${why}; the ${before.size} rules that were in place stay` };
}
