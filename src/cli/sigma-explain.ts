import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../calls/wording.js';
import { compileSigmaRules, explainSigma } from '../engine/hunt.js';
import { Engine } from '../engine/index.js';
import { sigmaTraceText } from '../engine/sigma-trace.js';
import type { SigmaTrace } from '../generated/hunt.js';
import { EXIT, Stop } from './exit.js';
import { engineOptions } from './options.js';
import { shippedSigmaRules } from './rule-package.js';
import { plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules explain ID FILE...`, logs or captures: exit status 1 when the rule matched nothing. */
export async function sigmaExplain(
  id: string,
  inputs: readonly string[],
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const files = (values.rules as string[] | undefined) ?? shippedSigmaRules();
  const rules = await compileSigmaRules({ files });
  const known = rules.loaded.find(({ rule }) => rule.head.id === id || rule.name === id);
  if (!known) throw new Stop(EXIT.usage, `"${id}" is no sid, and there is no Sigma rule ${id} in ${files.join(', ')}`);
  const captures = inputs.filter((path) => isCapture(path));
  const folder = captures.length > 0 ? mkdtempSync(join(tmpdir(), 'sidewire-explain-')) : null;
  const logs = inputs.filter((path) => !captures.includes(path));
  let trace: SigmaTrace;
  try {
    if (folder !== null) logs.push(await eventsOf(captures, values, folder));
    trace = await explainSigma(logs, id, { rules });
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
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

/** Whether a file is a capture, by how it begins. */
function isCapture(path: string): boolean {
  if (path === '-' || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false) === false) return false;
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  // pcap in both orders of octets and both resolutions, pcapng; compressed: by its name.
  const isPlain = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'].includes(head.toString('hex'));
  return isPlain || /\.(?:pcap|pcapng|cap)\.(?:gz|zst)$/i.test(path);
}

/** The events that captures give, as a log. */
async function eventsOf(captures: readonly string[], values: Values, folder: string): Promise<string> {
  const engine = new Engine(engineOptions(values));
  const { errors } = await engine.replay(captures, { types: [], logDir: folder }).summary();
  const [error] = errors;
  if (error) throw new Stop(EXIT.found, error.message);
  return join(folder, 'eve.json');
}
