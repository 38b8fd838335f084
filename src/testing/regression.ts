import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { INFO_FILE, type RegressionTest, readRegressionTests } from '../coverage/regression-data.js';
import { renderLine } from '../diagnostics/render.js';
import { collect } from '../engine/collect.js';
import { Engine } from '../engine/engine.js';
import { EngineError } from '../engine/error.js';
import { traceText } from '../engine/explain.js';
import { compileSigmaRules, explainSigma, type SigmaRuleset, startHunt } from '../engine/hunt.js';
import { type KnownKeys, refuseNoTexts, refuseUnknown } from '../engine/known-keys.js';
import { filesAt } from '../engine/rule-paths.js';
import type { Ruleset } from '../engine/ruleset.js';
import { isSigmaFile } from '../engine/sigma-file.js';
import { sigmaTraceText } from '../engine/sigma-trace.js';
import type { AlertEvent } from '../generated/events.js';

/** What a test of regression data gave. */
export interface RegressionResult extends RegressionTest {
  readonly found: number;
  readonly passed: boolean;
  /** Why it did not pass; a line each. */
  readonly why: readonly string[];
  readonly seconds: number;
}

/** With what regression data is run. */
export interface RegressionOptions {
  /** Rules: files and directories. By default the `rules*` directories beside `regression_data`. */
  readonly rules?: readonly string[];
}

const OPTIONS: KnownKeys<RegressionOptions> = { rules: true };

/** Lines of an explanation that are kept. */
const MAX_LINES = 6;

/**
 * Runs regression data in SigmaHQ's format: `info.yml` files that name rules, samples, and how often these are to match at
 * least, or not at all. A test of type `pcap` is one of a network rule, by its sid.
 * @throws {EngineError} `rules/unreadable`, `options/unknown`
 */
export async function* regression(
  paths: readonly string[],
  options: RegressionOptions = {},
): AsyncGenerator<RegressionResult> {
  refuseUnknown('The options of `regression`', options, OPTIONS);
  refuseNoTexts('`rules`', options.rules);
  const infos = paths.flatMap((path) => {
    const { isDirectory, files } = filesAt(path);
    return isDirectory ? files.filter((file) => INFO_FILE.test(basename(file))) : files;
  });
  if (infos.length === 0) throw new EngineError('rules/unreadable', `${paths.join(', ')}: there is no info.yml`);
  const tests = infos.flatMap((info) =>
    readRegressionTests(info, (problem) => {
      throw new EngineError('rules/unreadable', renderLine(problem));
    }),
  );
  const runner = await SampleRunner.make(options.rules ?? rulesBeside(infos), tests);
  try {
    for (const test of tests) {
      const started = performance.now();
      const { found, why } = await runner.run(test);
      const fits = test.wanted === 0 ? found === 0 : found >= test.wanted;
      const passed = fits && why === null;
      const seconds = (performance.now() - started) / 1000;
      yield { ...test, found, passed, why: passed ? [] : (why ?? (await runner.explain(test))), seconds };
    }
  } finally {
    runner.close();
  }
}

/** The `rules*` directories beside the `regression_data` that files are in. */
function rulesBeside(infos: readonly string[]): string[] {
  const roots = new Set(
    infos.flatMap((info) => {
      const parts = resolve(info).split(sep);
      const at = parts.lastIndexOf('regression_data');
      return at > 0 ? [parts.slice(0, at).join(sep)] : [];
    }),
  );
  const found = [...roots].flatMap((root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^rules(?:-|$)/.test(entry.name))
      .map(({ name }) => join(root, name)),
  );
  if (found.length > 0) return found;
  throw new EngineError('rules/unreadable', `${infos[0]}: there are no rules beside it; name them with -S (rules)`);
}

/** A sample: its path is told from the root of its repository, which is some directory above; or it is beside. */
function sampleAt({ info, sample }: RegressionTest): string | null {
  let folder = dirname(resolve(info));
  const beside = join(folder, basename(sample));
  for (;;) {
    if (existsSync(join(folder, sample))) return join(folder, sample);
    const above = dirname(folder);
    if (above === folder) return existsSync(beside) ? beside : null;
    folder = above;
  }
}

/** Holds rules against samples: each log and capture once, whatever rules are tested on it. */
class SampleRunner {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidewire-regression-'));
  readonly #matches = new Map<string, { readonly counts: ReadonlyMap<string, number>; readonly why: string | null }>();

  constructor(
    readonly engine: Engine,
    readonly sigma: SigmaRuleset | null,
    readonly network: Ruleset | null,
  ) {}

