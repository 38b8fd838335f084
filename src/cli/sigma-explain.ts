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
