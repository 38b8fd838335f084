import type { Catalog } from '../../generated/catalog.js';
import type { Rule, Suppression } from '../../generated/ir.js';
import { Source } from '../../source/source.js';
import { CatalogIndex } from './catalog/catalog.js';
import { loadCatalog } from './catalog/load.js';
import { type Diagnostic, diagnostic } from './diagnostic.js';
import { KeywordTable } from './keywords/index.js';
import { BatchWriter } from './lower/batch.js';
import { type Compiler, lowerRule } from './lower/rule.js';
import { BatchSetTable, SetResolver } from './lower/sets.js';
import { parseClassification } from './settings/classification.js';
import { parseReferences } from './settings/references.js';
import type { GlobalSuppression, GlobalThreshold, Settings } from './settings/settings.js';
import { parseThresholdConfig } from './settings/threshold.js';
import { type RuleLine, ruleLines } from './syntax/lines.js';

/** Version of the IR this compiler writes; the engine refuses another. */
export const IR_VERSION = 2;

/** Rules in a batch. */
export const BATCH_SIZE = 512;

/** Suricata's version whose rule language this is; `requires` compares with it. */
export const RULE_LANGUAGE_VERSION = [8, 0, 8] as const;

/** A file to compile. Octets are better than text: they may be no UTF-8. */
export interface SourceFile {
  readonly path: string;
  readonly text: string | Uint8Array;
}

/** What rules are compiled with. */
export interface CompileOptions {
  /** `address-groups` by name without `$`. */
  readonly addressVariables?: Readonly<Record<string, string>>;
  /** `port-groups` by name without `$`. */
  readonly portVariables?: Readonly<Record<string, string>>;
  /** classification.config. */
  readonly classification?: SourceFile;
  /** reference.config. */
  readonly reference?: SourceFile;
  /** threshold.config. */
  readonly threshold?: SourceFile;
  /** Features `requires` may ask for. */
  readonly features?: readonly string[];
  /** Reads a list that a rule of a file names (`filemd5:list`); `null` when there is none. */
  readonly readList?: (name: string, ruleFile: string) => string | null;
  /** What the engine has; the catalog this package was built with if none is given. */
  readonly catalog?: Catalog;
}

/** Counts over all rules, complete once the batches were read. */
export interface Statistics {
  /** Rules met, comments not counted. */
  rules: number;
  /** Handed over. */
  loaded: number;
  /** Refused with an error. */
  failed: number;
  /** Passed over by `requires`. */
  skipped: number;
  /** Lost against a newer revision. */
  duplicates: number;
  /** Lines of threshold.config that were understood. */
  thresholds: number;
  /** Rules that need a keyword or protocol which is not supported yet, by its name. A rule counts once for each. */
  readonly unsupported: Map<string, number>;
  /** Sids of rules that are loaded and never alert: they have `noalert`, or only let pass or configure. */
  readonly silent: number[];
  /** What the rules need beside the engine: the file store (`filestore`). */
  readonly needs: Set<'file-store'>;
}

/** A compilation under way: reading `batches` drives it. */
export interface Compilation {
  /** IR batches as JSON, in the order of the files. Read once. */
  readonly batches: Generator<Buffer, void, undefined>;
  /** Filled as the batches are read. */
  readonly diagnostics: readonly Diagnostic[];
  readonly statistics: Statistics;
}

/** Compiles rules. Nothing is thrown for what rules or settings say. */
export function compile(sources: readonly SourceFile[], options: CompileOptions = {}): Compilation {
  const diagnostics: Diagnostic[] = [];
  const statistics: Statistics = {
    rules: 0,
    loaded: 0,
    failed: 0,
    skipped: 0,
    duplicates: 0,
    thresholds: 0,
    unsupported: new Map(),
    silent: [],
    needs: new Set(),
  };
  return { batches: run(sources, options, diagnostics, statistics), diagnostics, statistics };
}

/** Compiles for the diagnostics alone. */
export function check(sources: readonly SourceFile[], options: CompileOptions = {}): Omit<Compilation, 'batches'> {
  const { batches, diagnostics, statistics } = compile(sources, options);
  for (const _ of batches);
  return { diagnostics, statistics };
}

