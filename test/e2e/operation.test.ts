import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account } from '../../src/engine/index.js';
import { PACKAGE_FOLDER } from '../../src/package.js';
import { capture, http } from '../../src/testing/index.js';

// A run that goes on, in a process of its own: packets come out of a pipe while signals and commands do.

let folder: string;
let running: RunningProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-operation-'));
});
afterEach(() => {
  running?.kill();
  running = null;
  rmSync(folder, { recursive: true, force: true });
});

const rule = (sid: number, path: string) =>
  `alert http any any -> any any (msg:"${path}"; http.uri; content:"${path}"; sid:${sid};)\n`;

/** A process that reads a pipe. */
class RunningProcess {
  said = '';
  status: number | null = null;
  readonly process: ChildProcess;
  readonly pipe: WriteStream;
  #sent = 0;

  constructor(args: readonly string[]) {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const bin = join(PACKAGE_FOLDER, 'dist', 'cli', 'bin.js');
    this.process = spawn(process.execPath, [bin, 'suricata', '-r', fifo, '-l', folder, '-k', 'none', '-v', ...args]);
    this.process.stdout?.on('data', (data: Buffer) => this.#hear(data));
    this.process.stderr?.on('data', (data: Buffer) => this.#hear(data));
    this.process.once('exit', (status) => {
      this.status = status ?? -1;
    });
    this.pipe = createWriteStream(fifo);
    this.pipe.on('error', () => {});
  }

  #hear(data: Buffer): void {
    this.said += data.toString();
  }

  /** Sends a connection with one request. */
  send(uri: string): void {
    const start = 1_704_067_200_000_000 + this.#sent * 1e6;
    const conversation = http({ client: `10.0.0.1:${20_000 + this.#sent}`, start });
    conversation.exchange({ uri }, {});
    const octets = capture(conversation);
    this.pipe.write(this.#sent === 0 ? octets : octets.subarray(24));
    this.#sent += 1;
  }

  async hears(text: string, times = 1): Promise<void> {
    const count = () => (this.status === null ? this.said.split(text).length - 1 : Number.NaN);
    await expect.poll(count, { timeout: 20_000, message: `"${text}" in:\n${this.said}` }).toBeGreaterThanOrEqual(times);
  }

  async ends(): Promise<number> {
    await expect.poll(() => this.status, { timeout: 20_000 }).not.toBeNull();
    return this.status as number;
  }

  kill(): void {
    this.pipe.destroy();
    this.process.kill('SIGKILL');
  }
}

function start(...args: string[]): RunningProcess {
  running = new RunningProcess(args);
  return running;
}

const eve = (name = 'eve.json') =>
  existsSync(join(folder, name))
    ? readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
const uris = (name?: string) =>
  eve(name)
    .filter(({ event_type }) => event_type === 'http')
    .map(({ http }) => (http as { url: string }).url);
const sids = () =>
  eve()
    .filter(({ event_type }) => event_type === 'alert')
    .map(({ alert }) => (alert as { signature_id: number }).signature_id);

/** Asks one thing over the command socket. */
function ask(path: string, command: string, args = {}): Promise<{ return: string; message: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.once('error', reject);
    socket.once('connect', () => socket.write('{"version":"0.2"}\n'));
    socket.on('data', (data) => {
      text += data.toString();
      const lines = text.split('\n');
      if (lines.length === 2) socket.write(`${JSON.stringify({ command, arguments: args })}\n`);
      if (lines.length < 3) return;
      socket.destroy();
      resolve(JSON.parse(lines[1] as string));
    });
  });
}

