import { type CallFilter, civil, micros } from '../calls/call.js';
import { Collection } from '../calls/collect.js';
import { FilterError, filterOf } from '../calls/filter.js';
import {
  Engine,
  EngineError,
  type EveEvent,
  type EventType,
  type Ruleset,
  type Run,
  type Summary,
} from '../engine/index.js';
import { type LadderOptions, ladder } from './calls/ladder.js';
import { whyNothing } from './calls/nothing.js';
import { EXIT, Stop } from './exit.js';
import { lacksRules, tellFindings } from './findings.js';
import { interruptSignal } from './interrupt.js';
import { engineOptions } from './options.js';
import { ProgressLine, replayText } from './progress.js';
import { inputsOf } from './replay.js';
import { shippedRules } from './rule-package.js';
import { plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire calls`: exit status 1 when there is no call to show, or something is wrong. */
export async function calls(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const filter = wanted(values);
  const engine = new Engine(engineOptions(values));
  const inputs = inputsOf(captures, values);
  const json = values.json === true;
  await using rules = json
    ? undefined
    : await engine.compile({ files: (values.rules as string[] | undefined) ?? shippedRules() });
  if (rules) tellFindings(rules, terminal);
  // Each capture is a story of its own, unless flows go on from one into the next.
  const stories = values.continue === true ? [inputs] : inputs.map((input) => [input]);
  let status: number = EXIT.found;
  for (const story of stories) {
    const told = await tell({
      engine,
      rules,
      inputs: story,
      filter,
      values,
      json,
      terminal,
      titled: inputs.length > 1,
    });
    if (told === EXIT.interrupted) return told;
    if (told === EXIT.ok && status === EXIT.found) status = EXIT.ok;
    if (told === DAMAGED) status = DAMAGED;
  }
  return status === DAMAGED || (rules && lacksRules(rules)) ? EXIT.found : status;
}

function wanted(values: Values): CallFilter | null {
  try {
    return filterOf({
      hosts: values.host as string[] | undefined,
      interfaces: values.interface as string[] | undefined,
      users: values.user as string[] | undefined,
      grep: values.grep as string | undefined,
    });
  } catch (error) {
    if (error instanceof FilterError) throw new Stop(EXIT.usage, `--${error.part} ${error.message}`);
    throw error;
  }
}

/** Something was shown, but an input was damaged. */
const DAMAGED = -1;

interface Story {
  readonly engine: Engine;
  readonly rules: Ruleset | undefined;
  readonly inputs: readonly string[];
  readonly filter: CallFilter | null;
  readonly values: Values;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly titled: boolean;
}

async function tell({ engine, rules, inputs, filter, values, json, terminal, titled }: Story): Promise<number> {
  const seen = new Collection(filter, !json);
  const types: EventType[] = json ? ['msrpc'] : ['msrpc', 'alert', 'flow'];
  const run = engine.replay(inputs, { types, continue: true, ...(rules ? { rules } : {}) });
  const interrupt = interruptSignal();
  interrupt.signal.addEventListener('abort', () => run.stop(), { once: true });
  const line = new ProgressLine(
    terminal,
    replayText(inputs, () => run.progress()),
  );
  if (!json) line.start();
  try {
    for await (const event of whatIsRead(run))
      if (seen.take(event) !== null && json) terminal.out(JSON.stringify(event));
  } finally {
    line.stop();
    interrupt.release();
  }
  const summary = await run.summary();
  if (!json) {
    if (titled) terminal.out(style(terminal.color.out, ['bold', 'underline'], inputs.join(', ')));
    const options: LadderOptions = {
      full: values.full === true,
      // Who asks for an interface or a text wants what was asked for.
      quiet: !(values.full || values.interface || values.grep),
      absolute: values.absolute === true,
      start: summary.first === undefined ? 0 : micros(summary.first),
    };
    show(seen, summary, options, terminal);
  }
  for (const error of summary.errors)
    terminal.err(`error: ${error.message}${error.partial ? ' (what came before was replayed)' : ''}`);
  if (interrupt.signal.aborted) return EXIT.interrupted;
  if (summary.errors.length > 0) return DAMAGED;
  return seen.shown > 0 ? EXIT.ok : EXIT.found;
}

/** The events of a run; what could not be read is told out of its summary. */
async function* whatIsRead(run: Run): AsyncGenerator<EveEvent> {
  try {
    yield* run;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
}

function show(seen: Collection, summary: Summary, options: LadderOptions, terminal: Terminal): void {
  const conversations = seen.conversations();
  for (const conversation of conversations) terminal.out(ladder(conversation, options, terminal).join('\n'));
  const dim = (text: string) => style(terminal.color.out, 'dim', text);
  // A capture that cannot be read has an error of its own.
  if (conversations.length === 0 && summary.packets === 0 && summary.errors.length > 0) return;
  if (conversations.length === 0) terminal.out(whyNothing(summary, seen).join('\n'));
  else {
    const times = options.absolute
      ? 'Times are UTC'
      : `Times are seconds since the first packet, ${civil(options.start)} UTC`;
    const left = seen.calls > seen.shown ? `, ${plural(seen.calls - seen.shown, 'call')} left out by the filter` : '';
    terminal.out(
      dim(`${plural(seen.shown, 'call')} between ${plural(conversations.length, 'pair')} of hosts${left}. ${times}.`),
    );
  }
  if (seen.tooMany > 0)
    terminal.out(`${plural(seen.tooMany, 'call')} more are not shown: narrow the view with --host, or take --json.`);
  if (seen.elsewhere > 0)
    terminal.out(
      dim(`${plural(seen.elsewhere, 'alert')} between hosts without a call shown here: sidewire replay lists them.`),
    );
}
