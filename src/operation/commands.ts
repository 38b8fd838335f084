import { existsSync } from 'node:fs';
import { ruleAt } from '../diagnostics/rule-text.js';
import type { Ruleset, RunStats } from '../engine/index.js';
import { CommandRefused, type CommandTarget, type SocketCommand, settingAt, textOf } from './command.js';
import { nested } from './counters.js';
import type { RuleReloader } from './reload.js';

const isLive = (target: CommandTarget): boolean => target.interfaces().length > 0;
const takesPcaps = ({ pcaps }: CommandTarget): boolean => pcaps !== null;

/** The commands of the socket, by Suricata's names and with Suricata's answers. */
export const SOCKET_COMMANDS: readonly SocketCommand[] = [
  command('shutdown', 'end, with everything that was read written', (target) => {
    // The answer goes first.
    setImmediate(() => target.stop());
    return 'Closing Suricata';
  }),
  command('command-list', 'the commands there are', commandList),
  command('help', 'the commands there are', commandList),
  command('version', 'the version', ({ version }) => version),
  command('uptime', 'seconds since the start', ({ started }) => Math.floor((Date.now() - started.getTime()) / 1000)),
  command('running-mode', 'how packets are spread over threads', ({ runMode }) => runMode),
  command('capture-mode', 'where packets come from', ({ captureMode }) => captureMode),
  {
    name: 'conf-get',
    doc: 'a value of the configuration',
    args: ['variable'],
    run({ settings }, args) {
      const value = settingAt(settings, textOf(args, 'variable'));
      if (value === null) throw new CommandRefused('Unable to get value');
      return value;
    },
  },
  command('dump-counters', 'the counters of `stats` events, as they stand', (target) => {
    const stats = statsOf(target);
    const counters = nested(stats.counters);
    return { uptime: stats.uptime, ...counters, ...(target.reloader ? detect(counters.detect, target.reloader) : {}) };
  }),
  command('reload-rules', 'reload rules and thresholds, and say how it went', reloadRules),
  command('ruleset-reload-rules', 'reload rules and thresholds, and say how it went', reloadRules),
  command('ruleset-reload-nonblocking', 'reload rules and thresholds, and do not wait', (target) => {
    const reloader = reloaderOf(target);
    if (reloader.isUnderway) throw new CommandRefused('Reload already in progress');
    void reloader.reload();
    return 'done';
  }),
  command('ruleset-reload-time', 'when rules were loaded last', (target) => [
    { id: 0, last_reload: timeText(reloaderOf(target).last) },
  ]),
  command('ruleset-stats', 'how many rules are loaded, failed and skipped', (target) => [
    counts(reloaderOf(target).rules),
  ]),
  command('ruleset-failed-rules', 'the rules that failed', (target) => failedRules(reloaderOf(target).rules)),
  command('reopen-log-files', 'open the files of outputs anew', (target) => {
    target.run()?.reopenOutputs();
    return 'done';
  }),
  {
    ...command('iface-list', 'the interfaces that are captured from', (target) => {
      const ifaces = target.interfaces();
      return { count: ifaces.length, ifaces };
    }),
    applies: isLive,
  },
  {
    name: 'iface-stat',
    doc: 'counters of an interface',
    args: ['iface'],
    applies: isLive,
    run(target, args) {
      const name = textOf(args, 'iface');
      if (!target.interfaces().includes(name)) throw new CommandRefused('Iface does not exist');
      return interfaceStats(name, statsOf(target));
    },
  },
  {
    name: 'pcap-file',
    doc: 'replay a capture into a directory',
    args: ['filename', 'output-dir'],
    applies: takesPcaps,
    run(target, args) {
      const filename = textOf(args, 'filename');
      // As Suricata: a capture that is not there is said before what else is wrong.
      if (!existsSync(filename)) throw new CommandRefused('filename does not exist');
      const refused = target.pcaps?.add(filename, textOf(args, 'output-dir'));
      if (refused) throw new CommandRefused(refused);
      return 'Successfully added file to list';
    },
  },
  pcapCommand('pcap-file-number', 'how many captures wait', ({ waiting }) => waiting.length),
  pcapCommand('pcap-file-list', 'the captures that wait', ({ waiting }) => ({ count: waiting.length, files: waiting })),
  pcapCommand('pcap-current', 'the capture that is replayed', ({ current }) => current ?? 'None'),
  pcapCommand('pcap-last-processed', 'the time of the last capture', ({ lastProcessed }) => Math.floor(lastProcessed)),
  pcapCommand('pcap-interrupt', 'stop the capture that is replayed', (pcaps) =>
    pcaps.interrupt() ? 'Interrupted' : 'None',
  ),
];

