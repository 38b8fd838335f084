import type { EventSource, SigmaBatch, SigmaCondition, SigmaCorrelation, SigmaRule } from '../generated/sigma.js';
import { Source } from '../source/source.js';
import type { Span } from '../source/span.js';
import type { Diagnostic } from './codes.js';
import { type ReadCorrelation, readCorrelation } from './correlation.js';
import { type Detection, readDetection } from './detection.js';
import { Reporter, readDocuments } from './document.js';
import { readHead } from './head.js';
import { type LogSource, readLogSource } from './log-source.js';
import { isTraffic, missingFields, TRAFFIC_PRODUCTS } from './traffic.js';
import { type MapValue, member, textOf, textsOf } from './values.js';

/** Version of the IR that is written. */
export const SIGMA_VERSION = 1;

/** A file of Sigma rules. */
export interface SigmaFile {
  readonly path: string;
  readonly text: string | Uint8Array;
}

export interface SigmaOptions {
  /** Values of placeholders (`|expand`). */
  readonly placeholders?: ReadonlyMap<string, readonly string[]>;
  /** Passes over rules that apply to no event, unread and unsaid. */
  readonly onlyApplicable?: boolean;
  /** Of the events that rules apply to, takes those about traffic alone. */
  readonly onlyTraffic?: boolean;
}

/** A rule that loaded, with what tools that show rules want. */
export interface LoadedRule {
  readonly rule: SigmaRule;
  readonly file: string;
  readonly logSource: LogSource;
  readonly detection: Detection;
  /** `fields` of the rule. */
  readonly fields: readonly string[];
}

/** What a compilation gives. */
export interface SigmaCompilation {
  readonly batch: SigmaBatch;
  readonly loaded: readonly LoadedRule[];
  readonly diagnostics: readonly Diagnostic[];
  readonly statistics: SigmaStatistics;
}

/** Numbers of rules. */
export interface SigmaStatistics {
  /** Rules and correlations in the files. */
  rules: number;
  loaded: number;
  failed: number;
  /** Of log sources that neither event logs here nor traffic have. */
  inapplicable: number;
  /** Lost against another of the same id. */
  duplicates: number;
}

/** A filter: what is added to the conditions of other rules. */
interface Filter {
  readonly rules: readonly string[] | 'any';
  readonly logSource: LogSource;
  readonly condition: SigmaCondition;
  readonly reporter: Reporter;
  readonly span: Span;
}

/** Compiles Sigma rules. Nothing is thrown for what rules say. */
export function compileSigma(files: Iterable<SigmaFile>, options: SigmaOptions = {}): SigmaCompilation {
  const compiler = new SigmaCompiler(options);
  for (const file of files) compiler.file(file);
  return compiler.finish();
}

class SigmaCompiler {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #statistics: SigmaStatistics = { rules: 0, loaded: 0, failed: 0, inapplicable: 0, duplicates: 0 };
  readonly #loaded: LoadedRule[] = [];
  readonly #correlations: { readonly read: ReadCorrelation; readonly reporter: Reporter }[] = [];
  readonly #filters: Filter[] = [];
  readonly #ids = new Map<string, string>();
  readonly #sources: EventSource[] = [];
  readonly #sourceNumbers = new Map<string, number>();

  constructor(readonly options: SigmaOptions) {}

  file({ path, text }: SigmaFile): void {
    const source = new Source(path, text);
    if (this.options.onlyApplicable && isForeign(source.text, this.options.onlyTraffic)) {
      this.#statistics.rules += 1;
      this.#statistics.inapplicable += 1;
      return;
    }
    const report = (finding: Diagnostic): void => {
      this.#diagnostics.push(finding);
    };
    const reporter = new Reporter(source, report);
    for (const map of readDocuments(reporter)) {
      const of = new Reporter(source, report);
      if (member(map, 'filter')) this.#filter(map, of);
      else {
        this.#statistics.rules += 1;
        if (member(map, 'correlation')) this.#correlation(map, of);
        else this.#rule(map, of);
      }
    }
    if (reporter.failed) {
      this.#statistics.rules += 1;
      this.#statistics.failed += 1;
    }
  }

