import { Engine, traceText } from '../engine/index.js';
import { EXIT, Stop } from './exit.js';
import { tellFindings } from './findings.js';
import { engineOptions } from './options.js';
import { inputsOf } from './replay.js';
import { shippedRules } from './rule-package.js';
import { plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Lines of the trace that are shown. */
const LIMIT = 200;

/** `sidewire rules explain`: exit status 1 when the rule matched nothing. */
export async function rulesExplain(args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const [first, ...captures] = args;
  if (first !== undefined && !/^-?[\d.]+$/.test(first))
    return (await import('./sigma-explain.js')).sigmaExplain(first, captures, values, terminal);
  const sid = Number(first);
  if (!Number.isInteger(sid) || sid < 1)
    throw new Stop(EXIT.usage, `"${first}" is no sid: sidewire rules explain 2027189 FILE`);
  const engine = new Engine(engineOptions(values));
  await using rules = await engine.compile({ files: (values.rules as string[] | undefined) ?? shippedRules() });
  const about = rules.findings.diagnostics.filter(
    (diagnostic) => diagnostic.sid === sid && diagnostic.severity === 'error',
  );
  if (about.length > 0) tellFindings(rules, terminal);
  const trace = await engine.explain(inputsOf(captures, values), rules, sid);
  const results = [...trace.flows.flatMap(({ results }) => results), ...trace.packets];
  const matches = results.filter(({ stage }) => stage === 'matched').length;
  if (values.json) terminal.out(JSON.stringify(trace, null, 2));
  else {
    const verdict = matches > 0 ? `matched ${plural(matches, 'time')}` : 'matched nothing';
    terminal.out(
      style(terminal.color.out, 'bold', `Rule ${sid} ${verdict}; ${plural(trace.flows.length, 'flow')} looked at`),
    );
    for (const line of traceText(trace, LIMIT)) terminal.out(`  ${line}`);
    if (trace.flows.length + trace.packets.length === 0) terminal.out('  the captures hold nothing a rule looks at');
  }
  return matches > 0 ? EXIT.ok : EXIT.found;
}
