import { printable } from '../calls/wording.js';
import { compileSigmaRules, explainSigma } from '../engine/index.js';
import { sigmaTraceText } from '../engine/sigma-trace.js';
import { EXIT, Stop } from './exit.js';
import { shippedSigmaRules } from './rule-package.js';
import { plural, style, type Terminal } from './terminal.js';

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
    terminal.out(
      style(terminal.color.out, 'bold', `${printable(trace.title)}: ${verdict} of ${plural(trace.records, 'record')}`),
    );
    for (const { log, position } of trace.matches) terminal.out(`  ${log}: record ${position}`);
    for (const line of sigmaTraceText(trace, known.rule.sources.length > 0)) terminal.out(`  ${line}`);
  }
  return trace.matched > 0 ? EXIT.ok : EXIT.found;
}
<<<<<<< HEAD
=======

function reason({ search, field, why, count: times, example, value }: SigmaFailure): string {
  const where = `as in record ${example.position}`;
  const name = search === '' ? '' : `${search}: `;
  if (why === 'excluded') return `${count(times)} x ${name}holds, and the condition excludes it, ${where}`;
  if (why === 'absent') return `${count(times)} x ${name}${field ?? 'keywords'} is not in the event, ${where}`;
  const shown = printable(value ?? '');
  return `${count(times)} x ${name}${field ?? 'keywords'} does not fit, ${where}${shown === '' ? '' : `: ${shown}`}`;
}
>>>>>>> 202be35 (Write what captures hold as one page, and make text of the wire printable in one way)