  #rule(map: MapValue, reporter: Reporter): void {
    const detection = member(map, 'detection');
    if (detection?.value.kind !== 'map') {
      const message =
        textOf(map, 'action') === null ? 'this is no Sigma rule' : '`action` is not part of Sigma any more';
      const help = 'a rule has `title`, `logsource` and `detection`; write each rule whole';
      reporter.say('sigma/document', { start: map.span.start, end: map.span.start + 1 }, message, help);
      this.#statistics.failed += 1;
      return;
    }
    const head = readHead(map, reporter);
    const logSource = this.#logSource(map, reporter);
    if (logSource?.sources.length === 0 && this.options.onlyApplicable) {
      this.#statistics.inapplicable += 1;
      return;
    }
    const lowered = readDetection(detection.value, reporter, this.options.placeholders ?? new Map());
    if (!head || !logSource || !lowered || reporter.failed) {
      this.#statistics.failed += 1;
      return;
    }
    if (this.#isDuplicate(head.id, map, reporter)) return;
    this.#statistics.loaded += 1;
    const sources = this.#withFields(logSource, lowered.condition, detection.value.span, reporter);
    if (sources.length === 0) this.#statistics.inapplicable += 1;
    const rule: SigmaRule = {
      head,
      name: textOf(map, 'name'),
      sources: sources.map((source) => this.#source(source)),
      alerts: true,
      condition: lowered.condition,
    };
    const fields = textsOf(member(map, 'fields')?.value);
    this.#loaded.push({ rule, file: reporter.source.path, logSource, detection: lowered, fields });
  }

  #logSource(map: MapValue, reporter: Reporter): LogSource | null {
    const { onlyApplicable, onlyTraffic } = this.options;
    const read = readLogSource(member(map, 'logsource'), map, reporter, onlyApplicable);
    return read && onlyTraffic ? { ...read, sources: read.sources.filter(isTraffic) } : read;
  }

