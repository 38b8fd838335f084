import { currentTechniques } from '../sigma/retired-techniques.js';
import type { CoverageRow, CoverageRule, RowOperator } from './row.js';

/** By which name fields are counted: the common one, or the one that each rule has. */
export type FieldNaming = 'field' | 'written';

/** A field that rules look at. */
export interface FieldCount {
  readonly field: string;
  readonly rules: number;
  /** Rules by operator. */
  readonly how: Readonly<Partial<Record<RowOperator, number>>>;
  /** Values of it, those of most rules first. */
  readonly samples: readonly string[];
}

/** A value that rules look for. */
export interface ValueCount {
  readonly field: string;
  readonly operator: RowOperator;
  readonly value: string;
  /** Rules under the technique that look for it, by id. */
  readonly rules: readonly string[];
  /** Rules of the whole catalog that do. */
  readonly reach: number;
}

/** A value that rules leave out. */
export type ExclusionCount = Omit<ValueCount, 'reach'>;

/** What the rules under a technique have in common. */
export interface TechniqueTally {
  readonly rules: readonly CoverageRule[];
  readonly of: number;
  readonly fields: readonly FieldCount[];
  readonly values: readonly ValueCount[];
  readonly exclusions: readonly ExclusionCount[];
}

/** Values that are shown of a field. */
const SAMPLES = 5;

/** Whether a rule is about a technique: the technique itself, or one below it. */
export function isAbout(rule: CoverageRule, technique: string): boolean {
  const wanted = currentTechniques(technique.toUpperCase());
  return rule.techniques.some((one) => wanted.some((id) => one === id || one.startsWith(`${id}.`)));
}

/**
 * Counts what the rules under a technique look at. A rule counts once for each field, operator and value, upper and lower case
 * alike; what stands under `not` is an exclusion and counts nowhere else.
 */
export function tallyTechnique(
  catalog: readonly CoverageRule[],
  technique: string,
  naming: FieldNaming = 'field',
): TechniqueTally {
  const rules = catalog.filter((rule) => isAbout(rule, technique));
  const reach = new Map<string, number>();
  for (const rule of catalog)
    for (const key of new Set(rule.rows.filter(({ negated }) => !negated).map((row) => keyOf(row, naming))))
      reach.set(key, (reach.get(key) ?? 0) + 1);
  const positive = valuesOf(rules, naming, false);
  const values = [...positive].map(([key, value]) => ({ ...value, reach: reach.get(key) ?? 0 }));
  values.sort((a, b) => b.rules.length - a.rules.length || b.reach - a.reach || order(a, b));
  const exclusions = [...valuesOf(rules, naming, true).values()];
  exclusions.sort((a, b) => b.rules.length - a.rules.length || order(a, b));
  return { rules, of: catalog.length, fields: fieldsOf(rules, values, naming), values, exclusions };
}

function order(a: ExclusionCount, b: ExclusionCount): number {
  const [left, right] = [a, b].map(({ field, operator, value }) => `${field}\0${operator}\0${value}`.toLowerCase());
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

function keyOf(row: CoverageRow, naming: FieldNaming): string {
  return `${row[naming]}\0${row.operator}\0${row.value.toLowerCase()}`;
}

function valuesOf(rules: readonly CoverageRule[], naming: FieldNaming, negated: boolean): Map<string, ExclusionCount> {
  const found = new Map<string, { field: string; operator: RowOperator; value: string; rules: string[] }>();
  for (const { id, rows } of rules) {
    const seen = new Set<string>();
    for (const row of rows) {
      const key = keyOf(row, naming);
      if (row.negated !== negated || seen.has(key)) continue;
      seen.add(key);
      const known = found.get(key);
      if (known) known.rules.push(id);
      else found.set(key, { field: row[naming], operator: row.operator, value: row.value, rules: [id] });
    }
  }
  return found;
}

function fieldsOf(rules: readonly CoverageRule[], values: readonly ValueCount[], naming: FieldNaming): FieldCount[] {
  const counts = new Map<string, { rules: number; how: Map<RowOperator, number> }>();
  for (const { rows } of rules) {
    const seen = new Map<string, Set<RowOperator>>();
    for (const row of rows)
      if (!row.negated) seen.set(row[naming], (seen.get(row[naming]) ?? new Set()).add(row.operator));
    for (const [field, operators] of seen) {
      const count = counts.get(field) ?? { rules: 0, how: new Map() };
      counts.set(field, count);
      count.rules += 1;
      for (const operator of operators) count.how.set(operator, (count.how.get(operator) ?? 0) + 1);
    }
  }
  const fields = [...counts].map(([field, { rules: times, how }]) => ({
    field,
    rules: times,
    how: Object.fromEntries([...how].sort(([, a], [, b]) => b - a)),
    samples: [
      ...new Set(values.filter((one) => one.field === field && one.value !== '').map(({ value }) => value)),
    ].slice(0, SAMPLES),
  }));
  return fields.sort((a, b) => b.rules - a.rules || (a.field < b.field ? -1 : 1));
}