describe('a run that goes on', () => {
  it('shows what came soon, while its pipe is idle, and ends on SIGTERM with all of it on disk', async () => {
    const run = start('-S', '/dev/null');
    run.send('/one');
    await expect.poll(() => uris(), { timeout: 20_000 }).toEqual(['/one']);
    run.send('/two');
    await expect.poll(() => uris(), { timeout: 20_000 }).toEqual(['/one', '/two']);
    run.process.kill('SIGTERM');
    expect(await run.ends()).toBe(0);
    expect(eve().filter(({ event_type }) => event_type === 'flow')).toHaveLength(2);
    expect(eve().at(-1)?.event_type).toBe('stats');
  });

  it('ends on SIGINT before anything came', async () => {
    const run = start('-S', '/dev/null', '--pidfile', join(folder, 'pid'));
    await expect.poll(() => existsSync(join(folder, 'pid')), { timeout: 20_000 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    run.process.kill('SIGINT');
    expect(await run.ends()).toBe(0);
    expect(existsSync(join(folder, 'pid'))).toBe(false);
  });

  it('opens its files anew on SIGHUP, however often, and loses nothing', async () => {
    const run = start('-S', '/dev/null');
    run.send('/0');
    await expect.poll(() => uris(), { timeout: 20_000 }).toEqual(['/0']);
    renameSync(join(folder, 'eve.json'), join(folder, 'eve.old'));
    for (let n = 1; n <= 40; n += 1) {
      run.process.kill('SIGHUP');
      run.send(`/${n}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const all = Array.from({ length: 41 }, (_, n) => `/${n}`);
    await expect.poll(() => [...uris('eve.old'), ...uris()], { timeout: 20_000 }).toEqual(all);
    expect(uris().length, 'the new file is written').toBeGreaterThan(0);
    run.process.kill('SIGTERM');
    expect(await run.ends()).toBe(0);
  });

  it('reloads rules on SIGUSR2 without losing a packet, and keeps those that work', async () => {
    const rules = join(folder, 'my.rules');
    writeFileSync(rules, rule(1, '/x'));
    const run = start('-S', rules);
    run.send('/x');
    await expect.poll(sids, { timeout: 20_000 }).toEqual([1]);
    writeFileSync(rules, rule(2, '/x'));
    run.process.kill('SIGUSR2');
    await run.hears('rule reload complete');
    run.send('/x');
    await expect.poll(sids, { timeout: 20_000 }).toEqual([1, 2]);
    writeFileSync(rules, 'alert http any any -> any any (nothing');
    run.process.kill('SIGUSR2');
    await run.hears('rule reload failed: no rule is left of the new set (1 failed)');
    run.send('/x');
    await expect.poll(sids, { timeout: 20_000 }).toEqual([1, 2, 2]);
    rmSync(rules);
    run.process.kill('SIGUSR2');
    await run.hears('rule reload failed', 2);
    run.send('/x');
    await expect.poll(sids, { timeout: 20_000 }).toEqual([1, 2, 2, 2]);
    expect(uris()).toHaveLength(4);
  });

  it('goes on after a stop of the process, with all that came meanwhile', async () => {
    const run = start('-S', '/dev/null');
    run.send('/0');
    await expect.poll(() => uris(), { timeout: 20_000 }).toEqual(['/0']);
    run.process.kill('SIGSTOP');
    for (let n = 1; n <= 20; n += 1) run.send(`/${n}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    run.process.kill('SIGCONT');
    await expect.poll(() => uris().length, { timeout: 20_000 }).toBe(21);
  });

  it('takes commands, and tells its counters', async () => {
    const rules = join(folder, 'my.rules');
    writeFileSync(rules, `${rule(1, '/x')}alert nothing`);
    const socket = join(folder, 'command.socket');
    const command = ['--set', 'unix-command.enabled=yes', '--set', `unix-command.filename=${socket}`];
    const run = start('-S', rules, ...command);
    run.send('/x');
    await expect.poll(sids, { timeout: 20_000 }).toEqual([1]);
    await expect
      .poll(async () => (await ask(socket, 'dump-counters')).message, { timeout: 20_000 })
      .toMatchObject({ decoder: { pkts: expect.any(Number) }, detect: { alert: 1, engines: [{ rules_loaded: 1 }] } });
    expect((await ask(socket, 'ruleset-failed-rules')).message).toEqual([
      { tenant_id: 0, rule: 'alert nothing', filename: rules, line: 2 },
    ]);
    writeFileSync(rules, rule(2, '/x') + rule(3, '/x'));
    expect(await ask(socket, 'ruleset-reload-rules')).toEqual({ message: 'done', return: 'OK' });
    expect((await ask(socket, 'ruleset-stats')).message).toEqual([
      { id: 0, rules_loaded: 2, rules_failed: 0, rules_skipped: 0 },
    ]);
    rmSync(rules);
    expect(await ask(socket, 'ruleset-reload-rules')).toMatchObject({ return: 'NOK' });
    expect((await ask(socket, 'capture-mode')).message).toBe('PCAP_FILE');
    await ask(socket, 'shutdown');
    expect(await run.ends()).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });

  it('goes on as another user, whose the socket is', async () => {
    if (process.getuid?.() !== 0) {
      console.warn('skipped: only root can become somebody else');
      return;
    }
    const socket = join(folder, 'command.socket');
    const { uid, gid } = account('nobody') ?? { uid: 0, gid: 0 };
    chownSync(folder, uid, gid);
    const command = ['--set', 'unix-command.enabled=yes', '--set', `unix-command.filename=${socket}`];
    const run = start('-S', '/dev/null', '--user', 'nobody', ...command);
    run.send('/x');
    await expect.poll(() => uris(), { timeout: 20_000 }).toEqual(['/x']);
    const owner = (name: string) => statSync(join(folder, name)).uid;
    expect([owner('command.socket'), owner('eve.json')]).toEqual([uid, uid]);
    const status = readFileSync(`/proc/${run.process.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}`, 'm'));
  });
});
