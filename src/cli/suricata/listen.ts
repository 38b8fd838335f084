import { readFileSync } from 'node:fs';
import type { ListenOptions, LiveMethod, Run, Summary } from '../../engine/index.js';
import { offloadText } from '../sensor.js';
import type { Parsed } from './flags.js';
import type { Log } from './log.js';
import type { Operated, Started } from './operate.js';

/** Milliseconds between two looks at what happened to interfaces. */
const INTERVAL = 1000;

/** What a command line says of listening. */
interface Listening {
  readonly method: LiveMethod;
  /** Those that are named; none: those of the configuration. */
  readonly interfaces: readonly string[];
  readonly filter: string | null;
}

/** Listens on interfaces until it is stopped; the exit status. */
export async function listen({ engine, logDir, flags, log }: Started, operated: Operated): Promise<number> {
  const { method, interfaces, filter } = listening(flags);
  const last = (name: string) => flags.values.get(name)?.at(-1);
  const options: ListenOptions = {
    ...(operated.rules() ?? {}),
    types: [],
    logDir,
    method,
    ...(filter === null ? {} : { filter }),
    ...(last('user') === undefined ? {} : { user: last('user') as string }),
    ...(last('group') === undefined ? {} : { group: last('group') as string }),
  };
  const user = options.user ?? engine.config.live.user;
  // What root has opened is the user's from here on.
  if (user !== null) log.give(user);
  const run = engine.listen(interfaces, options);
  engine.dropRights();
  engine.confineProcess();
  operated.operation.follow(run);
  void operated.operation.stopped.then(() => log.say('notice', 'suricata', 'Signal Received.  Stopping engine.'));
  for (const one of run.interfaces) {
    log.say('info', 'runmodes', `${one.name}: listening, ${one.rings} ring(s)`);
    for (const text of offloadText(one)) log.say('warning', 'ioctl', text.trim());
  }
  log.say('notice', 'threads', 'Engine started.');
  const timer = setInterval(() => tell(run, log), INTERVAL);
  timer.unref();
  const summary = await run.summary().finally(() => clearInterval(timer));
  tell(run, log);
  tellEnd(run, summary, log);
  return 0;
}

/** The method and the interfaces, from `-i`, `--af-packet` and `--pcap`. */
export function listening(flags: Parsed): Listening {
  const given = (name: string) => flags.values.get(name) ?? [];
  const method: LiveMethod = flags.values.has('pcap') || process.platform !== 'linux' ? 'pcap' : 'af-packet';
  const named = [...given('i'), ...given('af-packet'), ...given('pcap')].filter((name) => name !== '');
  const file = given('F').at(-1);
  const words = flags.filter.join(' ');
  return { method, interfaces: named, filter: file === undefined ? words || null : filterOf(file) };
}

/** A filter in a file: lines may end in a comment behind `#`. */
function filterOf(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
}

function tell(run: Run, log: Log): void {
  for (const { code, message } of run.notices()) log.say('warning', 'af-packet', `${message} [${code}]`);
}

function tellEnd(run: Run, summary: Summary, log: Log): void {
  for (const error of summary.errors) log.say('error', 'af-packet', error.message);
  const alerts = summary.alerts.reduce((sum, { count }) => sum + count, 0);
  log.say('info', 'counters', `Alerts: ${alerts}`);
  const invalid = summary.counters['tcp.invalid_checksum'] ?? 0;
  for (const { name } of run.interfaces) {
    const value = (counter: string) =>
      summary.counters[`capture.interfaces.${name.replaceAll('.', ':')}.${counter}`] ?? 0;
    const [packets, drops] = [value('kernel_packets'), value('kernel_drops')];
    const share = packets > 0 ? (drops * 100) / packets : 0;
    log.say(
      'notice',
      'device',
      `${name}: packets: ${packets}, drops: ${drops} (${share.toFixed(2)}%), invalid chksum: ${invalid}`,
    );
  }
}
