import { writeFileSync } from 'node:fs';
import { type CoverageRule, navigatorLayer, techniqueRules } from '../coverage/index.js';
import { catalogOf, chosenRules, type ProvedCatalog, ruleRecord, techniqueOf, tellProblems } from './coverage-input.js';
import { EXIT, Stop } from './exit.js';
import { count, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules list coverage`: needs no addon. Exit status 1 when no rule is about the technique. */
export async function rulesCoverage(values: Values, terminal: Terminal): Promise<number> {
  const technique = values.technique === undefined ? undefined : techniqueOf(String(values.technique));
  const catalog = await catalogOf(values);
  const chosen = chosenRules(catalog, technique);
  if (values.navigator) writeLayer(String(values.navigator), chosen, catalog, terminal);
  if (values.json) terminal.out(JSON.stringify(record(chosen, catalog), null, 2));
  else {
    tellProblems(catalog.problems, values, terminal);
    if (chosen.length === 0) {
      terminal.out(`No rule of ${count(catalog.rules.length)} is about ${technique ?? 'anything'}.`);
      return EXIT.found;
    }
    const lines = technique === undefined ? techniqueLines(chosen, catalog) : rowLines(chosen, catalog, terminal);
    for (const line of lines) terminal.out(line);
    terminal.out(`\n${sumLine(chosen, catalog)}`);
  }
  return chosen.length > 0 ? EXIT.ok : EXIT.found;
}

function writeLayer(path: string, rules: readonly CoverageRule[], { proofs }: ProvedCatalog, terminal: Terminal): void {
  const layer = navigatorLayer(rules, proofs);
  try {
    writeFileSync(path, `${JSON.stringify(layer, null, 2)}\n`);
  } catch (error) {
    throw new Stop(EXIT.usage, `--navigator ${path}: ${(error as Error).message}`);
  }
  terminal.err(`${plural(layer.techniques.length, 'technique')} in ${path}, for the ATT&CK Navigator`);
}

/** Rules, and their rows one by one, for machines. */
function record(rules: readonly CoverageRule[], catalog: ProvedCatalog): object {
  return {
    of: catalog.rules.length,
    rules: rules.map((rule) => ruleRecord(rule, catalog)),
    rows: rules.flatMap(({ id, logSource, rows }) => rows.map((row) => ({ rule: id, logsource: logSource, ...row }))),
    problems: catalog.problems,
  };
}

function techniqueLines(rules: readonly CoverageRule[], { proofs }: ProvedCatalog): string[] {
  const rows = techniqueRules(rules).map(([technique, own]) => [
    technique,
    own.length,
    own.filter((rule) => proofs.has(rule)).length,
    own.filter((rule) => rule.runs).length,
    vendorsOf(own),
  ]);
  return table([['technique', 'rules', 'proved', 'run here', ''], ...rows]);
}

/** The rows of rules: what each of them looks at. */
function rowLines(rules: readonly CoverageRule[], { proofs }: ProvedCatalog, terminal: Terminal): string[] {
  return rules.flatMap((rule) => {
    const samples = proofs.get(rule);
    const state = samples ? `proved by ${samples.join(', ')}` : rule.runs ? 'only tagged' : 'does not run here';
    return [
      style(terminal.color.out, 'bold', `${rule.id}  ${rule.title}`),
      style(terminal.color.out, 'dim', `  ${rule.vendor} ${rule.logSource}, ${rule.file}:${rule.line}, ${state}`),
      ...table(rule.rows.map((row) => [row.negated ? 'not' : '', row.field, row.operator, row.value])),
    ];
  });
}

function sumLine(rules: readonly CoverageRule[], { proofs, rules: all }: ProvedCatalog): string {
  const proved = rules.filter((rule) => proofs.has(rule)).length;
  const rows = rules.reduce((sum, rule) => sum + rule.rows.length, 0);
  const untagged = all.filter(({ techniques }) => techniques.length === 0).length;
  return `${plural(rules.length, 'rule')} (${vendorsOf(rules)}), ${count(rows)} rows, ${count(proved)} rules proved by a test; ${count(untagged)} of ${count(all.length)} name no technique`;
}

/** How many rules are whose: `15 sigma, 9 elastic`. */
export function vendorsOf(rules: readonly CoverageRule[]): string {
  const counts = new Map<string, number>();
  for (const { vendor } of rules) counts.set(vendor, (counts.get(vendor) ?? 0) + 1);
  return [...counts].map(([vendor, times]) => `${count(times)} ${vendor}`).join(', ');
}
