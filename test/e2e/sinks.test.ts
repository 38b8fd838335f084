import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine, type OutputCount } from '../../src/engine/index.js';
import { capture, http } from '../../src/testing/index.js';

// Sinks that wait, fail and come back: every line is delivered or counted.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-sinks-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Replays some requests, each an http event, into one output; what became of its lines. */
async function write(requests: number, options: string): Promise<OutputCount> {
  const config = join(folder, 'suricata.yaml');
  writeFileSync(
    config,
    `%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      types: [http]\n      ${options.trim().replaceAll('\n', '\n      ')}\n`,
  );
  const conversation = http();
  for (let n = 0; n < requests; n += 1) conversation.exchange({ uri: `/${n}` }, {});
  const path = join(folder, 'capture.pcap');
  writeFileSync(path, capture(conversation));
  const engine = new Engine({ config, workers: 1 });
  expect(engine.config.missing).toEqual([]);
  const { outputs, errors } = await engine.replay(path, { types: [], logDir: folder }).summary();
  expect(errors).toEqual([]);
  return outputs[0] as OutputCount;
}

/** The URIs of lines, as numbers in their order. */
function numbers(text: string): number[] {
  const uris = text.matchAll(/"url":"\/(\d+)"/g);
  return [...uris].map(([, number]) => Number(number));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a file', () => {
  it('is begun anew by size, and as many are kept as asked for', async () => {
    const { lines, dropped } = await write(4000, 'filename: eve.json\nrotate-size: 300kb\nfilemode: 600');
    expect([lines, dropped]).toEqual([4000, 0]);
    const files = () => readdirSync(folder).filter((name) => name.startsWith('eve.json'));
    expect(files().length).toBeGreaterThan(2);
    const aside = files()
      .filter((name) => name !== 'eve.json')
      .sort();
    const all = [...aside, 'eve.json'].map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(all.every((text) => text === '' || text.endsWith('}\n'))).toBe(true);
    expect(numbers(all.join('')).sort((a, b) => a - b)).toEqual(upTo(4000));
    for (const name of files()) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    await write(4000, 'filename: eve.json\nrotate-size: 300kb\nkeep-files: 1');
    expect(files()).toHaveLength(2);
  });

  it('has the time it was begun in its name', async () => {
    await write(1, 'filename: eve-%Y.json');
    expect(readdirSync(folder)).toContain(`eve-${new Date().getUTCFullYear()}.json`);
    await expect(write(1, 'filename: eve-%Q.json')).rejects.toMatchObject({
      code: 'output/write',
      message: expect.stringContaining('%Q'),
    });
    await expect(write(1, 'rotate-interval: fortnight')).rejects.toThrow('rotate-interval must be');
  });

  it('of a disk that is full loses lines, counts them, and says why', async () => {
    const { lines, dropped, trouble } = await write(100, 'filename: /dev/full');
    expect([lines, dropped]).toEqual([100, 100]);
    expect(trouble).toMatch(/[Nn]o space left/);
  });

  it('of a disk that becomes full keeps whole lines', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'sidewire-test', disk]).status !== 0) {
      console.warn('skipped: a small disk cannot be mounted here (root only)');
      return;
    }
    try {
      const { lines, dropped } = await write(1000, `filename: ${disk}/eve.json`);
      const text = readFileSync(join(disk, 'eve.json'), 'utf8');
      expect(text.endsWith('}\n')).toBe(true);
      expect(lines).toBe(1000);
      expect(dropped).toBeGreaterThan(0);
      expect(numbers(text).length + dropped, 'every line is on disk or counted').toBe(1000);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

/** A server that understands as much of RESP as it must: arrays of texts. */
class FakeRedis {
  readonly commands: string[][] = [];
  readonly sockets = new Set<Socket>();
  reply: (command: readonly string[]) => string | null = () => ':1\r\n';
  #server: Server | null = null;

  constructor(readonly path: string) {}

  async listen(): Promise<void> {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      let rest = '';
      socket.on('error', () => {});
      socket.on('data', (data) => {
        rest += data.toString('latin1');
        for (let taken = command(rest); taken !== null; taken = command(rest)) {
          rest = rest.slice(taken.length);
          const reply = this.reply(taken.parts);
          if (reply === null) {
            socket.destroy();
            return;
          }
          this.commands.push(taken.parts);
          socket.write(reply);
        }
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.path, resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    this.#server = null;
  }

  get uris(): number[] {
    return numbers(this.commands.map((parts) => parts.at(-1)).join('\n'));
  }
}

function command(text: string): { parts: string[]; length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return null;
  let at = head[0].length;
  const parts: string[] = [];
  for (let n = 0; n < Number(head[1]); n += 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (!size) return null;
    at += size[0].length + Number(size[1]) + 2;
    if (at > text.length) return null;
    parts.push(text.slice(at - 2 - Number(size[1]), at - 2));
  }
  return { parts, length: at };
}

describe('Redis', () => {
  let redis: FakeRedis;
  beforeEach(async () => {
    redis = new FakeRedis(join(folder, 'redis.sock'));
    await redis.listen();
  });
  afterEach(() => redis.close());
  const options = (more = '') => `filetype: redis\nredis:\n  server: ${redis.path}\n${more}`;

  it.each([
    ['list', 'LPUSH'],
    ['rpush', 'RPUSH'],
    ['publish', 'PUBLISH'],
    ['stream', 'XADD'],
  ])('takes every line, mode %s', async (mode, name) => {
    expect(await write(300, options(`  mode: ${mode}\n  key: k`))).toMatchObject({ lines: 300, dropped: 0 });
    expect(redis.commands.every(([first, key]) => first === name && key === 'k')).toBe(true);
    expect(redis.uris).toEqual(upTo(300));
  });

  it('that goes away gets what waited once it is back', async () => {
    let left = 150;
    redis.reply = () => (left-- > 0 ? ':1\r\n' : null);
    setTimeout(() => {
      redis.reply = () => ':1\r\n';
    }, 700);
    expect(await write(1000, options())).toMatchObject({ lines: 1000, dropped: 0 });
    // At least once: what was not answered is sent again.
    expect([...new Set(redis.uris)].sort((a, b) => a - b)).toEqual(upTo(1000));
  });

  it('that refuses lines is heard, and they are counted', async () => {
    redis.reply = ([, , line = '']) => (line.includes('"/7"') ? '-WRONGTYPE no list\r\n' : ':1\r\n');
    expect(await write(20, options())).toMatchObject({ dropped: 1, trouble: 'WRONGTYPE no list' });
    redis.reply = () => ':0\r\n';
    expect(await write(20, options('  mode: channel'))).toMatchObject({ dropped: 20 });
  });

  it('that does not answer costs what finds no room, counted', async () => {
    redis.reply = () => '';
    const { lines, dropped } = await write(20_000, options('  spool: 64kb\nwhen-full: drop'));
    expect(lines).toBe(20_000);
    // What was sent and not answered may have arrived; it is counted as lost.
    expect(dropped).toBe(20_000);
  });

  it('that is not there: nothing begins when it is waited for, and is counted when it is not', async () => {
    await redis.close();
    await expect(write(1, options())).rejects.toMatchObject({ code: 'output/write' });
    expect(await write(500, options('when-full: drop'))).toMatchObject({ lines: 500, dropped: 500 });
  });
});

describe('a real Redis', () => {
  it('keeps lists and streams', async () => {
    if (spawnSync('redis-server', ['--version']).status !== 0) {
      console.warn('skipped: redis-server is not installed');
      return;
    }
    const socket = join(folder, 'real.sock');
    const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
      stdio: 'ignore',
    });
    const ask = (...words: string[]) => execFileSync('redis-cli', ['-s', socket, ...words], { encoding: 'utf8' });
    try {
      await expect.poll(() => spawnSync('redis-cli', ['-s', socket, 'ping']).stdout?.toString().trim()).toBe('PONG');
      const to = (more: string) => `filetype: redis\nredis:\n  server: ${socket}\n${more}`;
      await write(500, to('  mode: rpush'));
      expect(numbers(ask('lrange', 'suricata', '0', '-1'))).toEqual(upTo(500));
      await write(500, to('  mode: stream\n  key: s\n  stream-maxlen: 100\n  stream-trim-exact: yes'));
      expect(ask('xlen', 's').trim()).toBe('100');
      expect(await write(5, to('  mode: list\n  key: s'))).toMatchObject({ dropped: 5, trouble: /WRONGTYPE/ });
    } finally {
      server.kill();
    }
  });
});

describe('Kafka', () => {
  it('takes every line', async () => {
    if (spawnSync('kcat', ['-V']).status !== 0) {
      console.warn('skipped: kcat is not installed');
      return;
    }
    const mock = spawn('kcat', ['-C', '-b', 'mock', '-X', 'test.mock.num.brokers=2', '-t', 'keep', '-d', 'mock', '-u']);
    let said = '';
    mock.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    try {
      const brokers = () => /bootstrap\.servers=([\d.:,]+)/.exec(said)?.[1];
      await expect.poll(brokers, { timeout: 10_000 }).toBeDefined();
      const kafka = `filetype: kafka\nkafka:\n  brokers: ${brokers()}\n  topic: eve\n  batch-size: 16kb`;
      expect(await write(2000, kafka)).toMatchObject({ lines: 2000, dropped: 0 });
      const read = ['-C', '-b', brokers() as string, '-t', 'eve', '-e', '-q', '-o', 'beginning'];
      const got = execFileSync('kcat', read, { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 20_000 });
      expect(numbers(got).sort((a, b) => a - b)).toEqual(upTo(2000));
    } finally {
      mock.kill();
    }
  });
});
