import { chownSync, closeSync, constants, openSync, writeSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { printable } from '../../calls/wording.js';
import { type Logging, truth } from '../../config/index.js';
import { account } from '../../engine/index.js';
import type { Terminal } from '../terminal.js';

const LEVELS = ['error', 'warning', 'notice', 'info', 'perf', 'config', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

/** How levels look: a letter on the console, a word in files; tools look for both. */
const SHOWN: Readonly<Record<Level, readonly [string, string]>> = {
  error: ['E', 'Error'],
  warning: ['W', 'Warning'],
  notice: ['i', 'Notice'],
  info: ['i', 'Info'],
  perf: ['i', 'Perf'],
  config: ['i', 'Config'],
  debug: ['d', 'Debug'],
};

/** A link under the file's name is not followed. */
const APPENDING = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Writes to the end of a file, which is made for its owner and group alone. */
function append(path: string, text: string): void {
  const file = openSync(path, APPENDING, 0o640);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

interface Target {
  readonly level: number;
  readonly write: (level: Level, subsystem: string, message: string) => void;
}

/** Suricata's log: to the console (errors on standard error, the rest on standard output) and to files. */
export class Log {
  readonly #targets: Target[] = [];
  readonly #files: string[] = [];
  /** What was said before the configuration named the files. */
  #early: [Level, string, string][] | null = [];

  constructor(
    readonly terminal: Terminal,
    readonly verbosity: number,
  ) {}

  /** Opens what `logging` asks for; then everything said so far is written. */
  open(logging: Logging | null, logDir: string): void {
    const usual = levelOf(logging?.level ?? 'notice');
    const raised = this.verbosity > 0 ? Math.min(LEVELS.indexOf('notice') + this.verbosity, LEVELS.length - 1) : 0;
    const list = logging?.outputs ?? [{ console: { enabled: 'yes' } }];
    for (const item of list) {
      const [name, body] = Object.entries(item as object)[0] ?? [];
      const options = (body ?? {}) as { enabled?: string; level?: string; filename?: string; type?: string };
      if (truth(String(options.enabled ?? 'yes')) === false) continue;
      const level = Math.max(options.level ? levelOf(options.level) : usual, raised);
      if (name === 'console') this.#targets.push({ level, write: (...line) => this.#console(...line) });
      if (name === 'file') {
        const file = options.filename ?? 'suricata.log';
        const path = isAbsolute(file) ? file : join(logDir, file);
        this.#file(path, level, options.type === 'json' ? jsonLine : textLine);
      }
    }
    const early = this.#early ?? [];
    this.#early = null;
    for (const line of early) this.say(...line);
  }

  say(level: Level, subsystem: string, message: string): void {
    if (this.#early !== null) this.#early.push([level, subsystem, message]);
    else
      for (const target of this.#targets)
        if (LEVELS.indexOf(level) <= target.level) target.write(level, subsystem, message);
  }

  /** Writes what is still kept, to the console: the run ends before the configuration was read. */
  flush(): void {
    if (this.#early !== null) this.open(null, '.');
  }

  /** Makes the files another user's; what cannot be changed is left. */
  give(user: string): void {
    const owner = account(user);
    for (const path of this.#files)
      try {
        if (owner !== null && process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
      } catch {
        // It was never made: writing says so.
      }
  }

  /** A file that cannot be written is said once, on the console, and costs no run. */
  #file(path: string, level: number, line: typeof textLine): void {
    this.#files.push(path);
    let broken = false;
    const write: Target['write'] = (...message) => {
      if (broken) return;
      try {
        append(path, line(...message));
      } catch (error) {
        broken = true;
        this.#console('warning', 'logopenfile', `cannot write the log: ${(error as Error).message}`);
      }
    };
    this.#targets.push({ level, write });
  }

  #console(level: Level, subsystem: string, message: string): void {
    const line = `${SHOWN[level][0]}: ${subsystem}: ${message}`;
    if (level === 'error') this.terminal.err(line);
    else this.terminal.out(line);
  }
}

function textLine(level: Level, subsystem: string, message: string): string {
  const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
  return `[${process.pid} - Suricata-Main] ${time} ${SHOWN[level][1]}: ${subsystem}: ${printable(message)}\n`;
}

function jsonLine(level: Level, subsystem: string, message: string): string {
  const line = {
    timestamp: new Date().toISOString().replace('Z', '000+0000'),
    log_level: SHOWN[level][1],
    event_type: 'engine',
    engine: { message, module: subsystem },
  };
  return `${JSON.stringify(line)}\n`;
}

function levelOf(text: string): number {
  const index = LEVELS.indexOf(text.toLowerCase() as Level);
  return index < 0 ? LEVELS.indexOf('notice') : index;
}
