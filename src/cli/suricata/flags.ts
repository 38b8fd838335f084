/** What a flag does with what follows it. `optional` values stand behind `=` only. */
type Value = 'none' | 'required' | 'optional';

/** What becomes of a flag. */
type Fate =
  /** It works. */
  | 'here'
  /** It changes nothing that is reported here: accepted in silence. */
  | 'inert'
  /** It asks for what does not exist here: said in a warning, and ignored. */
  | 'missing'
  /** It asks for what does not exist here and without which the result would be wrong: an error. */
  | 'refused';

/** A flag of Suricata's command line. */
export interface Flag {
  /** Long name, or the letter where there is no long name. */
  readonly name: string;
  readonly letter?: string;
  readonly value: Value;
  readonly fate: Fate;
  readonly doc: string;
}

/** Suricata's command line. Help is made from it. */
export const FLAGS: readonly Flag[] = [
  flag('r', 'required', 'here', 'capture file, directory, or - for standard input'),
  flag('i', 'required', 'here', 'interface to listen on (may be repeated)'),
  long('af-packet', 'optional', 'here', 'listen on the interfaces of af-packet, or on =<interface>'),
  long('pcap', 'optional', 'here', 'listen by libpcap on the interfaces of pcap, or on =<interface>'),
  flag('F', 'required', 'here', 'file with a BPF filter for interfaces; one may also stand at the end of the line'),
  long('user', 'required', 'here', 'become this user once interfaces are open'),
  long('group', 'required', 'here', 'become this group once interfaces are open'),
  flag('c', 'required', 'here', 'suricata.yaml (default: what Suricata ships)'),
  flag('S', 'required', 'here', 'rule file, instead of those of the configuration'),
  flag('s', 'required', 'here', 'rule file, beside those of the configuration'),
  flag('l', 'required', 'here', 'directory for eve.json and suricata.log'),
  flag('k', 'required', 'here', 'checksums: all or none'),
  flag('T', 'none', 'here', 'load configuration and rules, and end'),
  flag('v', 'none', 'here', 'say more; repeat it for more'),
  flag('V', 'none', 'here', 'version'),
  flag('h', 'none', 'here', 'this help'),
  long('help', 'none', 'here', 'this help'),
  long('set', 'required', 'here', 'setting=value, as in suricata.yaml'),
  long('include', 'required', 'here', 'further configuration file'),
  long('init-errors-fatal', 'none', 'here', 'a broken rule or setting ends the run'),
  long('disable-detection', 'none', 'here', 'load no rules'),
  long('runmode', 'required', 'here', 'single: one thread; workers, autofp: several'),
  long('pcap-file-recursive', 'none', 'here', 'directories inside directories, too'),
  long('build-info', 'none', 'here', 'what is built in'),
  long('dump-config', 'none', 'here', 'the configuration, one line a value'),
  long('list-keywords', 'optional', 'here', 'keywords of rules'),
  long('list-app-layer-protos', 'none', 'here', 'application protocols'),
  long('list-app-layer-frames', 'none', 'here', 'frames of application protocols'),
  long('unix-socket', 'optional', 'here', 'wait for captures and other commands at a socket (suricatasc)'),
  long('metrics', 'required', 'here', 'serve counters to Prometheus at [ADDRESS:]PORT, /metrics (not Suricata’s)'),
  long('pidfile', 'required', 'here', 'file for the number of the process'),
  long('user', 'required', 'here', 'run as this user once everything is open (root only)'),
  long('group', 'required', 'here', 'run as this group once everything is open (root only)'),
  long('engine-analysis', 'none', 'here', 'load the rules and end (the analysis itself does not exist here)'),
  long('simulate-ips', 'none', 'missing', 'IPS mode'),
  long('pcap-file-continuous', 'none', 'missing', 'wait for further files in the directory'),
  long('pcap-file-delete', 'none', 'missing', 'delete captures that were read'),
  long('list-app-layer-hooks', 'none', 'refused', 'hooks'),
  long('list-runmodes', 'none', 'refused', 'run modes'),
  long('dump-features', 'none', 'refused', 'features'),
  long('firewall', 'none', 'refused', 'firewall mode'),
  long('firewall-rules-exclusive', 'required', 'refused', 'firewall mode'),
  flag('q', 'required', 'refused', 'IPS mode'),
  flag('D', 'none', 'refused', 'daemon'),
  long('erf-in', 'required', 'refused', 'ERF captures'),
  long(
    'strict-rule-keywords',
    'optional',
    'inert',
    'rules are read strictly; this makes an error of events that are never raised',
  ),
  long('data-dir', 'required', 'inert', 'directory of datasets'),
  long('pcap-file-buffer-size', 'required', 'inert', ''),
  long('no-random', 'none', 'inert', 'nothing is random here'),
  long('disable-hashing', 'none', 'inert', ''),
];

