import { existsSync, statSync } from 'node:fs';
import { applySet, type ConfigMap, dumpConfig, fromPlain, loadConfig, SURICATA_DEFAULTS } from '../../config/index.js';
import {
  defaultWorkers,
  Engine,
  type EngineSetup,
  expandInputs,
  magicVersion,
  type Ruleset,
} from '../../engine/index.js';
import { packageVersion } from '../../package.js';
import { interruptSignal } from '../interrupt.js';
import type { Terminal } from '../terminal.js';
import { grouped } from '../unsupported.js';
import { applyEnvironment } from './environment.js';
import { helpText, LISTENING, type Parsed, parseFlags, shown } from './flags.js';
import { buildInfo, frameList, protocolList, SURICATA_VERSION, versionText } from './info.js';
import { listen } from './listen.js';
import { Log } from './log.js';
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
  if (LISTENING.some(has)) {
    if (capture === undefined) return await listen(engine, rules, logDir, flags, log);
    log.say('error', 'suricata', 'A capture (-r) and interfaces (-i) are not taken at once: leave one of them out.');
    return FAILED;
  }
  if (capture === undefined) {
    log.say(
      'error',
      'suricata',
      'There is nothing to do: name a capture with -r or an interface with -i, or test the configuration with -T.',
    );
    return FAILED;
  }
  return await replay(engine, rules, capture, logDir, flags, log);
}

/** The configuration: the file or Suricata's own, includes, and what the command line sets. */
function configuration(flags: Parsed): ConfigMap {
  const path = flags.values.get('c')?.at(-1);
  const tree = path
    ? loadConfig(path)
    : (fromPlain(SURICATA_DEFAULTS, { file: 'defaults', line: 0, column: 0 }) as ConfigMap);
  for (const file of flags.values.get('include') ?? [])
    for (const [key, node] of loadConfig(file).entries) tree.entries.set(key, node);
  for (const assignment of flags.values.get('set') ?? []) applySet(tree, assignment);
  applyEnvironment(tree, process.env);
  const checksums = flags.values.get('k')?.at(-1);
  if (checksums !== undefined) applySet(tree, `stream.checksum-validation=${checksums === 'none' ? 'no' : 'yes'}`);
  if (checksums === 'all') applySet(tree, 'pcap-file.checksum-checks=yes');
  return tree;
}

function start(flags: Parsed, tree: ConfigMap): { engine: Engine; logDir: string } {
  const mode = flags.values.get('runmode')?.at(-1);
  const live = LISTENING.some((name) => flags.values.has(name));
  // Without a run mode, how many listen is the configuration's to say.
  const setup: EngineSetup = {
    tree,
    ...(mode === 'single' ? { workers: 1 } : live ? {} : { workers: defaultWorkers() }),
  };
  const engine = new Engine(setup);
  const logDir = flags.values.get('l')?.at(-1) ?? engine.config.logDir ?? '/var/log/suricata';
  return { engine, logDir };
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

async function load(engine: Engine, files: RuleFiles, log: Log): Promise<Ruleset | null> {
  for (const pattern of files.unmatched) log.say('warning', 'detect', `No rule files match the pattern ${pattern}`);
  return files.paths.length === 0 ? null : await engine.compile({ files: files.paths });
}

async function replay(
  engine: Engine,
  rules: Ruleset | null,
  capture: string,
  logDir: string,
  flags: Parsed,
  log: Log,
): Promise<number> {
  const path = capture === '/dev/stdin' ? '-' : capture;
  const recursive = flags.values.has('pcap-file-recursive');
  const inputs = captures(path, recursive, log);
  if (inputs.length === 0) {
    log.say('notice', 'pcap', 'read 0 files, 0 packets, 0 bytes');
    return DONE;
  }
  const interrupt = interruptSignal();
  // Flows go on from one file of a directory into the next, as they do in Suricata.
  const running = engine.replay(inputs, {
    ...(rules ? { rules } : {}),
    types: [],
    logDir,
    continue: inputs.length > 1,
  });
  interrupt.signal.addEventListener('abort', () => running.stop(), { once: true });
  const summary = await running.summary().finally(() => interrupt.release());
  for (const error of summary.errors) log.say('error', 'pcap', error.message);
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