function* run(
  files: readonly SourceFile[],
  options: CompileOptions,
  diagnostics: Diagnostic[],
  statistics: Statistics,
): Generator<Buffer, void, undefined> {
  const report = (finding: Diagnostic): void => {
    diagnostics.push(finding);
  };
  const compiler = makeCompiler(options, report);
  statistics.thresholds = compiler.settings.thresholds.length + compiler.settings.suppressions.length;
  const sources = files.map(({ path, text }) => new Source(path, text));
  const duplicates = findDuplicates(sources, compiler);
  const merger = new ThresholdMerger(compiler.settings);
  const batch = new BatchWriter(IR_VERSION);
  for (const source of sources) {
    for (const line of ruleLines(source)) {
      statistics.rules += 1;
      const from = diagnostics.length;
      const lowered = lowerRule(line, compiler, batch.sets);
      countUnsupported(diagnostics, from, statistics);
      if (lowered.outcome === 'failed') statistics.failed += 1;
      else if (lowered.outcome === 'skipped') statistics.skipped += 1;
      else if (duplicates.loses(line)) {
        statistics.duplicates += 1;
        reportDuplicate(line, lowered.rule, report);
      } else {
        statistics.loaded += 1;
        if (storesFiles(lowered.rule)) statistics.needs.add('file-store');
        if (isSilent(lowered.rule)) statistics.silent.push(lowered.rule.sid);
        merger.apply(lowered.rule, compiler.resolver, batch.sets);
        batch.add(lowered.rule);
      }
      if (batch.count === BATCH_SIZE) yield batch.take();
    }
  }
  if (batch.count > 0) yield batch.take();
}

/** What single rules are lowered with. */
export function makeCompiler(options: CompileOptions, report: (finding: Diagnostic) => void): Compiler {
  const settings = readSettings(options, report);
  const catalog = new CatalogIndex(options.catalog ?? loadCatalog());
  return { catalog, keywords: new KeywordTable(catalog), settings, resolver: new SetResolver(settings), report };
}

function isSilent({ noalert, action }: Rule): boolean {
  return noalert || action === 'pass' || action === 'config';
}

function storesFiles(rule: Rule): boolean {
  return rule.conditions.some(
    (condition) => condition.kind === 'file' && condition.checks.some(({ kind }) => kind === 'store'),
  );
}

function countUnsupported(diagnostics: readonly Diagnostic[], from: number, statistics: Statistics): void {
  if (diagnostics.length === from) return;
  const names = new Set<string>();
  for (let at = from; at < diagnostics.length; at += 1) {
    const finding = diagnostics[at];
    const missing = finding?.code === 'keyword/unsupported' || finding?.code === 'header/protocol';
    if (finding !== undefined && missing && finding.keyword !== '') names.add(finding.keyword);
  }
  for (const name of names) statistics.unsupported.set(name, (statistics.unsupported.get(name) ?? 0) + 1);
}

function reportDuplicate(line: RuleLine, rule: Rule, report: (finding: Diagnostic) => void): void {
  report(
    diagnostic(line.source, line.inFile({ start: 0, end: line.text.length }), {
      code: 'rule/duplicate',
      message: `sid ${rule.sid} stands more than once; revision ${rule.rev} is passed over`,
      help: 'remove it, or give it a number of its own; of equal revisions the first one stays',
      sid: rule.sid,
      keyword: 'sid',
    }),
  );
}

function readSettings(options: CompileOptions, report: (finding: Diagnostic) => void): Settings {
  const source = (file: SourceFile) => new Source(file.path, file.text);
  const { classification, reference, threshold } = options;
  return {
    addressVariables: new Map(Object.entries(options.addressVariables ?? {})),
    portVariables: new Map(Object.entries(options.portVariables ?? {})),
    classifications: classification === undefined ? null : parseClassification(source(classification), report),
    references: reference === undefined ? null : parseReferences(source(reference), report),
    ...(threshold === undefined
      ? { thresholds: [], suppressions: [] }
      : parseThresholdConfig(source(threshold), report)),
    version: RULE_LANGUAGE_VERSION,
    readList: options.readList ?? (() => null),
    features: new Set((options.features ?? []).map((feature) => feature.toLowerCase())),
  };
}

