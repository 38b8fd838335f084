import { parse, TomlError } from 'smol-toml';
import type { Diagnostic as AnyDiagnostic } from '../diagnostics/diagnostic.js';
import { currentTechniques } from '../sigma/retired-techniques.js';
import { Source } from '../source/source.js';
import { diagnostic } from './codes.js';
import { fieldName } from './field-names.js';
import type { OperatorSense } from './query/dialects.js';
import { sayIn } from './query/place.js';
import { type QueryReader, readEql, readEsql, readKuery, readLucene } from './query/queries.js';
import { type CoverageRule, plainOperator, type WrittenRow } from './row.js';

/** The languages of Elastic's rules. */
const LANGUAGES: Readonly<Record<string, QueryReader>> = {
  eql: readEql,
  esql: readEsql,
  kuery: readKuery,
  lucene: readLucene,
};

/** A file of rules, as far as a reader needs it. */
export interface RuleText {
  readonly path: string;
  readonly text: string | Uint8Array;
}

/** The rules of Elastic's TOML files as rows. */
export function elasticRules(files: readonly RuleText[], report: (problem: AnyDiagnostic) => void): CoverageRule[] {
  return files.flatMap(({ path, text }) => {
    const source = new Source(path, text);
    const rule = readRule(source, report);
    return rule ? [rule] : [];
  });
}

function readRule(source: Source, report: (problem: AnyDiagnostic) => void): CoverageRule | null {
  const content = readToml(source, report);
  const rule = content && member(content, 'rule');
  // Other TOML files lie beside rules: settings, tests.
  if (!rule) return null;
  const [title, query] = [textOf(rule, 'name'), textOf(rule, 'query')];
  const key = keySpan(source, 'query');
  const say = (message: string, help: string) =>
    report(diagnostic(source, key, { code: 'coverage/rule', message, help }));
  if (title === null) {
    say('the rule has no name', 'a rule of Elastic has `name` in its table `rule`');
    return null;
  }
  const lost = (message: string) => {
    const finding = {
      code: 'coverage/query',
      message,
      help: 'the catalog lacks it; the rest of the rule is there',
    } as const;
    report(diagnostic(source, filterSpan(source), finding));
  };
  const language = textOf(rule, 'language') ?? textOf(rule, 'type') ?? '';
  const reader = LANGUAGES[language] ?? (query === null ? null : readKuery);
  // Rules of machine learning and of matched indicators may have no query.
  const found = query !== null && reader ? reader(query, sayIn(source, key, query, report)) : { rows: [], sources: [] };
  const index = found.sources.length > 0 ? found.sources : listOf(rule, 'index');
  return {
    id: textOf(rule, 'rule_id') ?? title,
    title,
    vendor: 'elastic',
    file: source.path,
    line: source.position(keySpan(source, 'name').start).line,
    logSource: [language, ...index.slice(0, 3)].join(' '),
    techniques: techniquesOf(rule),
    runs: false,
    rows: [...found.rows, ...filterRows(rule, lost)].map((row) => ({
      field: fieldName('elastic', row.written),
      ...row,
    })),
  };
}

/** Kinds of queries that a filter of a rule may be, with the operator of the rows that they are. */
const FILTERS: Readonly<Record<string, OperatorSense>> = {
  wildcard: { operator: 'eq', wildcard: '*' },
  term: { operator: 'eq' },
  terms: { operator: 'in' },
  match: { operator: 'eq' },
  match_phrase: { operator: 'eq' },
  prefix: { operator: 'starts_with' },
  regexp: { operator: 'regex_match' },
};

/** What stands in `filters` of a rule, beside its query: mostly what it leaves out. */
function filterRows(rule: object, say: (message: string) => void): WrittenRow[] {
  return tablesOf(rule, 'filters').flatMap((filter) => {
    const negated = Reflect.get(member(filter, 'meta') ?? {}, 'negate') === true;
    const query = member(filter, 'query') ?? {};
    return Object.keys(query).flatMap((kind): WrittenRow[] => {
      const asked = member(query, kind) ?? {};
      const field = textOf(asked, 'field');
      if (kind === 'exists' && field !== null) return [{ written: field, operator: 'exists', value: '', negated }];
      const sense = FILTERS[kind];
      if (sense) return Object.keys(asked).flatMap((written) => fieldRows(written, sense, asked, negated));
      say(`the filter \`${kind}\` is not read`);
      return [];
    });
  });
}

function fieldRows(written: string, sense: OperatorSense, asked: object, negated: boolean): WrittenRow[] {
  const inner = member(asked, written);
  const values = Array.isArray(inner)
    ? listOf(asked, written)
    : [textOf(asked, written) ?? textOf(inner ?? {}, 'value') ?? textOf(inner ?? {}, 'query') ?? ''];
  return values.map((value) => {
    const plain = sense.wildcard ? plainOperator(value) : { operator: sense.operator, value };
    return { written, ...plain, negated };
  });
}

function readToml(source: Source, report: (problem: AnyDiagnostic) => void): object | null {
  try {
    return parse(source.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const start = offsetOf(source, error.line, error.column);
    const message = error.message.split('\n')[0] ?? 'this is no TOML';
    report(diagnostic(source, { start, end: start + 1 }, { code: 'coverage/file', message, help: 'mend the file' }));
    return null;
  }
}

function offsetOf({ text }: Source, line: number, column: number): number {
  const lines = text.split('\n').slice(0, Math.max(0, line - 1));
  return Math.min(
    lines.reduce((sum, one) => sum + one.length + 1, 0) + Math.max(0, column - 1),
    Math.max(0, text.length - 1),
  );
}

/** Where a key stands at the beginning of a line; the first octet when it does not. */
function keySpan({ text }: Source, name: string): { start: number; end: number } {
  const at = new RegExp(`^${name}[ \\t]*=`, 'm').exec(text)?.index ?? 0;
  return { start: at, end: at + name.length };
}

/** Where the filters of a rule begin. */
function filterSpan({ text }: Source): { start: number; end: number } {
  const at = Math.max(0, text.search(/^\[\[rule\.filters\]\]/m));
  return { start: at, end: at + 1 };
}

/** Techniques of `threat`: those below one where some are named, else itself. */
function techniquesOf(rule: object): string[] {
  const ids = tablesOf(rule, 'threat').flatMap((threat) =>
    tablesOf(threat, 'technique').flatMap((technique) => {
      const below = tablesOf(technique, 'subtechnique').flatMap((one) => textOf(one, 'id') ?? []);
      return below.length > 0 ? below : (textOf(technique, 'id') ?? []);
    }),
  );
  return [...new Set(ids.flatMap((id) => currentTechniques(id)))];
}

function member(table: object, name: string): object | null {
  const value: unknown = Object.hasOwn(table, name) ? Reflect.get(table, name) : null;
  return value !== null && typeof value === 'object' ? value : null;
}

function textOf(table: object, name: string): string | null {
  const value: unknown = Object.hasOwn(table, name) ? Reflect.get(table, name) : null;
  return typeof value === 'string' ? value : null;
}

function listOf(table: object, name: string): string[] {
  const value = member(table, name);
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function tablesOf(table: object, name: string): object[] {
  const value = member(table, name);
  return Array.isArray(value) ? value.filter((one): one is object => one !== null && typeof one === 'object') : [];
}