function command(name: string, doc: string, run: SocketCommand['run']): SocketCommand {
  return { name, doc, args: [], run };
}

function pcapCommand(
  name: string,
  doc: string,
  run: (pcaps: NonNullable<CommandTarget['pcaps']>) => unknown,
): SocketCommand {
  return { ...command(name, doc, ({ pcaps }) => (pcaps === null ? 'None' : run(pcaps))), applies: takesPcaps };
}

/** The commands that exist for a target. */
export function commandsOf(target: CommandTarget): SocketCommand[] {
  return SOCKET_COMMANDS.filter(({ applies }) => applies?.(target) ?? true);
}

function commandList(target: CommandTarget): unknown {
  const commands = commandsOf(target).map(({ name }) => name);
  return { count: commands.length, commands };
}

async function reloadRules(target: CommandTarget): Promise<string> {
  const { ok, message } = await reloaderOf(target).reload();
  if (!ok) throw new CommandRefused(message);
  return 'done';
}

function reloaderOf({ reloader }: CommandTarget): RuleReloader {
  if (reloader === null) throw new CommandRefused('there are no rules: detection is disabled');
  return reloader;
}

function statsOf(target: CommandTarget): RunStats {
  const stats = target.run()?.stats();
  if (stats === undefined || stats.time === '') throw new CommandRefused('stats not yet synchronized');
  return stats;
}

function counts(rules: Ruleset): Record<string, number> {
  const { loaded, failed, skipped } = rules.counts;
  return { id: 0, rules_loaded: loaded, rules_failed: failed, rules_skipped: skipped };
}

/** `detect` with what became of the rules in front, as in `stats` events. */
function detect(counters: unknown, { rules, last }: RuleReloader): object {
  const engine = { ...counts(rules), last_reload: timeText(last) };
  return { detect: { engines: [engine], ...(counters as object | undefined) } };
}

/** What of an interface Suricata tells. Checksums are those of all interfaces: workers share them. */
function interfaceStats(name: string, { counters }: RunStats): Record<string, number> {
  // A dot would begin another level of counters.
  const value = (counter: string) => counters[`capture.interfaces.${name.replaceAll('.', ':')}.${counter}`] ?? 0;
  return {
    pkts: value('kernel_packets'),
    'invalid-checksums': counters['tcp.invalid_checksum'] ?? 0,
    drop: value('kernel_drops'),
    bypassed: 0,
  };
}

function failedRules(rules: Ruleset): unknown[] {
  const texts = new Map<string, string[]>();
  const told = new Set<string>();
  return rules.findings.diagnostics
    .filter(({ severity, code }) => severity === 'error' && !code.startsWith('settings/'))
    .flatMap(({ file, line }) => {
      const rule = ruleAt(texts, file, line);
      const place = `${file}:${rule.line}`;
      if (told.has(place)) return [];
      told.add(place);
      return [{ tenant_id: 0, rule: rule.text, filename: file, line: rule.line }];
    });
}

/** A time as EVE has it. */
function timeText(time: Date): string {
  return time.toISOString().replace('Z', '000+0000');
}
