import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, expandInputs, type InputOrder, whyNoAlert } from '../engine/index.js';
import { EXIT, Stop } from './exit.js';
import { tellFindings } from './findings.js';
import { readFlows } from './flows.js';
import { interruptSignal } from './interrupt.js';
import { engineOptions } from './options.js';
import { ProgressLine } from './progress.js';
import { shippedRules } from './rule-package.js';
import { type Outcome, runRecord, summaryText } from './summary.js';
import type { Terminal } from './terminal.js';
import { grouped } from './unsupported.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire replay`. */
export async function replay(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const engine = new Engine(engineOptions(values));
  const inputs = inputsOf(captures, values);
  const ruleFiles = (values.rules as string[] | undefined) ?? shippedRules();
  await using rules = await engine.compile({ files: ruleFiles });
  tellFindings(rules, terminal);
  const { missing } = engine.config;
  if (missing.length > 0) terminal.err(`warning: not available here, and ignored: ${grouped(missing)}`);
  const logDir = values.logDir as string;
  mkdirSync(logDir, { recursive: true });
  const interrupt = interruptSignal();
  const run = engine.replay(inputs, { rules, types: [], logDir, continue: values.continue === true });
  interrupt.signal.addEventListener('abort', () => run.stop(), { once: true });
  const line = new ProgressLine(terminal, inputs, () => run.progress());
  line.start();
  const summary = await run.summary().finally(() => {
    line.stop();
    interrupt.release();
  });
  const eve = join(logDir, 'eve.json');
  const flows = summary.alerts.length === 0 ? await readFlows(eve) : [];
  const outcome: Outcome = {
    summary,
    config: engine.config,
    rules,
    ruleFiles,
    inputs,
    workers: engine.config.run.workers,
    eve,
    hints: summary.alerts.length === 0 ? whyNoAlert({ summary, config: engine.config, rules, flows }) : [],
  };
  writeFileSync(join(logDir, 'run.json'), `${JSON.stringify(runRecord(outcome), null, 2)}\n`);
  if (values.json) terminal.out(JSON.stringify(runRecord(outcome), null, 2));
  else terminal.out(summaryText(outcome, terminal).join('\n'));
  if (interrupt.signal.aborted) return EXIT.interrupted;
  return summary.errors.length > 0 ? EXIT.found : EXIT.ok;
}

/** The captures the command line stands for. */
export function inputsOf(captures: readonly string[], values: Values): string[] {
  const order = (values.order as string | undefined) ?? 'name';
  if (order !== 'name' && order !== 'time') throw new Stop(EXIT.usage, `--order takes name or time, not "${order}"`);
  return expandInputs(captures, { recursive: values.recursive === true, order: order satisfies InputOrder });
}
