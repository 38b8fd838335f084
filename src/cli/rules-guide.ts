import { type CoverageRule, exclusionFilter, isAbout, type TechniqueTally, tallyTechnique } from '../coverage/index.js';
import { catalogOf, type ProvedCatalog, ruleRecord, techniqueOf, tellProblems } from './coverage-input.js';
import { EXIT, Stop } from './exit.js';
import { vendorsOf } from './rules-coverage.js';
import { count, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Longest text of a cell. */
const WIDEST = 60;

/** `sidewire rules guide`: needs no addon. Exit status 1 when no rule is about the technique. */
export async function rulesGuide(args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const technique = techniqueOf(args[0] ?? '');
  const top = Number(values.top);
  if (!Number.isInteger(top) || top < 1) throw new Stop(EXIT.usage, `--top takes a whole number, not "${values.top}"`);
  const catalog = await catalogOf(values);
  const tally = tallyTechnique(catalog.rules, technique, values.asWritten ? 'written' : 'field');
  const own = await ownDetections(technique, values);
  if (values.json) {
    const shown = (from: ProvedCatalog) => (rule: CoverageRule) => ruleRecord(rule, from);
    const record = { ...tally, rules: tally.rules.map(shown(catalog)), own: own.rules.map(shown(own)) };
    terminal.out(JSON.stringify({ technique, ...record, problems: catalog.problems }, null, 2));
  } else {
    tellProblems(catalog.problems, values, terminal);
    for (const line of guideLines(technique, tally, catalog, top, terminal)) terminal.out(line);
    if (own.rules.length > 0) terminal.out(style(terminal.color.out, 'bold', '\nDetections that come with sidewire'));
    for (const line of ruleLines(own.rules, own.proofs)) terminal.out(line);
  }
  return tally.rules.length > 0 ? EXIT.ok : EXIT.found;
}

/** The rules that come with sidewire and are about a technique, beside those that were named. */
async function ownDetections(technique: string, values: Values): Promise<ProvedCatalog> {
  if (values.rules === undefined) return { rules: [], proofs: new Map(), problems: [] };
  const { rules: _, ...others } = values;
  const own = await catalogOf(others);
  return { ...own, rules: own.rules.filter((rule) => isAbout(rule, technique)) };
}

function guideLines(
  technique: string,
  { rules, of, fields, values, exclusions }: TechniqueTally,
  { proofs }: ProvedCatalog,
  top: number,
  terminal: Terminal,
): string[] {
  const head = (text: string) => style(terminal.color.out, 'bold', text);
  if (rules.length === 0) return [`No rule of ${count(of)} is about ${technique}.`];
  const more = (total: number) => (total > top ? [`  and ${count(total - top)} more (--top)`] : []);
  const proved = rules.filter((rule) => proofs.has(rule)).length;
  const network = new Set(rules.filter(({ vendor }) => vendor === 'suricata').map(({ id }) => id));
  const filter = exclusionFilter(exclusions.filter((one) => one.rules.some((id) => !network.has(id))).slice(0, top));
  return [
    head(
      `${technique}: ${plural(rules.length, 'rule')} of ${count(of)} (${vendorsOf(rules)}), ${count(proved)} proved by a test`,
    ),
    '',
    head(`Fields looked at most (${fields.length})`),
    ...table([
      ['field', 'rules', 'how', 'samples'],
      ...fields.slice(0, top).map(({ field, rules: times, how, samples }) => [
        field,
        times,
        Object.entries(how)
          .map(([operator, number]) => `${operator} ${number}`)
          .join(', '),
        short(samples.join(', ')),
      ]),
    ]),
    ...more(fields.length),
    '',
    head(`Values (${values.length}): rules here, and of the whole catalog (many: noisy alone)`),
    ...table([
      ['field', 'how', 'value', 'here', 'catalog'],
      ...values
        .slice(0, top)
        .map(({ field, operator, value, rules: own, reach }) => [field, operator, short(value), own.length, reach]),
    ]),
    ...more(values.length),
    '',
    head(`Exclusions (${exclusions.length})`),
    ...table(
      exclusions
        .slice(0, top)
        .map(({ field, operator, value, rules: own }) => [field, operator, short(value), own.length]),
    ),
    ...more(exclusions.length),
    ...filterLines(filter),
    '',
    head('Rules'),
    ...ruleLines(rules, proofs),
  ];
}

function ruleLines(rules: readonly CoverageRule[], proofs: ProvedCatalog['proofs']): string[] {
  const shown = provedFirst(rules, proofs);
  return table(shown.map((rule) => [rule.vendor, rule.id, short(rule.title), stateWord(rule, proofs)]));
}

function filterLines(filter: string): string[] {
  if (filter === '') return [];
  const lines = filter.trimEnd().split('\n');
  return [
    '',
    '  To copy, with `and not 1 of filter_known_*`; each of them alone leaves events out:',
    ...lines.map((line) => `    ${line}`),
  ];
}

/** Those that a test proves first, then those that run here, then those that are only read. */
function provedFirst(rules: readonly CoverageRule[], proofs: ProvedCatalog['proofs']): CoverageRule[] {
  const grade = (rule: CoverageRule) => (proofs.has(rule) ? 0 : rule.runs ? 1 : 2);
  return [...rules].sort((a, b) => grade(a) - grade(b));
}

function stateWord(rule: CoverageRule, proofs: ProvedCatalog['proofs']): string {
  const [sample, ...more] = proofs.get(rule) ?? [];
  if (sample !== undefined) return `proved by ${sample}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  return rule.runs ? 'only tagged' : 'read, not run here';
}

function short(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length > WIDEST ? `${plain.slice(0, WIDEST - 3)}...` : plain;
}
