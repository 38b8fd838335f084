import type { Config } from '../config/index.js';
import type { Hint, Ruleset, Summary } from '../engine/index.js';
import type { JoinReport } from '../generated/hunt.js';
import { count, duration, octets, plural, style, type Terminal, table } from './terminal.js';

/** What could not apply, shown before the rest is only counted. */
const SHOWN_SIGMA = 8;

/** Everything the end of a replay tells. */
export interface Outcome {
  readonly summary: Summary;
  readonly config: Config;
  readonly rules: Ruleset;
  readonly ruleFiles: readonly string[];
  readonly inputs: readonly string[];
  readonly workers: number;
  readonly eve: string;
  /** What event logs added; `null` without logs. */
  readonly joined: JoinReport | null;
  readonly hints: readonly Hint[];
}

/** A replay's end, for people. */
export function summaryText(outcome: Outcome, terminal: Terminal): string[] {
  const { summary, hints } = outcome;
  const head = (text: string) => style(terminal.color.out, 'bold', text);
  const dim = (text: string) => style(terminal.color.out, 'dim', text);
  const rate = summary.elapsed > 0 ? `, ${count(Math.round(summary.packets / summary.elapsed))} packets/s` : '';
  const lines = [
    head('Replayed'),
    `  ${plural(outcome.inputs.length, 'capture')}, ${plural(summary.packets, 'packet')}, ${octets(summary.bytes)} in ${duration(summary.elapsed)}${rate}`,
  ];
  if (summary.first && summary.last) lines.push(`  ${summary.first} to ${summary.last}`);
  lines.push(...context(outcome).map((text) => dim(`  ${text}`)));
  lines.push('', head('Alerts'), ...alertLines(summary, terminal));
  for (const { why, change } of hints) lines.push(`  ${why}`, ...(change ? [`    ${change}`] : []));
  lines.push('', head('Events'), ...eventLines(summary));
  lines.push(...sigmaLines(outcome.rules).flatMap((line, at) => (at === 0 ? ['', head(line)] : [`  ${line}`])));
  if (outcome.joined) lines.push('', head('Incidents'), ...incidentLines(outcome.joined));
  if (summary.errors.length > 0) {
    lines.push('', style(terminal.color.out, ['bold', 'red'], 'Errors'));
    for (const error of summary.errors)
      lines.push(`  ${error.message}${error.partial ? ' (what came before was replayed)' : ''}`);
  }
  lines.push('', `Every event: ${outcome.eve}`);
  const [alert] = summary.alerts;
  const [capture] = outcome.inputs;
  if (alert) lines.push(dim(`Try: jq 'select(.event_type=="alert")' ${outcome.eve}`));
  else if (capture) lines.push(dim(`Try: sidewire rules explain SID ${capture}   why a rule did not fire`));
  return lines;
}

function context({ config, rules, ruleFiles, summary, workers }: Outcome): string[] {
  const { stream, decode } = config.run;
  const checksums = { verify: 'verified', ignore: 'ignored', auto: 'verified' }[decode.checksums];
  const auto =
    decode.checksums === 'auto'
      ? summary.checksums_ignored > 0
        ? ` (auto: ignored in ${plural(summary.checksums_ignored, 'capture')})`
        : ' (auto)'
      : '';
  return [
    `HOME_NET ${config.addressVariables.get('HOME_NET') ?? 'not set'}, EXTERNAL_NET ${config.addressVariables.get('EXTERNAL_NET') ?? 'not set'}`,
    `midstream ${stream.midstream ? 'on' : 'off'}, checksums ${checksums}${auto}, ${plural(workers, 'worker')}, matcher ${summary.matcher}`,
    `${plural(rules.size, 'rule')} of ${plural(ruleFiles.length, 'file')}${rules.findings.failed > 0 ? `, ${count(rules.findings.failed)} left out because of errors` : ''}`,
  ];
}

function alertLines(summary: Summary, terminal: Terminal): string[] {
  if (summary.alerts.length === 0) return ['  none'];
  const rows = [...summary.alerts]
    .sort((a, b) => a.priority - b.priority || b.count - a.count || a.sid - b.sid)
    .map(({ sid, gid, count: times, msg, priority }) => [
      times,
      gid === 1 ? String(sid) : `${gid}:${sid}`,
      `p${priority}`,
      msg,
    ]);
  return table(rows).map((line) => line.slice(0, Math.max(terminal.width, 40)));
}

function eventLines(summary: Summary): string[] {
  const rows = Object.entries(summary.events).sort(([a], [b]) => (a < b ? -1 : 1));
  return rows.length === 0 ? ['  none'] : table(rows.map(([type, times]) => [type, times]));
}

/** Sigma rules that could not apply: silence is only clean where rules could have spoken. */
function sigmaLines({ sigma }: Ruleset): string[] {
  if (sigma === null) return [];
  const { inapplicable, failed } = sigma.statistics;
  const missing = sigma.diagnostics.filter(({ code }) => code === 'sigma/field-missing');
  const lines = [
    ...(inapplicable > 0 ? [`${plural(inapplicable, 'rule')}: not about traffic`] : []),
    ...(failed > 0 ? [`${plural(failed, 'rule')}: not loaded because of errors`] : []),
    ...missing.map(({ file, line, message, help }) => `${file}:${line}: ${message}; ${help}`),
    ...sigma.problems.map(({ id, message }) => `rule ${id} was left out: ${message}`),
  ];
  const shown = lines.slice(0, SHOWN_SIGMA);
  if (lines.length > shown.length)
    shown.push(`and ${count(lines.length - shown.length)} more: \`sidewire rules check FILE\` shows them all`);
  return lines.length === 0 ? [] : ['Sigma rules that could not apply', ...shown];
}

/** Incidents, and what the logs knew. */
function incidentLines({ says, joined, flows, records, problems }: JoinReport): string[] {
  const lines = says.map((one) => `  ${one}`);
  const known = `the logs (${plural(records, 'record')}) know ${count(joined)} of ${plural(flows, 'TCP flow')}`;
  lines.push(`  ${says.length === 0 ? 'none; ' : ''}${known}`);
  if (problems > 0) lines.push(`  ${plural(problems, 'record')} of the logs could not be read`);
  return lines;
}

/** What a run was, for machines: printed with `--json`, and kept beside eve.json as `run.json`. */
export function runRecord(outcome: Outcome): Record<string, unknown> {
  const { config, rules, summary } = outcome;
  return {
    inputs: outcome.inputs,
    eve: outcome.eve,
    variables: Object.fromEntries([...config.addressVariables, ...config.portVariables]),
    midstream: config.run.stream.midstream,
    checksums: config.run.decode.checksums,
    workers: outcome.workers,
    rules: {
      files: outcome.ruleFiles,
      loaded: rules.size,
      failed: rules.findings.failed,
      skipped: rules.findings.skipped,
    },
    summary,
    ...(outcome.joined ? { joined: outcome.joined } : {}),
    hints: outcome.hints,
  };
}
