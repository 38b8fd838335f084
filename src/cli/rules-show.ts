import { existsSync } from 'node:fs';
import { readSigmaFiles } from '../engine/hunt.js';
import { compileSigma, SplunkError, splunkQuery } from '../sigma/index.js';
import { diagnosticRenderer } from './excerpt.js';
import { EXIT, Stop } from './exit.js';
import { shippedSigmaRules } from './rule-package.js';
import type { Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules show`: needs no addon. Exit status 1 when there is no such search. */
export async function rulesShow(args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  if (values.as !== 'splunk') throw new Stop(EXIT.usage, `--as takes splunk, not "${values.as}"`);
  const [wanted = ''] = args;
  const isFile = existsSync(wanted);
  const files = isFile ? [wanted] : ((values.rules as string[] | undefined) ?? shippedSigmaRules());
  const { loaded, diagnostics } = compileSigma(readSigmaFiles({ files }));
  const rules = isFile ? loaded : loaded.filter(({ rule }) => rule.head.id === wanted || rule.name === wanted);
  const render = diagnosticRenderer(terminal.color.err, terminal.width);
  for (const diagnostic of diagnostics) if (diagnostic.severity === 'error') terminal.err(`${render(diagnostic)}\n`);
  if (rules.length === 0) {
    terminal.err(`error: there is no rule ${wanted} in ${files.join(', ')}`);
    return EXIT.found;
  }
  let failed = false;
  for (const rule of rules) {
    try {
      terminal.out(splunkQuery(rule));
    } catch (error) {
      if (!(error instanceof SplunkError)) throw error;
      failed = true;
      terminal.err(`error: ${rule.rule.head.title}: ${error.message}`);
    }
  }
  return failed ? EXIT.found : EXIT.ok;
}
