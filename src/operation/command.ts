import { type ConfigMap, nearest } from '../config/index.js';
import type { Run } from '../engine/index.js';
import type { PcapQueue } from './pcap-queue.js';
import type { RuleReloader } from './reload.js';

/** What commands are about. */
export interface CommandTarget {
  /** As Suricata says it: `8.0.8 RELEASE`. */
  readonly version: string;
  /** `single`, `workers`, `autofp`. */
  readonly runMode: string;
  /** `PCAP_FILE`, `AF_PACKET_DEV`, `UNIX_SOCKET`. */
  readonly captureMode: string;
  /** Interfaces that are captured from; none for files. */
  interfaces(): readonly string[];
  readonly settings: ConfigMap;
  readonly started: Date;
  /** The run that goes on; `null` while there is none. */
  run(): Run | null;
  /** `null`: there are no rules. */
  readonly reloader: RuleReloader | null;
  /** `null`: captures cannot be asked for. */
  readonly pcaps: PcapQueue | null;
  /** Ends everything, as SIGTERM does. */
  stop(): void;
}

/** What a command is asked with. */
export type CommandArguments = Readonly<Record<string, unknown>>;

/** What a command answers; an error says why there is none. */
export type CommandAnswer = unknown;

/** Why a command could not be done: the `NOK` of the protocol. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

/** A command of the socket. */
export interface SocketCommand {
  readonly name: string;
  readonly doc: string;
  /** Arguments with a value each; those that end in `?` may be left out. */
  readonly args: readonly string[];
  /** Whether it exists for this target; always, when absent. */
  readonly applies?: (target: CommandTarget) => boolean;
  readonly run: (target: CommandTarget, args: CommandArguments) => CommandAnswer | Promise<CommandAnswer>;
}

/** A text among the arguments. */
export function textOf(args: CommandArguments, name: string): string {
  const value = args[name];
  if (typeof value !== 'string') throw new CommandRefused(`${name} is missing, or no text`);
  return value;
}

/** The text at a key of the configuration; `null` where there is none. */
export function settingAt(settings: ConfigMap, path: string): string | null {
  const parts = path.split('.');
  const parent = nearest(settings, parts.slice(0, -1));
  const last = parts.at(-1) ?? '';
  const node =
    parent.kind === 'map' ? parent.entries.get(last) : parent.kind === 'list' ? parent.items[Number(last)] : undefined;
  // `nearest` stops where the way ends: the whole way has to be there.
  const whole = nearest(settings, parts);
  return node !== undefined && node === whole && node.kind === 'scalar' ? node.text : null;
}