  /** The sources whose events have the fields that a rule looks at. Of a field that is never there, exclusions would hold always. */
  #withFields(
    { sources, traffic }: LogSource,
    condition: SigmaCondition,
    detection: Span,
    reporter: Reporter,
  ): readonly EventSource[] {
    const missing = traffic.length === 0 ? [] : missingFields(condition, traffic);
    for (const { field, isExcluded } of missing) {
      const at = reporter.source.text.indexOf(field, detection.start);
      const span = at < 0 ? detection : { start: at, end: at + field.length };
      const help = isExcluded
        ? 'the rule is passed over on traffic: what it excludes could not be told from what it looks for'
        : 'the rule is loaded; tests of the field never hold on traffic';
      reporter.say('sigma/field-missing', span, `\`${field}\` is never on the wire`, help);
    }
    return missing.some(({ isExcluded }) => isExcluded) ? sources.filter((source) => !isTraffic(source)) : sources;
  }

  #correlation(map: MapValue, reporter: Reporter): void {
    const head = readHead(map, reporter);
    const read = head && readCorrelation(map, head, reporter);
    if (!head || !read || reporter.failed) this.#statistics.failed += 1;
    else if (!this.#isDuplicate(head.id, map, reporter)) this.#correlations.push({ read, reporter });
  }

  #filter(map: MapValue, reporter: Reporter): void {
    const filter = member(map, 'filter');
    const logSource = readLogSource(member(map, 'logsource'), map, reporter);
    if (filter?.value.kind !== 'map' || !logSource) {
      reporter.say(
        'sigma/filter',
        filter?.keySpan ?? map.span,
        'a filter is a map',
        'give it rules, identifiers and a condition',
      );
      return;
    }
    const rules = member(filter.value, 'rules');
    const names = textsOf(rules?.value);
    const inner: MapValue = { ...filter.value, entries: filter.value.entries.filter((entry) => entry !== rules) };
    const lowered = readDetection(inner, reporter, this.options.placeholders ?? new Map());
    if (!rules || names.length === 0)
      reporter.say(
        'sigma/filter',
        filter.keySpan,
        'a filter needs `rules`',
        'name rules by `name` or `id`, or write `any`',
      );
    else if (lowered && !reporter.failed)
      this.#filters.push({
        rules: names.length === 1 && names[0] === 'any' ? 'any' : names,
        logSource,
        condition: lowered.condition,
        reporter,
        span: rules.value.span,
      });
  }

  #isDuplicate(id: string, map: MapValue, reporter: Reporter): boolean {
    const known = this.#ids.get(id);
    if (known === undefined) {
      this.#ids.set(id, reporter.source.path);
      return false;
    }
    const span = (member(map, 'id') ?? member(map, 'title'))?.value.span ?? map.span;
    reporter.say(
      'sigma/duplicate',
      span,
      `the id stands in ${known} already`,
      'give the rule an id of its own, or remove it',
    );
    this.#statistics.duplicates += 1;
    return true;
  }

  #source(source: EventSource): number {
    const key = JSON.stringify(source);
    const known = this.#sourceNumbers.get(key);
    if (known !== undefined) return known;
    this.#sourceNumbers.set(key, this.#sources.length);
    this.#sources.push(source);
    return this.#sources.length - 1;
  }

  finish(): SigmaCompilation {
    for (const filter of this.#filters) this.#apply(filter);
    const correlations = this.#correlations.filter(({ read, reporter }) => this.#isComplete(read, reporter));
    this.#statistics.loaded += correlations.length;
    for (const { read } of correlations) if (!read.generate) this.#silence(read.correlation, correlations);
    const batch: SigmaBatch = {
      version: SIGMA_VERSION,
      sources: this.#sources,
      rules: this.#loaded.map(({ rule }) => rule),
      correlations: correlations.map(({ read }) => read.correlation),
    };
    return { batch, loaded: this.#loaded, diagnostics: this.#diagnostics, statistics: this.#statistics };
  }

  /** Adds a filter to the rules it names. */
  #apply({ rules, logSource, condition, reporter, span }: Filter): void {
    let found = false;
    for (const { rule, logSource: of } of this.#loaded) {
      const named = rules === 'any' || rules.some((name) => name === rule.head.id || name === rule.name);
      if (!named || !isWithin(of, logSource)) continue;
      found = true;
      rule.condition = { kind: 'all', of: [rule.condition, condition] };
    }
    if (!found && rules !== 'any')
      reporter.say(
        'sigma/rule',
        span,
        `none of these rules is loaded: ${rules.join(', ')}`,
        'load them together with the filter',
      );
  }

  /** Whether every rule that a correlation names is there. */
  #isComplete({ correlation, rules }: ReadCorrelation, reporter: Reporter): boolean {
    const heads = [...this.#loaded.map(({ rule }) => rule), ...this.#correlations.map(({ read }) => read.correlation)];
    const missing = correlation.rules.filter((name) => !heads.some((one) => one.head.id === name || one.name === name));
    if (missing.length === 0) return true;
    reporter.say(
      'sigma/rule',
      rules.value.span,
      `there is no rule ${missing.join(', ')}`,
      'load it together with the correlation',
    );
    this.#statistics.failed += 1;
    return false;
  }

  #silence(correlation: SigmaCorrelation, correlations: readonly { readonly read: ReadCorrelation }[]): void {
    const is = (one: { head: { id: string }; name: string | null }) =>
      correlation.rules.some((name) => name === one.head.id || name === one.name);
    for (const { rule } of this.#loaded) if (is(rule)) rule.alerts = false;
    for (const { read } of correlations)
      if (read.correlation !== correlation && is(read.correlation)) read.correlation.alerts = false;
  }
}

/** A rule's log source is that of a filter, or a part of it. */
function isWithin(rule: LogSource, filter: LogSource): boolean {
  const within = (mine: readonly string[], wanted: readonly string[]) =>
    wanted.length === 0 || mine.some((name) => wanted.includes(name));
  return (
    (filter.product === null || filter.product === rule.product) &&
    within(rule.categories, filter.categories) &&
    within(rule.services, filter.services)
  );
}

/** Every product that the text names is one of which there are no events: most files of large rule sets need not be read. */
function isForeign(text: string, onlyTraffic = false): boolean {
  const products = [...text.matchAll(/^\s+product:[ \t]*['"]?([\w-]+)/gm)].map(([, name = '']) => name.toLowerCase());
  const isOurs = (name: string) => TRAFFIC_PRODUCTS.has(name) || (!onlyTraffic && name === 'windows');
  return products.length > 0 && !products.some(isOurs) && !/^(?:filter|correlation):/m.test(text);
}
