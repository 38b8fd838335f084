import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Engine,
  expandInputs,
  type InputOrder,
  joinIncidents,
  type Ruleset,
  type Run,
  whyNoAlert,
} from '../engine/index.js';
import { lossText, onSignals, RuleReloader } from '../operation/index.js';
import { EXIT, Stop } from './exit.js';
import { lacksRules, tellFindings } from './findings.js';
import { readFlows } from './flows.js';
import { engineOptions } from './options.js';
import { ProgressLine, replayText } from './progress.js';
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
  const run = engine.replay(inputs, { rules, types: [], logDir, continue: values.continue === true });
  const signals = takeSignals(engine, run, rules, ruleFiles, terminal);
  const line = new ProgressLine(
    terminal,
    replayText(inputs, () => run.progress()),
  );
  line.start();
  const summary = await run.summary().finally(() => {
    line.stop();
    signals.release();
  });
  for (const lost of summary.outputs.map(lossText)) if (lost !== null) terminal.err(`error: ${lost}`);
  // A reload has closed the set that the run began with.
  const inPlace = signals.rules();
  const eve = join(logDir, 'eve.json');
  const flows = summary.alerts.length === 0 ? await readFlows(eve) : [];
  const logs = values.logs as string[] | undefined;
  const joined = logs && existsSync(eve) ? await joinIncidents(eve, logs) : null;
  const outcome: Outcome = {
    summary,
    config: engine.config,
    rules: inPlace,
    ruleFiles,
    inputs,
    workers: engine.config.run.workers,
    eve,
    joined,
    hints: summary.alerts.length === 0 ? whyNoAlert({ summary, config: engine.config, rules: inPlace, flows }) : [],
  };
  writeFileSync(join(logDir, 'run.json'), `${JSON.stringify(runRecord(outcome), null, 2)}\n`);
  if (values.json) terminal.out(JSON.stringify(runRecord(outcome), null, 2));
  else terminal.out(summaryText(outcome, terminal).join('\n'));
  if (signals.isStopped()) return EXIT.interrupted;
  const isWhole = summary.errors.length === 0 && summary.outputs.every(({ dropped }) => dropped === 0);
  return isWhole && !lacksRules(inPlace) ? EXIT.ok : EXIT.found;
}

/** SIGINT and SIGTERM end the run, SIGHUP has its files opened anew, SIGUSR2 its rules reloaded. */
function takeSignals(engine: Engine, run: Run, rules: Ruleset, ruleFiles: readonly string[], terminal: Terminal) {
  const load = () => engine.compile({ files: ruleFiles });
  const reloader = new RuleReloader(rules, { load, place: (fresh) => run.swap(fresh), strict: false });
  reloader.listen({ begins: () => {}, ends: ({ message }) => terminal.err(`rule reload: ${message}`) });
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    run.stop();
  };
  const reload = (): void => void reloader.reload();
  const release = onSignals({ stop, reopen: () => run.reopenOutputs(), reload });
  return { release, isStopped: () => stopped, rules: () => reloader.rules };
}

/** The captures the command line stands for. */
export function inputsOf(captures: readonly string[], values: Values): string[] {
  const order = (values.order as string | undefined) ?? 'name';
  if (order !== 'name' && order !== 'time') throw new Stop(EXIT.usage, `--order takes name or time, not "${order}"`);
  return expandInputs(captures, { recursive: values.recursive === true, order: order satisfies InputOrder });
}