/** Which rules lose against another of the same gid and sid. */
interface Duplicates {
  loses(line: RuleLine): boolean;
}

/**
 * Sids that may stand twice are found by a quick look at the text; only their rules are lowered beforehand to see which loads and
 * is the newest, so that no other rule has to be kept.
 */
function findDuplicates(sources: readonly Source[], compiler: Compiler): Duplicates {
  const seen = new Set<number>();
  const twice = new Set<number>();
  for (const source of sources) {
    for (const line of ruleLines(source)) {
      for (const sid of sidsIn(line.text)) {
        if (seen.has(sid)) twice.add(sid);
        else seen.add(sid);
      }
    }
  }
  if (twice.size === 0) return { loses: () => false };

  const silent: Compiler = { ...compiler, report() {} };
  const best = new Map<string, { readonly rev: number; readonly place: string }>();
  const places = new Map<string, string>();
  for (const source of sources) {
    for (const line of ruleLines(source)) {
      if (!sidsIn(line.text).some((sid) => twice.has(sid))) continue;
      const lowered = lowerRule(line, silent, new BatchSetTable());
      if (lowered.outcome !== 'loaded') continue;
      const { gid, sid, rev } = lowered.rule;
      const key = `${gid}:${sid}`;
      const place = placeOf(line, sources);
      places.set(place, key);
      const known = best.get(key);
      if (known === undefined || rev > known.rev) best.set(key, { rev, place });
    }
  }
  return {
    loses(line) {
      const place = placeOf(line, sources);
      const key = places.get(place);
      return key !== undefined && best.get(key)?.place !== place;
    },
  };
}

function placeOf(line: RuleLine, sources: readonly Source[]): string {
  return `${sources.indexOf(line.source)}:${line.start}`;
}

/** Numbers behind what looks like a `sid` option; more than one when a pattern holds such text. */
function sidsIn(text: string): number[] {
  const out: number[] = [];
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let end = colon;
    while (text.charCodeAt(end - 1) === 32) end -= 1;
    // Keywords have no case; OR 32 is lower case for letters.
    if (
      (text.charCodeAt(end - 1) | 32) !== 100 ||
      (text.charCodeAt(end - 2) | 32) !== 105 ||
      (text.charCodeAt(end - 3) | 32) !== 115
    )
      continue;
    let next = colon + 1;
    while (text.charCodeAt(next) === 32) next += 1;
    let value = 0;
    const from = next;
    for (let digit = text.charCodeAt(next) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(next) - 48) {
      value = value * 10 + digit;
      next += 1;
    }
    if (next > from) out.push(value);
  }
  return out;
}

/** Brings threshold.config and rules together: what a rule says itself goes before a threshold, suppressions add up. */
class ThresholdMerger {
  readonly #thresholds = new Map<string, GlobalThreshold>();
  readonly #suppressions = new Map<string, GlobalSuppression[]>();

  constructor(settings: Settings) {
    for (const one of settings.thresholds) this.#thresholds.set(`${one.gid}:${one.sid}`, one);
    for (const one of settings.suppressions) {
      const key = `${one.gid}:${one.sid}`;
      const list = this.#suppressions.get(key);
      if (list === undefined) this.#suppressions.set(key, [one]);
      else list.push(one);
    }
  }

  apply(rule: Rule, resolver: SetResolver, sets: BatchSetTable): void {
    if (this.#thresholds.size === 0 && this.#suppressions.size === 0) return;
    // Most particular first.
    const keys = [`${rule.gid}:${rule.sid}`, `${rule.gid}:0`, '0:0'];
    if (rule.threshold === null && rule.detection_filter === null) {
      const key = keys.find((one) => this.#thresholds.has(one));
      const found = key === undefined ? undefined : this.#thresholds.get(key);
      if (found !== undefined) rule.threshold = found.threshold;
    }
    for (const key of keys) {
      for (const { track, addresses } of this.#suppressions.get(key) ?? []) {
        const resolved = resolver.addresses(addresses ?? 'any');
        if (resolved.set !== null)
          rule.suppressions.push({ track, addresses: sets.addresses(resolved.set) } satisfies Suppression);
      }
    }
  }
}
