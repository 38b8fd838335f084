import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSigmaRules, type SigmaRuleset, startHunt } from '../engine/hunt.js';
import type { HuntProgress, HuntReport } from '../generated/hunt.js';
import { diagnosticRenderer } from './excerpt.js';
import { EXIT, Stop } from './exit.js';
import { interruptSignal } from './interrupt.js';
import { ProgressLine } from './progress.js';
import { shippedSigmaRules } from './rule-package.js';
import { count, duration, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Diagnostics shown before the rest is only counted. */
const SHOWN = 5;
/** Fields that no event had, shown before the rest is only counted. */
const SHOWN_FIELDS = 8;

/** `sidewire hunt`. */
export async function hunt(logs: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const files = (values.rules as string[] | undefined) ?? shippedSigmaRules();
  const rules = await compileSigmaRules({ files, onlyApplicable: true, placeholders: placeholdersOf(values) });
  tellFindings(rules, terminal);
  const logDir = values.logDir as string;
  mkdirSync(logDir, { recursive: true });
  const eve = join(logDir, 'eve.json');
  const hunt = startHunt(logs, { rules, eve, complete: values.complete !== false });
  const interrupt = interruptSignal();
  interrupt.signal.addEventListener('abort', () => hunt.stop(), { once: true });
  const line = new ProgressLine(terminal, () => progressText(hunt.progress()));
  line.start();
  const report = await hunt.report().finally(() => {
    line.stop();
    interrupt.release();
  });
  const record = { inputs: logs, eve, rules: { files, ...rules.statistics, problems: rules.problems }, report };
  writeFileSync(join(logDir, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
  if (values.json) terminal.out(JSON.stringify(record, null, 2));
  else terminal.out(huntText(report, rules, eve, terminal).join('\n'));
  if (report.failed) terminal.err(`error: ${report.failed}`);
  if (interrupt.signal.aborted) return EXIT.interrupted;
  const lacks = rules.statistics.failed + rules.problems.length > 0;
  return report.problem_count > 0 || report.failed || lacks ? EXIT.found : EXIT.ok;
}

function progressText({ records, alerts }: HuntProgress): string {
  return `${count(records)} records, ${plural(alerts, 'alert')}`;
}

/** `name=value` pairs of `--placeholder`; a name may come several times. */
export function placeholdersOf(values: Values): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const pair of (values.placeholder as string[] | undefined) ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new Stop(EXIT.usage, `--placeholder ${pair}: write it as --placeholder domain_admins=alice`);
    const name = pair.slice(0, equals);
    found[name] = [...(found[name] ?? []), pair.slice(equals + 1)];
  }
  return found;
}

function tellFindings(rules: SigmaRuleset, terminal: Terminal): void {
  const errors = rules.diagnostics.filter(({ severity }) => severity === 'error');
  const render = diagnosticRenderer(terminal.color.err, terminal.width);
  for (const diagnostic of errors.slice(0, SHOWN)) terminal.err(`${render(diagnostic)}\n`);
  if (errors.length > SHOWN)
    terminal.err(`${plural(errors.length - SHOWN, 'more error')}: \`sidewire rules check FILE\` shows them all\n`);
  for (const { id, message } of rules.problems.slice(0, SHOWN))
    terminal.err(`warning: rule ${id} was left out: ${message}`);
}

/** A hunt's end, for people. */
export function huntText(report: HuntReport, rules: SigmaRuleset, eve: string, terminal: Terminal): string[] {
  const head = (text: string) => style(terminal.color.out, 'bold', text);
  const rate = report.elapsed > 0 ? `, ${count(Math.round(report.records / report.elapsed))} records/s` : '';
  const lines = [
    head('Hunted'),
    `  ${plural(report.logs.length, 'log')}, ${plural(report.records, 'record')} in ${duration(report.elapsed)}${rate}`,
  ];
  if (report.first && report.last) lines.push(`  ${report.first} to ${report.last}`);
  lines.push(...context(report, rules).map((text) => style(terminal.color.out, 'dim', `  ${text}`)));
  lines.push('', head('Alerts'), ...alertLines(report, terminal));
  lines.push('', head('Rules that could not apply'), ...applicability(report, rules));
  if (report.problem_count > 0) {
    lines.push('', style(terminal.color.out, ['bold', 'red'], 'Errors'));
    lines.push(...report.problems.map((problem) => `  ${problem}`));
    const more = report.problem_count - report.problems.length;
    if (more > 0) lines.push(`  and ${count(more)} more`);
  }
  lines.push('', `Every alert: ${eve}`);
  return lines;
}

function context(report: HuntReport, rules: SigmaRuleset): string[] {
  const shapes = new Map<string, number>();
  for (const { shape } of report.logs) if (shape) shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
  const zones = new Set(report.logs.flatMap(({ zone }) => (zone === undefined ? [] : [zone])));
  const lines = [[...shapes].map(([shape, logs]) => `${shape}${logs > 1 ? ` (${logs})` : ''}`).join(', ')];
  for (const zone of zones)
    lines.push(`local times are UTC${zone < 0 ? '-' : '+'}${clock(Math.abs(zone))}, as the records tell`);
  if (report.logs.some((log) => log.zone_missing))
    lines.push('local times that do not tell their zone were taken for UTC');
  lines.push(`${plural(rules.size, 'rule')}, matcher ${report.matcher}`);
  if (report.completed > 0)
    lines.push(`${plural(report.completed, 'value')} of parents completed from their own events`);
  return lines.filter((line) => line !== '');
}

function clock(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3600)}:${part((seconds % 3600) / 60)}`;
}

function alertLines(report: HuntReport, terminal: Terminal): string[] {
  if (report.rules.length === 0) return ['  none'];
  const rows = [...report.rules]
    .sort((a, b) => a.severity - b.severity || b.count - a.count || (a.title < b.title ? -1 : 1))
    .map(({ count: times, level, title, hosts, host_count, first, last }) => {
      const more = host_count > hosts.length ? ` and ${count(host_count - hosts.length)} more` : '';
      return [times, level, title, `${hosts.join(', ')}${more}`, first.slice(0, 19), last.slice(11, 19)];
    });
  return table(rows).map((line) => line.slice(0, Math.max(terminal.width, 120)));
}

/** Silence is only clean where rules could have spoken. */
function applicability(report: HuntReport, rules: SigmaRuleset): string[] {
  const lines: string[] = [];
  const idle = report.loaded - report.applied;
  if (idle > 0) lines.push(`  ${plural(idle, 'rule')}: the logs have no event of their log source`);
  const { inapplicable, failed } = rules.statistics;
  if (inapplicable > 0) lines.push(`  ${plural(inapplicable, 'rule')}: not about event logs of Windows`);
  if (failed > 0) lines.push(`  ${plural(failed, 'rule')}: not loaded because of errors`);
  const shown = report.unseen.slice(0, SHOWN_FIELDS);
  for (const { field, rules: asked } of shown)
    lines.push(`  ${plural(asked, 'rule')} ask for ${field}, which no event had`);
  const left = report.unseen.length - shown.length;
  if (left > 0) lines.push(`  and ${plural(left, 'more field')} that no event had`);
  if (report.forgotten > 0)
    lines.push(
      `  ${plural(report.forgotten, 'process', 'processes')} forgotten because there were too many: nothing completed from them`,
    );
  if (report.uncorrelated > 0)
    lines.push(`  ${plural(report.uncorrelated, 'match', 'matches')} not correlated because there were too many`);
  return lines.length === 0 ? ['  none'] : lines;
}
