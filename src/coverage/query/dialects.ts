import type { RowOperator } from '../row.js';
import { EQL, KUERY, KUSTO, LUCENE, type QueryLexicon, SPL } from './tokens.js';

/** What an operator of a language asks for. */
export interface OperatorSense {
  readonly operator: RowOperator;
  readonly negated?: boolean;
  /** The character that stands for any number of others in its values. */
  readonly wildcard?: '*' | '%' | undefined;
}

/** A function that is a condition: what it asks of its field. */
export interface FunctionSense extends OperatorSense {
  /** The field is the last argument, not the first. */
  readonly fieldLast?: boolean;
}

/** A language of conditions. Names of operators and functions are in lower case. */
export interface QueryDialect {
  readonly lexicon: QueryLexicon;
  readonly operators: Readonly<Record<string, OperatorSense>>;
  readonly functions: Readonly<Record<string, FunctionSense>>;
  /** Conditions side by side are joined by `and`, and a word alone is searched for anywhere. */
  readonly loose: boolean;
}

const COMPARISONS: Readonly<Record<string, OperatorSense>> = {
  '>': { operator: 'gt' },
  '>=': { operator: 'ge' },
  '<': { operator: 'lt' },
  '<=': { operator: 'le' },
};

const EQUALITY: Readonly<Record<string, OperatorSense>> = {
  ...COMPARISONS,
  '==': { operator: 'eq' },
  '!=': { operator: 'ne' },
  in: { operator: 'in' },
};

/** Operators that come with `~` (without regard to case) and with `_cs` (with it). */
function withCases(operators: Readonly<Record<string, OperatorSense>>): Record<string, OperatorSense> {
  return Object.fromEntries(
    Object.entries(operators).flatMap(([name, sense]) => [name, `${name}~`, `${name}_cs`].map((one) => [one, sense])),
  );
}

/** The same with `!` in front. */
function withNegations(operators: Readonly<Record<string, OperatorSense>>): Record<string, OperatorSense> {
  const negations = Object.entries(operators).map(([name, sense]) => [`!${name}`, { ...sense, negated: true }]);
  return { ...operators, ...Object.fromEntries(negations) };
}

export const EQL_DIALECT: QueryDialect = {
  lexicon: EQL,
  operators: {
    ...EQUALITY,
    ...withCases({
      in: { operator: 'in' },
      like: { operator: 'eq', wildcard: '*' },
      regex: { operator: 'regex_match' },
    }),
    ':': { operator: 'eq', wildcard: '*' },
  },
  functions: withCases({
    wildcard: { operator: 'eq', wildcard: '*' },
    startswith: { operator: 'starts_with' },
    endswith: { operator: 'ends_with' },
    stringcontains: { operator: 'contains' },
    indexof: { operator: 'contains' },
    match: { operator: 'regex_match' },
    matchlite: { operator: 'regex_match' },
    cidrmatch: { operator: 'cidr' },
  }),
  loose: false,
};

export const ESQL_DIALECT: QueryDialect = {
  lexicon: EQL,
  operators: {
    ...EQUALITY,
    ':': { operator: 'contains' },
    like: { operator: 'eq', wildcard: '*' },
    rlike: { operator: 'regex_match' },
  },
  functions: {
    starts_with: { operator: 'starts_with' },
    ends_with: { operator: 'ends_with' },
    contains: { operator: 'contains' },
    match: { operator: 'contains' },
    match_phrase: { operator: 'contains' },
    cidr_match: { operator: 'cidr' },
  },
  loose: false,
};

export const KUERY_DIALECT: QueryDialect = {
  lexicon: KUERY,
  operators: { ...COMPARISONS, ':': { operator: 'eq', wildcard: '*' } },
  functions: {},
  loose: true,
};

export const LUCENE_DIALECT: QueryDialect = { ...KUERY_DIALECT, lexicon: LUCENE };

/** What stands before the first `|`, and behind `search` and `where` of `tstats`. */
export const SPL_SEARCH: QueryDialect = {
  lexicon: SPL,
  operators: {
    ...COMPARISONS,
    '=': { operator: 'eq', wildcard: '*' },
    '==': { operator: 'eq', wildcard: '*' },
    '!=': { operator: 'ne', wildcard: '*' },
    in: { operator: 'in', wildcard: '*' },
    like: { operator: 'eq', wildcard: '%' },
  },
  functions: {},
  loose: true,
};

/** What stands behind `where`: expressions of `eval`. */
export const SPL_WHERE: QueryDialect = {
  lexicon: SPL,
  operators: { ...EQUALITY, '=': { operator: 'eq' }, like: { operator: 'eq', wildcard: '%' } },
  functions: {
    match: { operator: 'regex_match' },
    like: { operator: 'eq', wildcard: '%' },
    in: { operator: 'in' },
    cidrmatch: { operator: 'cidr', fieldLast: true },
    isnull: { operator: 'is_null' },
    isnotnull: { operator: 'exists' },
  },
  loose: false,
};

export const KUSTO_DIALECT: QueryDialect = {
  lexicon: KUSTO,
  operators: {
    ...COMPARISONS,
    '==': { operator: 'eq' },
    '=~': { operator: 'eq' },
    '!=': { operator: 'ne' },
    '!~': { operator: 'ne' },
    'matches regex': { operator: 'regex_match' },
    ...withNegations(
      withCases({
        in: { operator: 'in' },
        has: { operator: 'contains' },
        has_any: { operator: 'contains' },
        has_all: { operator: 'contains' },
        hasprefix: { operator: 'contains' },
        hassuffix: { operator: 'contains' },
        contains: { operator: 'contains' },
        startswith: { operator: 'starts_with' },
        endswith: { operator: 'ends_with' },
      }),
    ),
  },
  functions: {
    isempty: { operator: 'is_null' },
    isnull: { operator: 'is_null' },
    isnotempty: { operator: 'exists' },
    isnotnull: { operator: 'exists' },
    notempty: { operator: 'exists' },
    ipv4_is_in_range: { operator: 'cidr' },
    ipv4_is_in_any_range: { operator: 'cidr' },
    has_ipv4: { operator: 'contains' },
  },
  loose: false,
};

/** Functions that give a field in another form: what is asked of them is asked of the field. */
export const TRANSPARENT: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'tolower',
  'toupper',
  'to_lower',
  'to_upper',
  'tostring',
  'to_string',
  'string',
  'toint',
  'tolong',
  'to_integer',
  'number',
  'tonumber',
  'trim',
  'mvindex',
  'parse_path',
]);
