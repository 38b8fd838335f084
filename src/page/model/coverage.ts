/** A rule, as far as coverage asks for it. */
export interface TaggedRule {
  /** ATT&CK techniques that it names. */
  readonly techniques: readonly string[];
  /** A test proves that it alerts. */
  readonly isProved: boolean;
}

/** Alerts of one rule, as far as coverage asks for them. */
export interface TaggedAlerts {
  readonly techniques: readonly string[];
  readonly signature: string;
  readonly count: number;
}

/** Loaded rules that name a technique. */
export interface TechniqueCount {
  readonly technique: string;
  readonly rules: number;
  /** Of these, proved by a test. */
  readonly proved: number;
}

/** What is looked for. */
export interface CoverageTable {
  /** Loaded rules; 0 when it is not known which were. */
  readonly rules: number;
  readonly techniques: readonly TechniqueCount[];
}

/** A technique that rules or alerts name, and what came of it. */
export interface TechniqueRow extends TechniqueCount {
  readonly alerts: number;
  /** Signatures that alerted. */
  readonly signatures: readonly string[];
}

/** A technique as ATT&CK writes it: rules write `T1021_003`, too. */
export function techniqueId(text: string): string {
  return text.toUpperCase().replace('_', '.');
}

/** Counts loaded rules by the techniques they name. */
export function coverageTable(rules: readonly TaggedRule[]): CoverageTable {
  const counts = new Map<string, TechniqueCount>();
  for (const { techniques, isProved } of rules)
    for (const technique of new Set(techniques)) {
      const known = counts.get(technique) ?? { technique, rules: 0, proved: 0 };
      counts.set(technique, { technique, rules: known.rules + 1, proved: known.proved + (isProved ? 1 : 0) });
    }
  const techniques = [...counts.values()].sort((a, b) => (a.technique < b.technique ? -1 : 1));
  return { rules: rules.length, techniques };
}

/** A row for each technique that a loaded rule or an alert names, in the order of their numbers. */
export function coverageRows(table: CoverageTable, groups: readonly TaggedAlerts[]): TechniqueRow[] {
  const rules = new Map(table.techniques.map((count) => [count.technique, count]));
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
    ...(rules.get(technique) ?? { rules: 0, proved: 0 }),
    alerts: alerted.get(technique)?.alerts ?? 0,
    signatures: [...(alerted.get(technique)?.signatures ?? [])],
  }));
}
