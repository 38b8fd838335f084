import { readFileSync } from 'node:fs';
import type { Matcher, SigmaRequest } from '../generated/config.js';
import type { HuntConfig, HuntProgress, HuntReport, SigmaTrace } from '../generated/hunt.js';
import type { SigmaCorrelation, SigmaRule } from '../generated/sigma.js';
import {
  compileSigma,
  type LoadedRule,
  type SigmaDiagnostic,
  type SigmaFile,
  type SigmaStatistics,
} from '../sigma/index.js';
import { EngineError, fromNative } from './error.js';
import { type KnownKeys, refuseNoText, refuseNoTexts, refuseUnknown } from './known-keys.js';
import { loadNative, type Native, type NativeHunt, type NativeSigmaRules } from './native.js';
import { filesAt } from './rule-paths.js';
import { isSigmaFile } from './sigma-file.js';
import { vectorscanLibraries } from './vectorscan.js';

/** Where Sigma rules come from. */
export interface SigmaSource {
  /** Files, and directories whose `.yml` and `.yaml` files are rules. */
  readonly files?: readonly string[];
  /** Rules as text. */
  readonly text?: string;
  /** Values of placeholders (`|expand`). */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  /** Passes over rules that apply to no event, and says nothing of them. */
  readonly onlyApplicable?: boolean;
  /** Takes rules about traffic alone. */
  readonly onlyTraffic?: boolean;
  readonly matcher?: Matcher;
}

const SOURCE: KnownKeys<SigmaSource> = {
  files: true,
  text: true,
  placeholders: true,
  onlyApplicable: true,
  onlyTraffic: true,
  matcher: true,
};

/** A rule that the engine left out. */
export interface SigmaProblem {
  readonly id: string;
  readonly message: string;
}

/** A compiled set of Sigma rules; immutable, may serve any number of hunts. */
export class SigmaRuleset {
  readonly #native: NativeSigmaRules;

  /** Sets are made by {@link compileSigmaRules}. */
  constructor(
    native: NativeSigmaRules,
    readonly diagnostics: readonly SigmaDiagnostic[],
    readonly statistics: SigmaStatistics,
    readonly loaded: readonly LoadedRule[],
    readonly problems: readonly SigmaProblem[],
    /** Correlations in it. */
    readonly correlations: readonly SigmaCorrelation[],
  ) {
    this.#native = native;
  }

  /** Number of rules and correlations in it. */
  get size(): number {
    return this.#native.rules;
  }

  /** The rules and correlations that an id, a name or a title stands for. */
  named(name: string): (SigmaRule | SigmaCorrelation)[] {
    const all = [...this.loaded.map(({ rule }) => rule), ...this.correlations];
    return all.filter((one) => one.head.id === name || one.name === name || one.head.title === name);
  }

  /** The addon's side of it. */
  native(): NativeSigmaRules {
    return this.#native;
  }
}

/**
 * Compiles Sigma rules. Broken ones are left out and told in `diagnostics` and `problems`.
 * @throws {EngineError} `rules/unreadable`, `rules/compile`, `options/unknown`
 */
export async function compileSigmaRules(source: SigmaSource, native: Native = loadNative()): Promise<SigmaRuleset> {
  refuseUnknown('What rules are compiled of', source, SOURCE);
  refuseNoTexts('`files`', source.files);
  refuseNoText('`text`', source.text);
  const { batch, diagnostics, statistics, loaded } = compileSigma(readSigmaFiles(source), {
    placeholders: new Map(Object.entries(source.placeholders ?? {})),
    ...(source.onlyApplicable === undefined ? {} : { onlyApplicable: source.onlyApplicable }),
    ...(source.onlyTraffic === undefined ? {} : { onlyTraffic: source.onlyTraffic }),
  });
  const request: SigmaRequest = { matcher: source.matcher ?? 'auto', libraries: vectorscanLibraries() };
  try {
    const compiled = await native.compileSigma([Buffer.from(JSON.stringify(batch))], JSON.stringify(request));
    const problems = JSON.parse(compiled.problems()) as unknown;
    return new SigmaRuleset(compiled, diagnostics, statistics, loaded, pairs(problems), batch.correlations);
  } catch (error) {
    throw fromNative(error);
  }
}

function pairs(problems: unknown): SigmaProblem[] {
  return Array.isArray(problems) ? problems.map(([id, message]) => ({ id: String(id), message: String(message) })) : [];
}

/**
 * Reads Sigma rules: files, and those of directories.
 * @throws {EngineError} `rules/unreadable`
 */
export function* readSigmaFiles({ files = [], text }: SigmaSource): Generator<SigmaFile> {
  for (const path of sigmaFiles(files)) {
    try {
      yield { path, text: readFileSync(path) };
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  if (text !== undefined) yield { path: '<rules>', text };
}

/** The files that paths stand for; in a directory, those that hold YAML. */
export function sigmaFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const { isDirectory, files } = filesAt(path);
    return isDirectory ? files.filter(isSigmaFile) : files;
  });
}

function unreadable(path: string, error: unknown): EngineError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'there is no such rule file' : (error as Error).message;
  return new EngineError('rules/unreadable', `${path}: ${reason}`, { cause: error });
}

/** How logs are searched. */
export interface HuntOptions {
  readonly rules: SigmaRuleset;
  /** File that receives the alerts as EVE lines. */
  readonly eve?: string;
  /** Takes what a process creation of Security does not say of its parent from the parent's own creation (default: yes). */
  readonly complete?: boolean;
}

const HUNT: KnownKeys<HuntOptions> = { rules: true, eve: true, complete: true };

/** A hunt: event logs going through Sigma rules on a native thread. */
export class Hunt {
  readonly #native: NativeHunt;

  /** Hunts are begun by {@link startHunt}. */
  constructor(native: NativeHunt) {
    this.#native = native;
  }

  /** How far it has come. */
  progress(): HuntProgress {
    return JSON.parse(this.#native.progress()) as HuntProgress;
  }

  /** Asks it to stop. What was read is counted. */
  stop(): void {
    this.#native.stop();
  }

  /** Waits for the end and says what was done; once. */
  async report(): Promise<HuntReport> {
    try {
      return JSON.parse(await this.#native.finished()) as HuntReport;
    } catch (error) {
      throw fromNative(error);
    }
  }
}

/**
 * Says why a rule did not match records of event logs: which of its tests failed, and whether because a field is not in the
 * event or because it holds something else.
 * @throws {EngineError} `rules/compile` when no rule of the set has the id, `log/not-found`
 */
export async function explainSigma(
  logs: readonly string[],
  rule: string,
  { rules, complete }: HuntOptions,
  native: Native = loadNative(),
): Promise<SigmaTrace> {
  const config: HuntConfig = { logs: [...logs], eve: null, complete: complete ?? true };
  try {
    return JSON.parse(await native.explainLogs(JSON.stringify(config), rules.native(), rule)) as SigmaTrace;
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Begins to search event logs: files, directories, `-` for standard input.
 * @throws {EngineError} `log/not-found`, `output/write`, `options/unknown`
 */
export function startHunt(logs: string | readonly string[], options: HuntOptions, native: Native = loadNative()): Hunt {
  refuseUnknown('The options of a hunt', options, HUNT);
  const config: HuntConfig = {
    logs: typeof logs === 'string' ? [logs] : [...logs],
    eve: options.eve ?? null,
    complete: options.complete ?? true,
  };
  try {
    return new Hunt(native.startHunt(JSON.stringify(config), options.rules.native()));
  } catch (error) {
    throw fromNative(error);
  }
}
