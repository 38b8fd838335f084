import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigMap, fromPlain } from '../config/index.js';
import type { CommandTarget } from './command.js';
import { CommandSocket } from './command-socket.js';

let folder: string;
let path: string;
let socket: CommandSocket;
let stopped = 0;
const place = { file: '', line: 0, column: 0 };

const target: CommandTarget = {
  version: '8.0.8 RELEASE',
  runMode: 'workers',
  captureMode: 'AF_PACKET_DEV',
  interfaces: () => ['eth0'],
  settings: fromPlain({ stats: { interval: '8' }, outputs: ['a'] }, place) as ConfigMap,
  started: new Date(),
  run: () => null,
  reloader: null,
  pcaps: null,
  stop: () => {
    stopped += 1;
  },
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-socket-'));
  path = join(folder, 'command.socket');
  socket = await CommandSocket.listen(path, target);
});
afterEach(async () => {
  await socket.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A client that sends text as it stands. */
class TestClient {
  #text = '';
  #wake: () => void = () => {};
  isClosed = false;

  private constructor(readonly stream: Socket) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static async connect(at = path): Promise<TestClient> {
    const stream = connect(at);
    await new Promise<void>((resolve, reject) => {
      stream.once('connect', resolve);
      stream.once('error', reject);
    });
    return new TestClient(stream);
  }

  /** The next answer. */
  async next(): Promise<Record<string, unknown>> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      const whole = end < 0 ? this.#text : this.#text.slice(0, end);
      try {
        const answer = JSON.parse(whole) as Record<string, unknown>;
        this.#text = end < 0 ? '' : this.#text.slice(end + 1);
        return answer;
      } catch {
        if (this.isClosed) throw new Error('the connection is closed');
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async ask(text: string): Promise<Record<string, unknown>> {
    this.stream.write(text);
    return await this.next();
  }

  async closed(): Promise<void> {
    while (!this.isClosed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

const greeted = async (): Promise<TestClient> => {
  const client = await TestClient.connect();
  expect(await client.ask('{"version":"0.2"}\n')).toEqual({ return: 'OK' });
  return client;
};

describe('the command socket', () => {
  it('answers as Suricata does', async () => {
    const client = await greeted();
    const command = (name: string, args = {}) => client.ask(`${JSON.stringify({ command: name, arguments: args })}\n`);
    expect(await command('version')).toEqual({ message: '8.0.8 RELEASE', return: 'OK' });
    expect(await command('running-mode')).toEqual({ message: 'workers', return: 'OK' });
    expect(await command('conf-get', { variable: 'stats.interval' })).toEqual({ message: '8', return: 'OK' });
    expect(await command('conf-get', { variable: 'stats' })).toMatchObject({ return: 'NOK' });
    expect(await command('conf-get', { variable: 'outputs.0' })).toEqual({ message: 'a', return: 'OK' });
    expect(await command('iface-list')).toEqual({ message: { count: 1, ifaces: ['eth0'] }, return: 'OK' });
    expect(await command('iface-stat', { iface: 'eth9' })).toEqual({ message: 'Iface does not exist', return: 'NOK' });
    expect(await command('nothing')).toEqual({ message: 'Unknown command', return: 'NOK' });
    expect(await command('ruleset-stats')).toMatchObject({ return: 'NOK' });
    const { message } = (await command('command-list')) as { message: { count: number; commands: string[] } };
    expect(message.commands).toHaveLength(message.count);
    expect(message.commands).not.toContain('pcap-file');
    expect(await command('shutdown')).toEqual({ message: 'Closing Suricata', return: 'OK' });
    expect(stopped).toBe(1);
  });

  it('is for the owner and the group, and gone when it is closed', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await expect(CommandSocket.listen(path, target)).rejects.toThrow('is taken');
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(CommandSocket.listen(file, target)).rejects.toThrow('no socket');
    await socket.close();
    expect(existsSync(path)).toBe(false);
    socket = await CommandSocket.listen(path, target);
  });

  it('takes messages of 0.1, which have no end, and several at once', async () => {
    const old = await TestClient.connect();
    expect(await old.ask('{"version":"0.1"}')).toEqual({ return: 'OK' });
    expect(await old.ask('{"command":"version"}')).toMatchObject({ return: 'OK' });
    const client = await greeted();
    client.stream.write('{"command":"version"}\n{"command":"capture-mode"}\n{"comm');
    expect((await client.next()).message).toBe('8.0.8 RELEASE');
    expect((await client.next()).message).toBe('AF_PACKET_DEV');
    expect((await client.ask('and":"version"}\n')).message).toBe('8.0.8 RELEASE');
  });

  it.each([
    ['no handshake', '{"command":"version"}\n'],
    ['another version', '{"version":"7"}\n'],
    ['garbage', '\u0000\u0001garbage\n'],
    ['JSON that is no object', '[1]\n'],
  ])('refuses %s, and nobody else is harmed', async (_, text) => {
    const client = await TestClient.connect();
    const other = await greeted();
    expect(await client.ask(text)).toMatchObject({ return: 'NOK' });
    await client.closed();
    expect(await other.ask('{"command":"version"}\n')).toMatchObject({ return: 'OK' });
  });

  it('lets no message grow without end', async () => {
    const client = await greeted();
    client.stream.write(`{"command":"${'x'.repeat(200_000)}`);
    expect(await client.next()).toMatchObject({ return: 'NOK' });
    await client.closed();
  });

  it('has room for a number of clients, and for others once these are gone', async () => {
    const clients = await Promise.all(Array.from({ length: 32 }, greeted));
    const late = await TestClient.connect();
    expect(await late.next()).toMatchObject({ return: 'NOK' });
    for (const { stream } of clients) stream.destroy();
    await expect.poll(async () => (await TestClient.connect()).ask('{"version":"0.2"}\n')).toEqual({ return: 'OK' });
  });
});
