import { isAbsolute, join } from 'node:path';
import { type ConfigMap, truth } from '../../config/index.js';
import type { Engine, Ruleset } from '../../engine/index.js';
import { Operation, PcapQueue, RuleReloader, settingAt } from '../../operation/index.js';
import { packageVersion } from '../../package.js';
import { configuration, load, start } from './configuration.js';
import { LISTENING, type Parsed } from './flags.js';
import { SURICATA_VERSION } from './info.js';
import type { Log } from './log.js';
import { ruleFiles } from './rule-files.js';
import { tellRules } from './rule-report.js';

/** What a command line has come to. */
export interface Started {
  readonly engine: Engine;
  readonly logDir: string;
  readonly flags: Parsed;
  readonly tree: ConfigMap;
  readonly log: Log;
}

/** A run's operation, and the rules that are in place. */
export interface Operated {
  readonly operation: Operation;
  /** Options of a run: its rules, unless detection is disabled. */
  readonly rules: () => { readonly rules: Ruleset } | null;
}

/** Where Suricata's command socket is. */
const SOCKET_FOLDER = '/var/run/suricata';
const SOCKET_NAME = 'suricata-command.socket';

/**
 * Begins what a run is operated by: signals, the command socket of `unix-command` or `--unix-socket`, `--pidfile`, `--user`.
 * @throws {Error} when the socket or the file cannot be had
 */
export async function operate(started: Started, rules: Ruleset | null): Promise<Operated> {
  const { engine, flags, tree, log } = started;
  const last = (name: string) => flags.values.get(name)?.at(-1);
  const inPlace = rules ?? (flags.values.has('disable-detection') ? null : await engine.compile({ text: '' }));
  let operation: Operation | null = null;
  const reloader =
    inPlace &&
    new RuleReloader(inPlace, {
      load: () => loadAnew(flags, log),
      place: (fresh) => operation?.place(fresh),
      strict: flags.values.has('init-errors-fatal'),
    });
  const current = () => reloader && { rules: reloader.rules };
  const live = LISTENING.some((name) => flags.values.has(name));
  const takes = flags.values.has('unix-socket') && !flags.values.has('r') && !live;
  const pcaps = new PcapQueue(
    (filename, logDir) => engine.replay(filename, { ...(current() ?? {}), types: [], logDir }),
    (filename, error, packets) =>
      error === null
        ? log.say('notice', 'pcap', `read ${filename}, ${packets} packets`)
        : log.say('error', 'pcap', `${filename}: ${error}`),
  );
  operation = await Operation.begin({
    version: `${SURICATA_VERSION} RELEASE`,
    release: packageVersion(),
    runMode: live ? 'workers' : engine.config.run.workers > 1 ? 'autofp' : 'single',
    captureMode: takes ? 'UNIX_SOCKET' : !live ? 'PCAP_FILE' : flags.values.has('pcap') ? 'PCAP_DEV' : 'AF_PACKET_DEV',
    settings: tree,
    reloader,
    socket: socketPath(flags, tree, live),
    socketIsUsual: !flags.values.has('unix-socket'),
    metrics: last('metrics'),
    pidFile: last('pidfile'),
    user: last('user') ?? settingAt(tree, 'run-as.user') ?? undefined,
    group: last('group') ?? settingAt(tree, 'run-as.group') ?? undefined,
    changesLater: live,
    ...(takes ? { pcaps } : {}),
    say: (...line) => log.say(...line),
  });
  return { operation, rules: current };
}

/** Waits for captures that are asked for over the socket, until the end is asked for. */
export async function takePcaps({ operation }: Operated): Promise<number> {
  operation.idle();
  await operation.stopped;
  return 0;
}

/** Where commands are taken: what `--unix-socket` names, or `unix-command` when it is on (`auto` is, of live runs). */
function socketPath(flags: Parsed, tree: ConfigMap, live: boolean): string | undefined {
  const enabled = settingAt(tree, 'unix-command.enabled') ?? 'no';
  const isOn = enabled === 'auto' ? live : truth(enabled) === true;
  if (!isOn && !flags.values.has('unix-socket')) return undefined;
  const name = flags.values.get('unix-socket')?.at(-1) || settingAt(tree, 'unix-command.filename') || SOCKET_NAME;
  return isAbsolute(name) ? name : join(SOCKET_FOLDER, name);
}

/** The rules as configuration, rule files and thresholds have them now. */
async function loadAnew(flags: Parsed, log: Log): Promise<Ruleset> {
  const { engine } = start(flags, configuration(flags));
  const files = ruleFiles(engine.config, flags.values.get('S') ?? [], flags.values.get('s') ?? []);
  const rules = await load(engine, files, log);
  if (rules === null) return await engine.compile({ text: '' });
  tellRules(rules, files, log, flags.values.has('strict-rule-keywords'), false);
  return rules;
}
