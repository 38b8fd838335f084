import { stringify } from 'yaml';
import type { RowOperator } from './row.js';
import type { ExclusionCount } from './tally.js';

/** Sigma's word for an operator; what has none is left out of a filter. */
const MODIFIERS: Readonly<Partial<Record<RowOperator, string>>> = {
  eq: '',
  in: '',
  wildcard: '',
  contains: '|contains',
  starts_with: '|startswith',
  ends_with: '|endswith',
  regex_match: '|re',
  cidr: '|cidr',
};

/** Exclusions as a filter to copy into a Sigma rule: `not 1 of filter_*` behind its condition. Empty when there are none. */
export function exclusionFilter(exclusions: readonly ExclusionCount[]): string {
  const fields = new Map<string, Set<string>>();
  for (const { field, operator, value } of exclusions) {
    const modifier = MODIFIERS[operator];
    if (modifier === undefined || value === '' || field === 'keywords') continue;
    // A value with one of these behind it was made of another.
    if (/^(?:base64(?:offset)?|fieldref|minute|hour|day|week|month|year)\(.*\)$/.test(value)) continue;
    fields.set(`${field}${modifier}`, (fields.get(`${field}${modifier}`) ?? new Set()).add(value));
  }
  const filters = [...fields].map(([key, values], nth) => [`filter_known_${nth + 1}`, { [key]: [...values] }] as const);
  return filters.length === 0 ? '' : stringify(Object.fromEntries(filters), { lineWidth: 0, singleQuote: true });
}
