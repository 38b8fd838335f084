import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { type Condition, ConditionError, identifiersOf, parseCondition } from '../sigma/condition.js';
import { parseDocuments, Reporter, readDocuments } from '../sigma/document.js';
import { compileSigma, type SigmaFile } from '../sigma/index.js';
import { currentTechniques } from '../sigma/retired-techniques.js';
import { type Entry, type MapValue, member, type ScalarValue, textOf, textsOf, type Value } from '../sigma/values.js';
import { Source } from '../source/source.js';
import { fieldName } from './field-names.js';
import { type CoverageRule, plainOperator, type RowOperator, type WrittenRow } from './row.js';

/** Modifiers that say how a field is compared. */
const OPERATORS: Readonly<Record<string, RowOperator>> = {
  contains: 'contains',
  startswith: 'starts_with',
  endswith: 'ends_with',
  re: 'regex_match',
  cidr: 'cidr',
  gt: 'gt',
  gte: 'ge',
  lt: 'lt',
  lte: 'le',
};

/** Modifiers that make another value of the one that is written: they are named with it. */
const TRANSFORMS = ['base64', 'base64offset', 'fieldref', 'minute', 'hour', 'day', 'week', 'month', 'year'];

/**
 * The Sigma rules of files as rows, those that do not load here among them: what they look at counts for the reach of a value.
 */
export function sigmaRules(files: readonly SigmaFile[], report: (problem: Diagnostic) => void): CoverageRule[] {
  const { loaded, diagnostics } = compileSigma(files);
  for (const finding of diagnostics) if (finding.severity === 'error') report(finding);
  const running = new Set(
    loaded.filter(({ rule }) => rule.sources.length > 0).map(({ rule, file }) => `${file}\n${rule.head.title}`),
  );
  const ids = new Map(loaded.map(({ rule, file }) => [`${file}\n${rule.head.title}`, rule.head.id]));
  return files.flatMap((file) =>
    documentsOf(file).flatMap(({ map, source }) => {
      const detection = member(map, 'detection')?.value;
      const title = textOf(map, 'title') ?? '';
      if (detection?.kind !== 'map') return [];
      const key = `${file.path}\n${title}`;
      return [
        {
          id: textOf(map, 'id') ?? ids.get(key) ?? title,
          title,
          vendor: 'sigma' as const,
          file: file.path,
          line: source.position(map.span.start).line,
          logSource: logSourceOf(map),
          techniques: techniquesOf(map),
          runs: running.has(key),
          rows: rowsOf(detection).map((row) => ({ field: fieldName('sigma', row.written), ...row })),
        },
      ];
    }),
  );
}

/** The documents of a file; what is wrong with them was said when they were compiled. */
function documentsOf({ path, text }: SigmaFile): { map: MapValue; source: Source }[] {
  const source = new Source(path, text);
  const reporter = new Reporter(source, () => {});
  const maps = readDocuments(reporter);
  return (reporter.failed ? damagedDocuments(source) : maps).map((map) => ({ map, source }));
}

/** Members that stand twice, and tabs that indent, lose a rule; what it looks at is plain all the same. */
function damagedDocuments({ path, text }: Source): MapValue[] {
  const untabbed = text.replace(/^[ \t]+/gm, (blanks) => blanks.replaceAll('\t', ' '));
  return parseDocuments(new Reporter(new Source(path, untabbed), () => {}), false);
}

function logSourceOf(map: MapValue): string {
  const value = member(map, 'logsource')?.value;
  if (value?.kind !== 'map') return '';
  return ['product', 'category', 'service']
    .map((key) => textsOf(member(value, key)?.value).join('|'))
    .filter((text) => text !== '')
    .join('/');
}

function techniquesOf(map: MapValue): string[] {
  const found = textsOf(member(map, 'tags')?.value).flatMap((tag) => {
    const name = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase();
    return name === undefined ? [] : currentTechniques(name);
  });
  return [...new Set(found)];
}

function rowsOf(detection: MapValue): WrittenRow[] {
  const searches = detection.entries.filter(({ key }) => key !== 'condition' && key !== 'timeframe');
  const signs = signsOf(
    detection,
    searches.map(({ key }) => key),
  );
  return searches.flatMap(({ key, value }) => {
    // What no condition names is meant to be looked at all the same.
    const own = signs.get(key) ?? new Set([false]);
    return [...own].flatMap((negated) => valueRows(value, negated));
  });
}

/** Whether search identifiers stand under `not`, in front of it, or both. */
function signsOf(detection: MapValue, names: readonly string[]): Map<string, Set<boolean>> {
  const signs = new Map<string, Set<boolean>>();
  const mark = (name: string, negated: boolean) => signs.set(name, (signs.get(name) ?? new Set()).add(negated));
  const walk = (condition: Condition, negated: boolean): void => {
    if (condition.kind === 'not') walk(condition.of, !negated);
    else if (condition.kind === 'identifier') mark(condition.name, negated);
    else if (condition.kind === 'quantified')
      for (const name of identifiersOf(condition.pattern, names)) mark(name, negated);
    else for (const one of condition.of) walk(one, negated);
  };
  for (const text of textsOf(member(detection, 'condition')?.value)) {
    const condition = readCondition(text);
    if (condition) walk(condition, false);
  }
  return signs;
}

/** A condition; what comes before an aggregation, where there is one. */
function readCondition(text: string): Condition | null {
  try {
    return parseCondition(text);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return error.aggregation && error.span.start > 0 ? readCondition(text.slice(0, error.span.start)) : null;
  }
}

function valueRows(value: Value, negated: boolean): WrittenRow[] {
  if (value.kind === 'scalar') return [{ written: 'keywords', operator: 'contains', value: value.text, negated }];
  if (value.kind === 'list') return value.items.flatMap((item) => valueRows(item, negated));
  return value.entries.flatMap((entry) => fieldRows(entry, negated));
}

function fieldRows({ key, value }: Entry, negated: boolean): WrittenRow[] {
  const [field = '', ...modifiers] = key.split('|');
  const written = field === '' ? 'keywords' : field;
  const items = value.kind === 'list' ? value.items : [value];
  const isOther = modifiers.includes('neq');
  return items.flatMap((item) => {
    if (item.kind !== 'scalar') return valueRows(item, negated);
    const row = scalarRow(written, modifiers, item, negated);
    if (!isOther) return [row];
    return [row.operator === 'eq' ? { ...row, operator: 'ne' } : { ...row, negated: !negated }];
  });
}

function scalarRow(written: string, modifiers: readonly string[], item: ScalarValue, negated: boolean): WrittenRow {
  if (modifiers.includes('exists'))
    return { written, operator: 'exists', value: '', negated: item.value === false ? !negated : negated };
  if (item.value === null) return { written, operator: 'is_null', value: '', negated };
  const operator = modifiers.map((name) => OPERATORS[name]).find((one) => one !== undefined);
  const transform = modifiers.find((name) => TRANSFORMS.includes(name));
  const value = transform === undefined ? item.text : `${transform}(${item.text})`;
  if (operator !== undefined) return { written, operator, value, negated };
  return { written, ...plainOperator(value, written === 'keywords' ? 'contains' : 'eq'), negated };
}
