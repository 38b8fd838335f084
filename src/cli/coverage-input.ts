import { resolve } from '../config/index.js';
import { type CoverageRule, isAbout, proofsOf, readCatalog, readProofs } from '../coverage/index.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { renderLine } from '../diagnostics/render.js';
import { compileOptions } from '../engine/compile.js';
import { configTree } from '../engine/options.js';
import { type CoverageTable, coverageTable } from '../page/model/coverage.js';
import { loadCatalog } from '../rules/suricata/catalog/load.js';
import { diagnosticRenderer } from './excerpt.js';
import { EXIT, Stop } from './exit.js';
import { settings } from './options.js';
import { shippedRules, shippedSigmaRules } from './rule-package.js';
import { plural, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Rules of a catalog, and the samples that prove them. */
export interface ProvedCatalog {
  readonly rules: readonly CoverageRule[];
  readonly proofs: ReadonlyMap<CoverageRule, readonly string[]>;
  readonly problems: readonly Diagnostic[];
}

/** Problems that are shown before the rest is only counted. */
const SHOWN = 5;

/** Reads the rules and proofs that the command line names; those that come with sidewire when it names none. */
export async function catalogOf(values: Values): Promise<ProvedCatalog> {
  const paths = (values.rules as string[] | undefined) ?? [...shippedRules(), ...shippedSigmaRules()];
  const config = resolve(
    configTree({
      set: settings(values.set as string[] | undefined),
      ...(values.config ? { config: String(values.config) } : {}),
    }),
    { logDir: '.', workers: 1, catalog: loadCatalog() },
  );
  const { rules, problems } = readCatalog(paths, compileOptions(config));
  const found: Diagnostic[] = [...problems];
  const report = (problem: Diagnostic) => found.push(problem);
  const given = await readProofs((values.proved as string[] | undefined) ?? [], report);
  const proofs = proofsOf(rules, given, report);
  return { rules, proofs, problems: found };
}

/** What rules that were named are tagged with, for a page; rules that do not run count for nothing. */
export async function coverageOf(files: readonly string[], values: Values): Promise<CoverageTable> {
  const { rules, proofs } = await catalogOf({ ...values, rules: files });
  const loaded = rules.filter(({ runs }) => runs);
  return coverageTable(loaded.map((rule) => ({ techniques: rule.techniques, isProved: proofs.has(rule) })));
}

/** The technique that was asked for. */
export function techniqueOf(text: string): string {
  if (!/^T\d{4}(?:\.\d{3})?$/i.test(text))
    throw new Stop(EXIT.usage, `"${text}" is no technique of ATT&CK: write it as T1021.003`);
  return text.toUpperCase();
}

/** A rule without its rows, for machines. */
export function ruleRecord(rule: CoverageRule, { proofs }: ProvedCatalog): object {
  const { rows: _, logSource: logsource, ...rest } = rule;
  return { ...rest, logsource, proved: proofs.get(rule) ?? [] };
}

/** The rules of a technique; all of them without one. */
export function chosenRules({ rules }: ProvedCatalog, technique: string | undefined): readonly CoverageRule[] {
  return technique === undefined ? rules : rules.filter((rule) => isAbout(rule, technique));
}

/** Says what could not be read: the first in full, or all of it, a line each. */
export function tellProblems(problems: readonly Diagnostic[], values: Values, terminal: Terminal): void {
  if (values.problems) {
    for (const problem of problems) terminal.err(renderLine(problem));
    return;
  }
  const render = diagnosticRenderer(terminal.color.err, terminal.width);
  for (const problem of problems.slice(0, SHOWN)) terminal.err(`${render(problem)}\n`);
  if (problems.length > SHOWN)
    terminal.err(`${plural(problems.length - SHOWN, 'more problem')}: --problems shows them all\n`);
}
