import type {
  CompareOperator,
  CorrelationTest,
  CountBound,
  GroupAlias,
  RuleCondition,
  SigmaCorrelation,
  SigmaHead,
  ValueStatistic,
} from '../generated/sigma.js';
import { type Condition, ConditionError, identifiersOf, parseCondition } from './condition.js';
import type { Reporter } from './document.js';
import { type Entry, type MapValue, member, textOf, textsOf } from './values.js';

const TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
] as const;
const OPERATORS: readonly CompareOperator[] = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'];
const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** A correlation, and whether the rules that it is about alert as well. */
export interface ReadCorrelation {
  readonly correlation: SigmaCorrelation;
  readonly generate: boolean;
  /** Where its rules are named. */
  readonly rules: Entry;
}

/** Reads a correlation; `null` when it has an error, which is said. */
export function readCorrelation(rule: MapValue, head: SigmaHead, reporter: Reporter): ReadCorrelation | null {
  const entry = member(rule, 'correlation');
  const fail = (at: Entry | undefined, message: string, help: string): null => {
    reporter.say('sigma/correlation', at?.value.span ?? entry?.keySpan ?? rule.span, message, help);
    return null;
  };
  if (entry?.value.kind !== 'map')
    return fail(entry, '`correlation` is no map', 'give it type, rules, timespan and condition');
  const map = entry.value;
  const type = TYPES.find((name) => name === textOf(map, 'type'));
  if (!type)
    return fail(member(map, 'type'), 'there is no such type of correlation', `write one of ${TYPES.join(', ')}`);
  const rules = member(map, 'rules');
  const names = textsOf(rules?.value);
  if (!rules || names.length === 0) return fail(rules, 'a correlation needs `rules`', 'name rules by `name` or `id`');
  const span = /^(\d{1,6})([smhdwMy])$/.exec(textOf(map, 'timespan') ?? '');
  if (!span) return fail(member(map, 'timespan'), 'a correlation needs a `timespan`', 'write it as 30s, 5m, 1h or 7d');
  const condition = member(map, 'condition');
  const test = type.startsWith('temporal')
    ? temporal(type, condition, names, reporter)
    : counted(type, condition, map, (message, help) => fail(condition, message, help));
  if (!test) return null;
  return {
    correlation: {
      head,
      name: textOf(rule, 'name'),
      rules: names,
      group_by: textsOf(member(map, 'group-by')?.value),
      timespan: Math.min(Number(span[1]) * (UNITS[span[2] ?? 's'] ?? 1), 0xffff_ffff),
      aliases: aliasesOf(map),
      test,
      alerts: true,
    },
    generate: textOf(map, 'generate') === 'true',
    rules,
  };
}

function aliasesOf(map: MapValue): GroupAlias[] {
  const aliases = member(map, 'aliases')?.value;
  if (aliases?.kind !== 'map') return [];
  return aliases.entries.flatMap(({ key, value }) =>
    value.kind === 'map'
      ? value.entries.flatMap((one) =>
          one.value.kind === 'scalar' ? [{ alias: key, rule: one.key, field: one.value.text }] : [],
        )
      : [],
  );
}

function counted(
  type: (typeof TYPES)[number],
  entry: Entry | undefined,
  map: MapValue,
  fail: (message: string, help: string) => null,
): CorrelationTest | null {
  const condition = entry?.value;
  if (condition?.kind !== 'map') return fail('the condition of a count is a map', 'write it as `condition: {gte: 10}`');
  const bounds: CountBound[] = [];
  for (const operator of OPERATORS) {
    const text = textOf(condition, operator);
    if (text === null) continue;
    if (text.trim() === '' || !Number.isFinite(Number(text)))
      return fail(`\`${operator}\` takes a number`, 'write it as `gte: 10`');
    bounds.push({ operator, number: Number(text) });
  }
  if (bounds.length === 0) return fail('the condition compares with nothing', `use one of ${OPERATORS.join(', ')}`);
  if (type === 'event_count') return { kind: 'event_count', bounds };
  const fields = textsOf(member(condition, 'field')?.value ?? member(map, 'field')?.value);
  const [field] = fields;
  if (field === undefined) return fail(`\`${type}\` needs a field`, 'add `field:` to the condition');
  if (type === 'value_count') return { kind: 'value_count', fields, bounds };
  const hundredths = Number(textOf(condition, 'percentile') ?? '50');
  if (!(hundredths >= 0 && hundredths <= 100))
    return fail('a percentile lies between 0 and 100', 'write it as `percentile: 95`');
  const statistics: Readonly<Record<string, ValueStatistic>> = {
    value_sum: 'sum',
    value_avg: 'average',
    value_percentile: { percentile: hundredths },
    value_median: { percentile: 50 },
  };
  return { kind: 'value_statistic', statistic: statistics[type] ?? 'sum', field, bounds };
}

function temporal(
  type: string,
  entry: Entry | undefined,
  names: readonly string[],
  reporter: Reporter,
): CorrelationTest | null {
  const ordered = type === 'temporal_ordered';
  if (entry?.value.kind !== 'scalar') return { kind: 'temporal', ordered, condition: null };
  try {
    return { kind: 'temporal', ordered, condition: overRules(parseCondition(entry.value.text), names) };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    reporter.say('sigma/correlation', entry.value.span, error.message, error.help);
    return null;
  }
}

function overRules(condition: Condition, names: readonly string[]): RuleCondition {
  const place = (name: string): RuleCondition => ({ kind: 'rule', rule: names.indexOf(name) });
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind === 'and' ? 'all' : 'any', of: condition.of.map((one) => overRules(one, names)) };
    case 'not':
      return { kind: 'not', of: overRules(condition.of, names) };
    case 'identifier':
      if (!names.includes(condition.name))
        throw new ConditionError(
          `\`${condition.name}\` is not among its rules`,
          condition.span,
          `there are ${names.join(', ')}`,
        );
      return place(condition.name);
    case 'quantified':
      return { kind: condition.all ? 'all' : 'any', of: identifiersOf(condition.pattern, names).map(place) };
  }
}
