import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../calls/wording.js';
import { Engine, joinIncidents } from '../engine/index.js';
import type { IncidentEvent } from '../generated/events.js';
import { eveEvents } from './eve-events.js';
import { EXIT } from './exit.js';
import { lacksRules, tellFindings } from './findings.js';
import { engineOptions } from './options.js';
import { inputsOf } from './replay.js';
import { shippedRules } from './rule-package.js';
import { count, plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Characters of a text that are shown. */
const MAX_TEXT = 300;

/** `sidewire incidents`: exit status 1 when there is none, or something is wrong. */
export async function incidents(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const engine = new Engine(engineOptions(values));
  await using rules = await engine.compile({ files: (values.rules as string[] | undefined) ?? shippedRules() });
  tellFindings(rules, terminal);
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-incidents-'));
  try {
    const run = engine.replay(inputsOf(captures, values), { rules, types: [], logDir: folder });
    const summary = await run.summary();
    for (const error of summary.errors) terminal.err(`error: ${error.message}`);
    const eve = join(folder, 'eve.json');
    const report = await joinIncidents(eve, (values.logs as string[] | undefined) ?? []);
    const found: IncidentEvent[] = [];
    if (existsSync(eve)) for await (const event of eveEvents(eve, 'incident')) found.push(event);
    if (values.json) for (const event of found) terminal.out(JSON.stringify(event));
    else {
      for (const event of found) terminal.out(`${incidentText(event, terminal).join('\n')}\n`);
      const alerts = summary.alerts.reduce((sum, { count: times }) => sum + times, 0);
      terminal.out(
        `${plural(found.length, 'incident')} of ${plural(alerts, 'alert')}` +
          (values.logs ? `; the logs know ${count(report.joined)} of ${plural(report.flows, 'TCP flow')}` : ''),
      );
    }
    if (report.problems > 0)
      terminal.err(`warning: ${plural(report.problems, 'record')} of the logs could not be read`);
    return found.length > 0 && summary.errors.length === 0 && !lacksRules(rules) ? EXIT.ok : EXIT.found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An incident as a block of text. */
export function incidentText({ incident }: IncidentEvent, terminal: Terminal): string[] {
  const { grade, says, first, last, from, to, alerts = [], effect = [], technique = [], evidence } = incident;
  const tint = grade === 'confirmed' ? 'red' : grade === 'probable' ? 'yellow' : 'bold';
  const side = ({ ip, host, process: at, logon }: typeof from) =>
    [
      host ? `${host} (${ip})` : ip,
      at ? `${at.image}${at.pid === undefined ? '' : ` [${at.pid}]`}` : '',
      logon ? `as ${logon.user} (logon ${logon.id})` : '',
    ]
      .filter((part) => part !== '')
      .map(printable)
      .join(', ');
  const lines = [
    style(terminal.color.out, tint, `${grade}: ${shown(says)}`),
    `  ${first.slice(0, 19)} to ${last.slice(11, 19)}${technique.length > 0 ? `, ${technique.join(' ')}` : ''}`,
    `  from  ${side(from)}`,
    `  to    ${side(to)}`,
  ];
  for (const { pid, image, command_line, parent, joined_by, after_ms } of effect)
    lines.push(
      `  ran   ${shown(command_line ?? image)}${pid === undefined ? '' : ` [${pid}]`}`,
      `        by ${printable(parent)}, ${after_ms} ms after the call; known by ${joined_by.join(', ')}`,
    );
  for (const { count: times, signature } of alerts)
    lines.push(`  alert ${times > 1 ? `${count(times)} x ` : ''}${printable(signature)}`);
  const records = evidence.filter(({ log }) => log !== undefined).length;
  lines.push(
    `  rests on ${plural(evidence.length - records, 'flow')}${records > 0 ? ` and ${plural(records, 'record')}` : ''}`,
  );
  return lines;
}

/** Command lines are the attacker's text, and may be as long as he likes. */
function shown(text: string): string {
  const characters = [...text];
  return printable(characters.slice(0, MAX_TEXT).join('')) + (characters.length > MAX_TEXT ? '...' : '');
}