  static async make(paths: readonly string[], tests: readonly RegressionTest[]): Promise<SampleRunner> {
    const files = paths.flatMap((path) => filesAt(path).files);
    const wanted = new Set(tests.map(({ rule }) => rule.toLowerCase()));
    const sigma = tests.some(({ isCapture }) => !isCapture) ? files.filter((file) => isTested(file, wanted)) : [];
    const network = tests.some(({ isCapture }) => isCapture) ? files.filter((file) => file.endsWith('.rules')) : [];
    const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
    return new SampleRunner(
      engine,
      sigma.length > 0 ? await compileSigmaRules({ files: sigma }) : null,
      network.length > 0 ? await engine.compile({ files: network }) : null,
    );
  }

  /** How often a rule matches its sample; and why that cannot be said. */
  async run(test: RegressionTest): Promise<{ readonly found: number; readonly why: readonly string[] | null }> {
    const path = sampleAt(test);
    if (path === null) return { found: 0, why: [`there is no ${test.sample} above ${test.info}, nor beside it`] };
    const lost = this.#whyLost(test);
    if (lost !== null) return { found: 0, why: [lost] };
    const known = this.#matches.get(path) ?? (test.isCapture ? await this.#replay(path) : await this.#hunt(path));
    this.#matches.set(path, known);
    const found = known.counts.get(test.rule.toLowerCase()) ?? 0;
    return { found, why: known.why !== null && found === 0 ? [known.why] : null };
  }

  /** Why the rule of a test alerted less, or more, than is wanted. */
  async explain(test: RegressionTest): Promise<string[]> {
    const path = sampleAt(test);
    if (path === null) return [];
    if (test.isCapture) {
      if (!this.network) return [];
      const trace = await this.engine.explain(path, this.network, Number(test.rule));
      return traceText(trace).slice(0, MAX_LINES);
    }
    const rule = this.sigma?.loaded.find((one) => one.rule.head.id.toLowerCase() === test.rule.toLowerCase())?.rule;
    if (!this.sigma || !rule) return [];
    const trace = await explainSigma([path], rule.head.id, { rules: this.sigma });
    return sigmaTraceText(trace, rule.sources.length > 0).slice(0, MAX_LINES);
  }

  close(): void {
    this.network?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Why there is no such rule to run; `null` when there is. */
  #whyLost({ rule, isCapture }: RegressionTest): string | null {
    if (isCapture) return this.network?.sids.includes(Number(rule)) ? null : `there is no network rule ${rule}`;
    if (this.sigma?.named(rule).length || this.sigma?.named(rule.toLowerCase()).length) return null;
    const error = this.sigma?.diagnostics.find(
      ({ severity, file }) =>
        severity === 'error' && readFileSync(file, 'latin1').toLowerCase().includes(rule.toLowerCase()),
    );
    return error ? `the rule does not load: ${renderLine(error)}` : `there is no Sigma rule ${rule}`;
  }

  async #hunt(log: string): Promise<{ counts: Map<string, number>; why: string | null }> {
    const counts = new Map<string, number>();
    if (!this.sigma) return { counts, why: null };
    const eve = join(this.#folder, 'eve.json');
    const report = await startHunt([log], { rules: this.sigma, eve }).report();
    for (const line of readFileSync(eve, 'utf8').split('\n')) {
      if (line === '') continue;
      const { alert } = JSON.parse(line) as AlertEvent;
      const id = alert.metadata?.sigma_id?.[0]?.toLowerCase() ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return { counts, why: report.failed ?? report.problems[0] ?? null };
  }

  async #replay(capture: string): Promise<{ counts: Map<string, number>; why: string | null }> {
    const counts = new Map<string, number>();
    if (!this.network) return { counts, why: null };
    try {
      const { alerts, summary } = await collect(this.engine.replay(capture, { rules: this.network, types: ['alert'] }));
      for (const { alert } of alerts)
        counts.set(String(alert.signature_id), (counts.get(String(alert.signature_id)) ?? 0) + 1);
      return { counts, why: summary.errors[0]?.message ?? null };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { counts, why: error.message };
    }
  }
}

/** Whether a file has a rule that is tested, by the ids at its left margin. */
function isTested(file: string, wanted: ReadonlySet<string>): boolean {
  if (!isSigmaFile(file)) return false;
  for (const [, id = ''] of readFileSync(file, 'latin1').matchAll(/^id:[ \t]*['"]?([\w-]+)/gm))
    if (wanted.has(id.toLowerCase())) return true;
  return false;
}
