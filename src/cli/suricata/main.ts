import { existsSync, statSync } from 'node:fs';
import { dumpConfig } from '../../config/index.js';
import { type Engine, expandInputs, magicVersion } from '../../engine/index.js';
import { lossText } from '../../operation/index.js';
import { packageVersion } from '../../package.js';
import type { Terminal } from '../terminal.js';
import { grouped } from '../unsupported.js';
import { configuration, load, start } from './configuration.js';
import { helpText, LISTENING, type Parsed, parseFlags, shown } from './flags.js';
import { buildInfo, frameList, protocolList, SURICATA_VERSION, versionText } from './info.js';
import { listen } from './listen.js';
import { Log } from './log.js';
import { type Operated, operate, type Started, takePcaps } from './operate.js';
import { type RuleFiles, ruleFiles } from './rule-files.js';
import { tellRules } from './rule-report.js';

const DONE = 0;
const FAILED = 1;

/** `sidewire suricata`: Suricata's command line and suricata.yaml over this engine. The exit status is 0 or 1. */
export async function suricata(argv: readonly string[], terminal: Terminal): Promise<number> {
  const flags = parseFlags(argv);
  const has = (name: string) => flags.values.has(name);
  const own = packageVersion();
  if (has('h') || has('help')) return print(terminal, helpText());
  if (has('V')) return print(terminal, versionText(own));
  if (has('build-info')) return print(terminal, buildInfo(own, magicVersion() !== null));
  const log = new Log(terminal, flags.values.get('v')?.length ?? 0);
  if (flags.error !== null) {
    log.flush();
    log.say('error', 'suricata', `${flags.error}. \`sidewire suricata --help\` lists the options.`);
    return FAILED;
  }
  try {
    return await run(flags, log, own);
  } catch (error) {
    log.flush();
    const { name, message, stack } = error as Error;
    const known = name === 'ConfigError' || name === 'EngineError';
    log.say(
      'error',
      name === 'ConfigError' ? 'conf' : 'suricata',
      known ? message : `this is a bug in sidewire: ${stack}`,
    );
    return FAILED;
  }
}

async function run(flags: Parsed, log: Log, own: string): Promise<number> {
  const has = (name: string) => flags.values.has(name);
  const last = (name: string) => flags.values.get(name)?.at(-1);
  const tree = configuration(flags);
  if (has('dump-config')) return print(log.terminal, dumpConfig(tree).join('\n'));
  const { engine, logDir } = start(flags, tree);
  if (has('list-app-layer-protos')) return print(log.terminal, protocolList(engine.catalog));
  if (has('list-app-layer-frames')) return print(log.terminal, frameList(engine.catalog));
  if (has('list-keywords')) {
    const { keywordList } = await import('../keywords.js');
    return print(
      log.terminal,
      ['=====Supported keywords=====', ...keywordList(engine.catalog).map(({ name }) => `- ${name}`)].join('\n'),
    );
  }
  if (!existsSync(logDir) || !statSync(logDir).isDirectory()) {
    log.flush();
    log.say('error', 'suricata', `The logging directory "${logDir}" does not exist. Make it, or name another with -l.`);
    return FAILED;
  }
  log.open(engine.config.logging, logDir);
  log.say(
    'notice',
    'suricata',
    `This is Suricata version ${SURICATA_VERSION} RELEASE (sidewire ${own}) running in USER mode`,
  );
  tellMissing(flags, engine, log);

  const files: RuleFiles = has('disable-detection')
    ? { paths: [], unmatched: [] }
    : ruleFiles(engine.config, flags.values.get('S') ?? [], flags.values.get('s') ?? []);
  const rules = await load(engine, files, log);
  const testing = has('T');
  const fatal = testing || has('init-errors-fatal');
  const clean = rules === null || tellRules(rules, files, log, has('strict-rule-keywords'), fatal);
  if (rules?.findings.needs.includes('file-store') && engine.config.run.file_store === null)
    log.say(
      'warning',
      'detect',
      'One or more rule(s) depends on the file-store output log which is not enabled. Enable the output "file-store".',
    );
  if (!clean && fatal) {
    log.say('error', 'suricata', 'Loading signatures failed.');
    return FAILED;
  }
  if (testing && rules?.findings.diagnostics.some(({ code }) => code === 'settings/reference')) {
    log.say('error', 'suricata', 'initializing detection engine failed.');
    return FAILED;
  }
  if (testing) {
    log.say('notice', 'suricata', 'Configuration provided was successfully loaded. Exiting.');
    return DONE;
  }
  if (has('engine-analysis')) return DONE;
  const capture = last('r');
  const live = LISTENING.some(has);
  if (live && capture !== undefined) {
    log.say('error', 'suricata', 'A capture (-r) and interfaces (-i) are not taken at once: leave one of them out.');
    return FAILED;
  }
  if (capture === undefined && !live && !has('unix-socket')) {
    log.say(
      'error',
      'suricata',
      'There is nothing to do: name a capture with -r or an interface with -i, wait for captures with --unix-socket, or test the configuration with -T.',
    );
    return FAILED;
  }
  const started: Started = { engine, logDir, flags, log, tree };
  const operated = await operate(started, rules);
  try {
    if (live) return await listen(started, operated);
    return capture === undefined ? await takePcaps(operated) : await replay(started, capture, operated);
  } finally {
    await operated.operation.end();
  }
}

