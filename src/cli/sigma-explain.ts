import { compileSigmaRules, explainSigma } from '../engine/index.js';
import type { SigmaFailure } from '../generated/hunt.js';
import { EXIT, Stop } from './exit.js';
import { shippedSigmaRules } from './rule-package.js';
import { count, plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules explain ID LOG...`: exit status 1 when the rule matched nothing. */
export async function sigmaExplain(
  id: string,
  logs: readonly string[],
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const files = (values.rules as string[] | undefined) ?? shippedSigmaRules();
  const rules = await compileSigmaRules({ files });
  const known = rules.loaded.find(({ rule }) => rule.head.id === id || rule.name === id);
  if (!known) throw new Stop(EXIT.usage, `"${id}" is no sid, and there is no Sigma rule ${id} in ${files.join(', ')}`);
  const trace = await explainSigma(logs, id, { rules });
  if (values.json) terminal.out(JSON.stringify(trace, null, 2));
  else {
    const verdict = trace.matched > 0 ? `matched ${plural(trace.matched, 'record')}` : 'matched nothing';
    terminal.out(style(terminal.color.out, 'bold', `${trace.title}: ${verdict} of ${plural(trace.records, 'record')}`));
    for (const { log, position } of trace.matches) terminal.out(`  ${log}: record ${position}`);
    if (known.rule.sources.length === 0) terminal.out('  no event log of Windows is of its log source');
    else if (trace.looked_at === 0) terminal.out('  the logs have no event that it looks at');
    else terminal.out(`  ${plural(trace.looked_at, 'record')} looked at`);
    for (const failure of trace.failed) terminal.out(`  ${reason(failure)}`);
  }
  return trace.matched > 0 ? EXIT.ok : EXIT.found;
}

function reason({ search, field, why, count: times, example, value }: SigmaFailure): string {
  const where = `as in record ${example.position}`;
  const name = search === '' ? '' : `${search}: `;
  if (why === 'excluded') return `${count(times)} x ${name}holds, and the condition excludes it, ${where}`;
  if (why === 'absent') return `${count(times)} x ${name}${field ?? 'keywords'} is not in the event, ${where}`;
  const shown = (value ?? '').replace(/\p{Cc}|\p{Bidi_Control}/gu, ' ');
  return `${count(times)} x ${name}${field ?? 'keywords'} does not fit, ${where}${shown === '' ? '' : `: ${shown}`}`;
}