function flag(letter: string, value: Value, fate: Fate, doc: string): Flag {
  return { name: letter, letter, value, fate, doc };
}

function long(name: string, value: Value, fate: Fate, doc: string): Flag {
  return { name, value, fate, doc };
}

/** Flags that listen on interfaces. */
export const LISTENING: readonly string[] = ['i', 'af-packet', 'pcap'];

/** A command line, taken apart: every value of a flag in order; an empty text for one without. */
export interface Parsed {
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Words that stand alone, behind flags that listen: a BPF filter. */
  readonly filter: readonly string[];
  /** Flags that are said in a warning. */
  readonly missing: readonly Flag[];
  /** Why the line cannot be used; `null` when it can. */
  readonly error: string | null;
}

/** Takes a command line apart as getopt does: `-vvv`, `-rFILE`, `-r FILE`, `--set a=b`, `--data-dir=DIR`. */
export function parseFlags(argv: readonly string[]): Parsed {
  const values = new Map<string, string[]>();
  const missing: Flag[] = [];
  const take = (found: Flag, value: string): string | null => {
    values.set(found.name, [...(values.get(found.name) ?? []), value]);
    if (found.fate === 'missing') missing.push(found);
    return found.fate === 'refused' ? `${shown(found)} (${found.doc}) does not exist here` : null;
  };
  const words = [...argv];
  const filter: string[] = [];
  let error: string | null = null;
  while (words.length > 0 && error === null) {
    const word = words.shift() as string;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const found = FLAGS.find((candidate) => candidate.name === name && !candidate.letter);
      if (!found) error = `there is no option --${name}`;
      else if (found.value === 'required' && equals < 0 && words.length === 0) error = `--${name} needs a value`;
      else {
        const value =
          equals >= 0 ? word.slice(equals + 1) : found.value === 'required' ? (words.shift() as string) : '';
        error = take(found, value);
      }
    } else if (word.startsWith('-') && word.length > 1) {
      let rest = word.slice(1);
      while (rest !== '' && error === null) {
        const letter = rest[0] as string;
        rest = rest.slice(1);
        const found = FLAGS.find((candidate) => candidate.letter === letter);
        if (!found) error = `there is no option -${letter}`;
        else if (found.value === 'none') error = take(found, '');
        else {
          const value = rest !== '' ? rest : words.shift();
          rest = '';
          error = value === undefined ? `-${letter} needs a value` : take(found, value);
        }
      }
    } else filter.push(word);
  }
  if (error === null && filter.length > 0 && !LISTENING.some((name) => values.has(name)))
    error = `"${filter[0]}" stands alone: captures are named with -r, rules with -S, and BPF filters are for interfaces`;
  return { values, filter, missing, error };
}

/** A flag as it is written. */
export function shown({ name, letter }: Flag): string {
  return letter ? `-${letter}` : `--${name}`;
}

/** Help, from the flags that do something. */
export function helpText(): string {
  const rows = FLAGS.filter(({ fate }) => fate === 'here').map(
    (each) => `  ${(shown(each) + (each.value === 'required' ? ' <value>' : '')).padEnd(28)}${each.doc}`,
  );
  return [
    'sidewire suricata: the engine behind Suricata’s command line and suricata.yaml.',
    '',
    'USAGE: sidewire suricata [OPTIONS]',
    '',
    ...rows,
    '',
    'What the configuration or the command line asks for and does not exist here is named in one warning.',
    'Exit status: 0 when everything was done, 1 otherwise.',
  ].join('\n');
}
