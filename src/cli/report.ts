import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Engine, joinIncidents, type Ruleset, readSources, type Summary, traceText } from '../engine/index.js';
import { packageVersion } from '../package.js';
import { coverageTable } from '../page/model/coverage.js';
import type { PageTitle } from '../page/model/document.js';
import { EveStore } from '../page/node/eve-store.js';
import { KnownRules } from '../page/node/known-rules.js';
import { reportPage } from '../page/node/report-page.js';
import { coverageOf } from './coverage-input.js';
import { EXIT, Stop } from './exit.js';
import { tellFindings } from './findings.js';
import { interruptSignal } from './interrupt.js';
import { engineOptions } from './options.js';
import { pageStop } from './page-stop.js';
import { ProgressLine, replayText } from './progress.js';
import { inputsOf } from './replay.js';
import { shippedRules } from './rule-package.js';
import { count, octets, plural, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** Octets of events that a page holds at most, before they are compressed. */
const MOST_OCTETS = 96_000_000;

/** What a page is made of. */
interface ReportInput {
  readonly eve: string;
  readonly inputs: readonly string[];
  readonly remarks: readonly string[];
  /** How far rules that alerted came on each flow, by signature id. */
  readonly explained: ReadonlyMap<number, readonly string[]>;
}

/** Rules that are explained, and lines about each. */
const MOST_EXPLAINED = 20;
const MOST_LINES = 50;

/** `sidewire report`: exit status 1 when an input was damaged. */
export async function report(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const eve = values.eve as string | undefined;
  if ((eve === undefined) === (captures.length === 0))
    throw new Stop(EXIT.usage, 'name captures, or an EVE file with --eve: sidewire report capture.pcap -o report.html');
  const ruleFiles = (values.rules as string[] | undefined) ?? shippedRules();
  if (eve !== undefined) {
    if (!existsSync(eve))
      throw new Stop(EXIT.usage, `${eve} does not exist: --eve takes a file of EVE events, one a line`);
    return write({ eve, inputs: [eve], remarks: [], explained: new Map() }, ruleFiles, values, terminal);
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-report-'));
  try {
    const input = await replayed(captures, ruleFiles, join(folder, 'eve.json'), values, terminal);
    if (input === null) return EXIT.interrupted;
    return await write(input, ruleFiles, values, terminal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replays captures, and joins what logs say; `null` when it was interrupted. */
async function replayed(
  captures: readonly string[],
  ruleFiles: readonly string[],
  eve: string,
  values: Values,
  terminal: Terminal,
): Promise<ReportInput | null> {
  const engine = new Engine(engineOptions(values));
  const inputs = inputsOf(captures, values);
  await using rules = await engine.compile({ files: ruleFiles });
  tellFindings(rules, terminal);
  const run = engine.replay(inputs, { rules, types: [], logDir: join(eve, '..'), continue: values.continue === true });
  const interrupt = interruptSignal();
  interrupt.signal.addEventListener('abort', () => run.stop(), { once: true });
  const line = new ProgressLine(
    terminal,
    replayText(inputs, () => run.progress()),
  );
  line.start();
  const summary = await run.summary().finally(() => {
    line.stop();
    interrupt.release();
  });
  if (interrupt.signal.aborted) return null;
  const logs = (values.logs as string[] | undefined) ?? [];
  const joined = existsSync(eve) ? await joinIncidents(eve, logs) : null;
  const failed = rules.counts.failed;
  return {
    eve,
    inputs: [...inputs, ...logs],
    explained: values.explain === true ? await explain(engine, inputs, rules, summary) : new Map(),
    remarks: [
      ...(existsSync(eve) ? [] : ['The configuration writes no eve.json, so that there is nothing to show.']),
      ...summary.errors.map(({ message }) => message),
      ...(failed > 0 ? [`${plural(failed, 'rule')} could not be loaded: what they look for is not told here.`] : []),
      ...(joined && joined.problems > 0 ? [`${plural(joined.problems, 'record')} of the logs could not be read.`] : []),
    ],
  };
}

/** How far each rule that alerted came on each flow. */
async function explain(engine: Engine, inputs: readonly string[], rules: Ruleset, { alerts }: Summary) {
  const explained = new Map<number, readonly string[]>();
  for (const { gid, sid } of alerts.slice(0, MOST_EXPLAINED))
    if (gid === 1) explained.set(sid, traceText(await engine.explain(inputs, rules, sid), MOST_LINES));
  return explained;
}

async function write(
  { eve, inputs, remarks, explained }: ReportInput,
  ruleFiles: readonly string[],
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const out = values.output as string;
  const most = wholeNumber(values.events as string);
  const about: PageTitle = {
    title:
      inputs
        .slice(0, 3)
        .map((path) => basename(path))
        .join(', ') + (inputs.length > 3 ? ` and ${inputs.length - 3} more` : ''),
    made: new Date().toISOString(),
    release: packageVersion(),
    inputs,
    remarks,
  };
  const store = new EveStore(eve);
  try {
    await store.refresh();
    const rules = new KnownRules(readSources({ files: ruleFiles }));
    // Which rules made events that were there already is known only when somebody says it.
    const isKnown = values.eve === undefined || values.rules !== undefined;
    const coverage = isKnown ? await coverageOf(ruleFiles, values) : coverageTable([]);
    const page = await reportPage(store, {
      about,
      rules,
      coverage,
      explained,
      budget: { events: most, octets: MOST_OCTETS },
    });
    writeFileSync(out, page.html);
    const cut = page.events - page.kept;
    terminal.out(
      `${out}: ${octets(page.html.length)}, ${plural(page.kept, 'event')}` +
        (cut > 0 ? `; ${count(cut)} of ${count(page.events)} were left out, as the page says` : ''),
    );
    terminal.out(
      'It holds command lines and octets of the wire, and perhaps passwords: treat it as you treat the capture.',
    );
  } catch (error) {
    throw pageStop(error);
  } finally {
    await store.close();
  }
  for (const remark of remarks) terminal.err(`warning: ${remark}`);
  return remarks.length > 0 ? EXIT.found : EXIT.ok;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Stop(EXIT.usage, `--events takes a whole number from 1, not "${text}"`);
  return value;
}