function tellMissing(flags: Parsed, engine: Engine, log: Log): void {
  for (const flag of new Set(flags.missing))
    log.say('warning', 'suricata', `${shown(flag)}: ${flag.doc} does not exist here; running in IDS mode without it`);
  // Suricata's own defaults ask for what does not exist here, too; but nobody has asked for them.
  for (const text of engine.config.warnings) log.say('warning', 'output-filestore', text);
  const { missing } = engine.config;
  if (missing.length > 0 && flags.values.has('c'))
    log.say('warning', 'conf', `not available here, and ignored: ${grouped(missing)}`);
}

async function replay({ engine, logDir, flags, log }: Started, capture: string, operated: Operated): Promise<number> {
  const path = capture === '/dev/stdin' ? '-' : capture;
  const recursive = flags.values.has('pcap-file-recursive');
  const inputs = captures(path, recursive, log);
  if (inputs.length === 0) {
    log.say('notice', 'pcap', 'read 0 files, 0 packets, 0 bytes');
    return DONE;
  }
  const { operation, rules } = operated;
  // Flows go on from one file of a directory into the next, as they do in Suricata.
  const running = engine.replay(inputs, {
    ...(rules() ?? {}),
    types: [],
    logDir,
    continue: inputs.length > 1,
  });
  operation.follow(running);
  const summary = await running.summary();
  for (const error of summary.errors) log.say('error', 'pcap', error.message);
  for (const lost of summary.outputs.map(lossText)) if (lost !== null) log.say('error', 'output', lost);
  const alerts = summary.alerts.reduce((sum, { count }) => sum + count, 0);
  log.say('info', 'counters', `Alerts: ${alerts}`);
  const read = summary.files === 1 ? '1 file' : `${summary.files} files`;
  log.say('notice', 'pcap', `read ${read}, ${summary.packets} packets, ${summary.bytes} bytes`);
  return summary.errors.some(({ partial }) => !partial) ? FAILED : DONE;
}

/** The files to read. A directory without captures is no error, as in Suricata. */
function captures(path: string, recursive: boolean, log: Log): string[] {
  try {
    return expandInputs([path], { recursive, order: 'time' });
  } catch (error) {
    if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    log.say('warning', 'pcap', (error as Error).message);
    return [];
  }
}

function print(terminal: Terminal, text: string): number {
  terminal.out(text);
  return DONE;
}
