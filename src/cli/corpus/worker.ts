import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { compileSigmaRules, type SigmaRuleset, startHunt } from '../../engine/hunt.js';
import { Engine, type Ruleset } from '../../engine/index.js';
import { shippedRules, shippedSigmaRules } from '../rule-package.js';
import {
  type CapturePlan,
  type CorpusJob,
  type CorpusPlan,
  type CorpusResult,
  fileDigest,
  type LogPlan,
} from './job.js';
import { capturePlan, logPlan } from './plan.js';
import type { ResultStore } from './results.js';

/** A reason why a job cannot be done here or anywhere: the input or the rules are not those that it was added with. */
export class JobError extends Error {
  override readonly name = 'JobError';
}

/** What was read of an input, and said of it. */
type JobOutcome = Pick<CorpusResult, 'units' | 'alerts' | 'problems'>;

/** Ready to work on inputs by one plan: rules are compiled once for all of its jobs. */
interface PreparedPlan {
  /** `draft`: the folder that receives eve.json. */
  work(path: string, draft: string, stop: AbortSignal): Promise<JobOutcome>;
  close(): void;
}

/** Works on jobs. Several may be in work at a time; they share the rules. */
export class CorpusWorker {
  readonly #store: ResultStore;
  readonly #name: string;
  readonly #ruleCache: string | undefined;
  readonly #prepared = new Map<string, Promise<PreparedPlan>>();

  constructor(store: ResultStore, name: string, ruleCache: string | undefined) {
    this.#store = store;
    this.#name = name;
    this.#ruleCache = ruleCache;
  }

  /**
   * The result of a job; the one there is already, if there is.
   * @throws {JobError} when it cannot be done
   */
  async work(job: CorpusJob, stop: AbortSignal): Promise<CorpusResult> {
    const known = this.#store.read(job.key);
    if (known) return known;
    await checkInput(job);
    const plan = await this.#prepare(job.plan);
    const draft = this.#store.draft(job.key, this.#name);
    const started = performance.now();
    const outcome = await plan.work(job.path, draft, stop);
    const { key, kind, path, digest } = job;
    const elapsed = (performance.now() - started) / 1000;
    const folder = this.#store.folderOf(key);
    stop.throwIfAborted();
    return this.#store.publish(draft, { key, kind, path, digest, host: hostname(), folder, ...outcome, elapsed });
  }

  /** Lets go of rules. */
  async close(): Promise<void> {
    for (const plan of this.#prepared.values()) await plan.then((one) => one.close()).catch(() => {});
  }

  #prepare(plan: CorpusPlan): Promise<PreparedPlan> {
    const key = `${plan.kind} ${plan.rulesDigest} ${plan.optionsDigest}`;
    const found =
      this.#prepared.get(key) ?? (plan.kind === 'capture' ? prepareCaptures(plan, this.#ruleCache) : prepareLogs(plan));
    this.#prepared.set(key, found);
    return found;
  }
}

async function checkInput({ path, size, digest }: CorpusJob): Promise<void> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new JobError(
      `${path}: there is no such file on ${hostname()}; inputs have the same path wherever they are worked on`,
    );
  if (stats.size !== size || (await fileDigest(path)) !== digest)
    throw new JobError(`${path}: changed since it was added; add it again`);
}

/** Says where this host would do something else than what the job was added for. */
function checkPlan(wanted: CorpusPlan, here: CorpusPlan): void {
  if (wanted.rulesDigest !== here.rulesDigest)
    throw new JobError(
      `the rules on ${hostname()} are not those that the job was added with (${wanted.rules?.join(', ') ?? 'those that come with sidewire'}); add it again`,
    );
  if (wanted.optionsDigest !== here.optionsDigest)
    throw new JobError(
      `configuration or version on ${hostname()} are not those that the job was added with; add it again`,
    );
}

async function prepareCaptures(plan: CapturePlan, ruleCache: string | undefined): Promise<PreparedPlan> {
  checkPlan(plan, capturePlan(plan.rules, plan.options));
  const engine = new Engine({ ...plan.options, workers: 1, ...(ruleCache === undefined ? {} : { ruleCache }) });
  const rules: Ruleset = await engine.compile({ files: plan.rules ?? shippedRules() });
  return {
    async work(path, draft, stop) {
      const run = engine.replay(path, { rules, types: [], logDir: draft });
      const end = (): void => run.stop();
      stop.addEventListener('abort', end, { once: true });
      const summary = await run.summary().finally(() => stop.removeEventListener('abort', end));
      return {
        units: summary.packets,
        alerts: summary.alerts.reduce((sum, { count }) => sum + count, 0),
        problems: summary.errors.map(({ message }) => message),
      };
    },
    close: () => rules.close(),
  };
}

async function prepareLogs(plan: LogPlan): Promise<PreparedPlan> {
  checkPlan(plan, logPlan(plan.rules, plan.options));
  const { placeholders, complete } = plan.options;
  const files = plan.rules ?? shippedSigmaRules();
  const rules: SigmaRuleset = await compileSigmaRules({ files, placeholders, onlyApplicable: true });
  return {
    async work(path, draft, stop) {
      const hunt = startHunt(path, { rules, eve: join(draft, 'eve.json'), complete });
      const end = (): void => hunt.stop();
      stop.addEventListener('abort', end, { once: true });
      const report = await hunt.report().finally(() => stop.removeEventListener('abort', end));
      return {
        units: report.records,
        alerts: report.alerts,
        problems: [...report.problems, ...(report.failed ? [report.failed] : [])],
      };
    },
    close: () => {},
  };
}
