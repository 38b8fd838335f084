/** How a rule compares a field with a value. */
export type RowOperator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'contains'
  | 'starts_with'
  | 'ends_with'
  | 'wildcard'
  | 'regex_match'
  | 'cidr'
  | 'gt'
  | 'ge'
  | 'lt'
  | 'le'
  | 'exists'
  | 'is_null';

/** One thing that a rule looks at. */
export interface CoverageRow {
  /** The field, by the one name that all vendors' names for it have here; `keywords` when it may be any. */
  readonly field: string;
  /** The field as the rule has it. */
  readonly written: string;
  readonly operator: RowOperator;
  /** As the rule has it; empty where the operator takes none. */
  readonly value: string;
  /** It must not be so: it stands under `not`. */
  readonly negated: boolean;
}

/** Whose language a rule is in. */
export type RuleVendor = 'sigma' | 'suricata' | 'elastic' | 'splunk' | 'kusto';

/** A rule as rows. */
export interface CoverageRule {
  /** What alerts say of it: the id of a Sigma rule, the sid of a network rule; of others, the id in their file. */
  readonly id: string;
  readonly title: string;
  readonly vendor: RuleVendor;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** What events it looks at, in the vendor's words. */
  readonly logSource: string;
  /** ATT&CK techniques, retired ones replaced. */
  readonly techniques: readonly string[];
  /** It runs here: it was compiled. Rules of Elastic, Splunk and Kusto are read, not run. */
  readonly runs: boolean;
  readonly rows: readonly CoverageRow[];
}

/** A row as a reader of rules finds it, before its field has the common name. */
export type WrittenRow = Omit<CoverageRow, 'field'>;

/**
 * A value with wildcards as the simplest operator that says the same: `*\cmd.exe` ends with `\cmd.exe`. `*` stands for any
 * characters; what has wildcards inside, or `?`, stays `wildcard`.
 */
export function plainOperator(value: string, whole: RowOperator = 'eq'): { operator: RowOperator; value: string } {
  const inner = value.replace(/^\*+/, '').replace(/\*+$/, '');
  if (/[*?]/.test(inner)) return { operator: 'wildcard', value };
  const before = value.startsWith('*');
  const behind = value.endsWith('*') && (value.length > 1 || !before);
  if (!before && !behind) return { operator: whole, value };
  if (inner === '') return { operator: 'exists', value: '' };
  return { operator: before && behind ? 'contains' : before ? 'ends_with' : 'starts_with', value: inner };
}
