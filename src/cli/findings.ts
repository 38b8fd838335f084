import type { Ruleset } from '../engine/index.js';
import { diagnosticRenderer } from './excerpt.js';
import { plural, type Terminal } from './terminal.js';

/** Diagnostics shown before the rest is only counted. */
const SHOWN = 5;

/** Whether rules were left out because of what is wrong with them: a run without them is done, and not all that was asked for. */
export function lacksRules({ counts, sigma }: Ruleset): boolean {
  return counts.failed > 0 || (sigma !== null && sigma.statistics.failed + sigma.problems.length > 0);
}

/** Says what is wrong with the rules of a run: the first errors in full, the rest as a number. */
export function tellFindings(rules: Ruleset, terminal: Terminal): void {
  const all = [...rules.findings.diagnostics, ...(rules.sigma?.diagnostics ?? [])];
  const errors = all.filter(({ severity }) => severity === 'error');
  const render = diagnosticRenderer(terminal.color.err, terminal.width);
  for (const diagnostic of errors.slice(0, SHOWN)) terminal.err(`${render(diagnostic)}\n`);
  if (errors.length > SHOWN)
    terminal.err(`${plural(errors.length - SHOWN, 'more error')}: \`sidewire rules check FILE\` shows them all\n`);
  const { cacheTrouble } = rules.findings;
  if (cacheTrouble !== null) terminal.err(`warning: ${cacheTrouble}; the rules were compiled anew`);
  for (const { gid, sid, message } of rules.problems.slice(0, SHOWN))
    terminal.err(`warning: rule ${gid}:${sid} was left out: ${message}`);
}
