/** A loaded rule, as far as coverage asks for it. */
export interface TaggedRule {
  readonly techniques: readonly string[];
}

/** Alerts of one rule, as far as coverage asks for them. */
export interface TaggedAlerts extends TaggedRule {
  readonly signature: string;
  readonly count: number;
}

/** A technique of ATT&CK that rules name. */
export interface TechniqueRow {
  /** `T1021.003`. */
  readonly technique: string;
  /** Loaded rules that name it. */
  readonly rules: number;
  /** Alerts of such rules. */
  readonly alerts: number;
  /** Signatures that alerted. */
  readonly signatures: readonly string[];
}

/** What is looked for, and what was found. */
export interface CoverageTable {
  /** Loaded rules; 0 when it is not known which were. */
  readonly rules: number;
  /** Loaded rules by technique. */
  readonly techniques: readonly (readonly [technique: string, rules: number])[];
}

/** A technique as ATT&CK writes it: rules write `T1021_003`, too. */
export function techniqueId(text: string): string {
  return text.toUpperCase().replace('_', '.');
}

/** Counts loaded rules by the techniques they name. */
export function coverageTable(rules: readonly TaggedRule[]): CoverageTable {
  const counts = new Map<string, number>();
  for (const { techniques } of rules)
    for (const technique of new Set(techniques)) counts.set(technique, (counts.get(technique) ?? 0) + 1);
  return { rules: rules.length, techniques: [...counts].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** A row for each technique that a loaded rule or an alert names, in the order of their numbers. */
export function coverageRows(table: CoverageTable, groups: readonly TaggedAlerts[]): TechniqueRow[] {
  const rules = new Map(table.techniques);
  const alerted = new Map<string, { alerts: number; signatures: Set<string> }>();
  for (const { techniques, count, signature } of groups)
    for (const technique of new Set(techniques)) {
      const row = alerted.get(technique) ?? { alerts: 0, signatures: new Set() };
      row.alerts += count;
      row.signatures.add(signature);
      alerted.set(technique, row);
    }
  return [...new Set([...rules.keys(), ...alerted.keys()])].sort().map((technique) => ({
    technique,
    rules: rules.get(technique) ?? 0,
    alerts: alerted.get(technique)?.alerts ?? 0,
    signatures: [...(alerted.get(technique)?.signatures ?? [])],
  }));
}
