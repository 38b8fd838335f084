import { connect, type Socket } from 'node:net';

/** Octets of an answer that is believed. */
const LONGEST = 16 << 20;

/** An answer of the command socket. */
export interface SocketAnswer {
  readonly return: 'OK' | 'NOK';
  readonly message?: unknown;
}

/** A client of a command socket: ours or Suricata's. One question at a time. */
export class CommandClient {
  #text = '';
  #wake: () => void = () => {};
  #error: Error | null = null;

  private constructor(private readonly stream: Socket) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.#text += text;
      if (this.#text.length > LONGEST) stream.destroy(new Error('an answer does not end'));
      this.#wake();
    });
    stream.on('error', (error) => {
      this.#error = error;
      this.#wake();
    });
    stream.on('close', () => {
      this.#error ??= new Error('the other side has closed the connection');
      this.#wake();
    });
  }

  /** @throws {Error} when nobody listens, or what listens does not speak the protocol */
  static async connect(path: string): Promise<CommandClient> {
    const stream = connect(path);
    await new Promise<void>((resolve, reject) => {
      stream.once('connect', resolve);
      stream.once('error', reject);
    });
    const client = new CommandClient(stream);
    const { return: status } = await client.#ask({ version: '0.2' });
    if (status !== 'OK') throw new Error(`${path}: the other side does not speak version 0.2 of the protocol`);
    return client;
  }

  async ask(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<SocketAnswer> {
    return await this.#ask({ command, arguments: args });
  }

  close(): void {
    this.stream.destroy();
  }

  async #ask(message: object): Promise<SocketAnswer> {
    this.stream.write(`${JSON.stringify(message)}\n`);
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return answerOf(JSON.parse(line));
      }
      if (this.#error !== null) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** What was said, as an answer; one without a `return` is none. */
function answerOf(value: unknown): SocketAnswer {
  const { return: status, message } = (value ?? {}) as { readonly return?: unknown; readonly message?: unknown };
  if (status !== 'OK' && status !== 'NOK') throw new Error('the other side says something that is no answer');
  return { return: status, message };
}
