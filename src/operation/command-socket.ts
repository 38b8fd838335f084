import { chmodSync, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CommandRefused, type CommandTarget } from './command.js';
import { commandsOf } from './commands.js';

/** Versions of the protocol. From 0.2 on each message ends with a newline. */
const VERSIONS = new Set(['0.1', '0.2']);
/** Octets a message may have. */
const LONGEST = 64 * 1024;
/** Clients at a time. */
const CLIENTS = 32;
/** How long a client may take to say which version it speaks. Milliseconds. */
const HANDSHAKE = 10_000;

/** The socket that takes commands as Suricata's does: `suricatasc` works with it. */
export class CommandSocket {
  readonly #clients = new Set<SocketClient>();

  private constructor(
    readonly path: string,
    private readonly server: Server,
  ) {}

  /**
   * Listens at a path, for the owner and the group. A socket that nobody listens on any longer gives way.
   * @throws {Error} when somebody listens there already, or the path cannot be used
   */
  static async listen(path: string, target: CommandTarget): Promise<CommandSocket> {
    mkdirSync(dirname(path), { recursive: true });
    await giveWay(path);
    const server = createServer();
    // Nobody else may connect, not for a moment either.
    const before = process.umask(0o117);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
    } finally {
      process.umask(before);
    }
    chmodSync(path, 0o660);
    server.unref();
    const socket = new CommandSocket(path, server);
    server.on('connection', (stream) => socket.#accept(stream, target));
    return socket;
  }

  #accept(stream: Socket, target: CommandTarget): void {
    if (this.#clients.size >= CLIENTS) {
      stream.on('error', () => {});
      const refusal = { message: `${CLIENTS} clients are connected already`, return: 'NOK' };
      stream.end(`${JSON.stringify(refusal)}\n`, () => stream.destroy());
      return;
    }
    const client = new SocketClient(stream, target, () => this.#clients.delete(client));
    this.#clients.add(client);
  }

  /** Ends: clients are let go of, and the path is free. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** One client: a handshake, then commands, one at a time. What it does harms nobody else. */
class SocketClient {
  #rest = '';
  #version = '';
  #busy = false;
  readonly #handshake: NodeJS.Timeout;

  constructor(
    private readonly stream: Socket,
    private readonly target: CommandTarget,
    gone: () => void,
  ) {
    this.#handshake = setTimeout(() => stream.destroy(), HANDSHAKE);
    this.#handshake.unref();
    stream.setEncoding('utf8');
    stream.unref();
    stream.on('data', (text: string) => this.#take(text));
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      clearTimeout(this.#handshake);
      gone();
    });
  }

  close(): void {
    this.stream.end(() => this.stream.destroy());
    // Who does not take its last answer waits for it in vain.
    setTimeout(() => this.stream.destroy(), 100).unref();
  }

  #take(text: string): void {
    this.#rest += text;
    void this.#work();
  }

  /** Answers what has come, one after the other. While a client takes no answers, its commands are not read. */
  async #work(): Promise<void> {
    if (this.#busy) {
      if (this.#rest.length > LONGEST) this.stream.pause();
      return;
    }
    this.#busy = true;
    for (let message = this.#message(); message !== null; message = this.#message()) {
      const written = await this.#answer(message);
      if (!written && !this.stream.destroyed) await drained(this.stream);
      if (this.stream.destroyed || this.stream.writableEnded) break;
    }
    this.#busy = false;
    if (this.#rest.length > LONGEST) this.#refuse(`a message is longer than ${LONGEST} octets`);
    else this.stream.resume();
  }

  /** The next message; `null` when it is not whole. */
  #message(): string | null {
    const end = this.#rest.indexOf('\n');
    if (end >= 0) {
      const message = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      return message.trim() === '' ? this.#message() : message;
    }
    // The handshake, and everything in 0.1, may come without an end.
    if (this.#version === '0.2' || this.#rest.length > LONGEST || parsed(this.#rest) === null) return null;
    const message = this.#rest;
    this.#rest = '';
    return message;
  }

  async #answer(text: string): Promise<boolean> {
    const message = parsed(text);
    if (message === null) return this.#refuse('this is no JSON object');
    if (this.#version === '') return this.#greet(message);
    const { command, arguments: args = {} } = message;
    if (typeof command !== 'string') return this.#refuse('a message has to have a "command"');
    if (typeof args !== 'object' || args === null || Array.isArray(args))
      return this.#refuse('"arguments" has to be an object');
    try {
      const found = commandsOf(this.target).find(({ name }) => name === command);
      if (!found) throw new CommandRefused('Unknown command');
      return this.#send('OK', await found.run(this.target, args as Record<string, unknown>));
    } catch (error) {
      return this.#send('NOK', (error as Error).message);
    }
  }

  #greet(message: Readonly<Record<string, unknown>>): boolean {
    const { version } = message;
    if (typeof version !== 'string' || !VERSIONS.has(version))
      return this.#refuse(`the first message has to be {"version": ${[...VERSIONS].join(' or ')}}`);
    clearTimeout(this.#handshake);
    this.#version = version;
    return this.#send('OK', undefined);
  }

  #send(status: 'OK' | 'NOK', message: unknown): boolean {
    if (this.stream.destroyed || this.stream.writableEnded) return true;
    const end = this.#version === '0.1' ? '' : '\n';
    return this.stream.write(`${JSON.stringify({ message, return: status })}${end}`);
  }

  /** Says what is wrong, and ends: what comes after something that is no message cannot be told apart. */
  #refuse(why: string): boolean {
    const written = this.#send('NOK', why);
    this.#rest = '';
    this.close();
    return written;
  }
}

function drained(stream: Socket): Promise<void> {
  return new Promise((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });
}

/** A message; `null` when it is no JSON object. */
function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Removes a socket that a process left behind which ended without removing it. Anything else stays. */
async function giveWay(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw new Error(`${path} is there, and no socket: name another place`);
  const isTaken = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (isTaken) throw new Error(`${path} is taken: another process listens there`);
  unlinkSync(path);
}
