// No word that is not so: what a command, the library or a document says of a run holds, and what is asked for is done or named.
// What a test of rules says: test/e2e/expectations.test.ts; signals of runs that go on, --pidfile and --user:
// test/e2e/operation.test.ts; rotation and permissions of files: test/e2e/sinks.test.ts.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { harmless } from '../../src/cli/terminal.js';
import { collect, Engine } from '../../src/index.js';
import { capture, tcp } from '../../src/testing/index.js';
import { ROOT } from '../eve.js';
import { sidewire } from './sidewire.js';

const CLI = join(ROOT, 'dist/cli/bin.js');
const HIVE = join(ROOT, 'pcaps/hive-upload.pcap');

/** A folder with files in it. */
function scratch(files: Record<string, string | Uint8Array> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-words-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Three segments that a rule on `evil` matches, each by itself. */
const EVIL = capture([0, 1, 2].reduce((talk) => talk.toServer('evil').toClient('so it is'), tcp()).frames());

describe('rules that are broken', () => {
  const folder = scratch({
    'one.rules':
      'alert tcp any any -> any any (msg:"a"; content:"E"; sid:1;)\nalert tcp any any -> any any (msg:"b"; contnt:"x"; sid:2;)\n',
    'sigma.yml': 'title: X\nid: 7\ndetection: {condition: s}\n',
  });
  const rules = join(folder, 'one.rules');

  it.each([
    ['replay', HIVE, '-S', rules, '-l', join(folder, 'out')],
    ['incidents', HIVE, '-S', rules],
    ['calls', join(ROOT, 'pcaps/dcom-invoke.pcap'), '-S', rules],
    ['rules', 'profile', HIVE, '-S', rules],
    ['hunt', join(ROOT, 'examples/logs/dcomexec-mmc20-powershell.evtx'), '-S', join(folder, 'sigma.yml'), '-l', folder],
  ])('make the exit status of %s 1', async (...argv) => {
    expect((await sidewire(...argv)).status).toBe(1);
  });
});

describe('a capture that is none', () => {
  const path = join(scratch({ 'no.pcap': 'this is no capture' }), 'no.pcap');
  const refused = { name: 'EngineError', code: 'capture/no-capture', message: expect.stringContaining('no.pcap') };

  it('rejects the loop of the library, whatever it is beside', async () => {
    await expect(collect(new Engine().replay(path))).rejects.toMatchObject(refused);
    const seen: string[] = [];
    const loop = async () => {
      for await (const event of new Engine().replay([path, HIVE])) seen.push(event.event_type);
    };
    await expect(loop()).rejects.toMatchObject(refused);
    expect(seen).toContain('http');
  });

  it('rejects no loop that was left, and stands in the summary', async () => {
    for await (const _ of new Engine().replay([path, HIVE])) break;
    const { errors } = await new Engine().replay(path).summary();
    expect(errors).toMatchObject([{ code: 'capture/no-capture', partial: false }]);
  });

  it('ends the loop over one that is damaged further on as any other', async () => {
    const cut = join(scratch({ 'cut.pcap': readFileSync(HIVE).subarray(0, 5000) }), 'cut.pcap');
    const { summary } = await collect(new Engine().replay(cut));
    expect(summary.errors).toMatchObject([{ code: 'capture/truncated', partial: true }]);
  });
});

describe('what is written', () => {
  it('commands no terminal: rules, names of files, traffic', async () => {
    const folder = scratch({
      'x.pcap': EVIL,
      'x.rules': 'alert tcp any any -> any any (msg:"\u001b]0;owned\u0007\u009b2J"; content:"evil"; sid:1;)\n',
      '\u001b[2Jno.pcap': 'no capture',
    });
    const out = join(folder, 'out');
    const done = spawnSync(
      process.execPath,
      [
        CLI,
        'replay',
        join(folder, 'x.pcap'),
        join(folder, '\u001b[2Jno.pcap'),
        '-S',
        join(folder, 'x.rules'),
        '-l',
        out,
      ],
      { encoding: 'utf8' },
    );
    const controls = /[^\P{Cc}\n\t]/u;
    expect(done.stdout + done.stderr).toMatch(/\\u001b\[2Jno\.pcap/);
    expect(done.stdout + done.stderr).not.toMatch(controls);
    const yaml = `%YAML 1.1\n---\noutputs:\n  - fast: {enabled: yes}\nlogging:\n  outputs:\n    - file: {enabled: yes, filename: suricata.log}\n`;
    writeFileSync(join(folder, 's.yaml'), yaml);
    await sidewire(
      ...['suricata', '-c', join(folder, 's.yaml'), '-r', join(folder, 'x.pcap'), '-S', join(folder, 'x.rules')],
      ...['-l', out, '-k', 'none', '--runmode', 'single'],
    );
    await sidewire(
      ...[
        'suricata',
        '-c',
        join(folder, 's.yaml'),
        '-r',
        join(folder, '\u001b[2Jno.pcap'),
        '-S',
        join(folder, 'x.rules'),
      ],
      ...['-l', out],
    );
    const log = readFileSync(join(out, 'suricata.log'), 'utf8');
    expect(log).toContain('no.pcap');
    expect(log).not.toMatch(controls);
  });

  it('keeps colours and JSON as they are', () => {
    expect(harmless('\u001b[1ma\u001b[22m\tb\nc')).toBe('\u001b[1ma\u001b[22m\tb\nc');
    expect(JSON.parse(harmless(JSON.stringify({ a: '\u009b2J\u001b\u007f' })))).toEqual({ a: '\u009b2J\u001b\u007f' });
  });
});

/** Hands octets to a command by a pipe, and waits until it has begun to write. */
async function fed(args: readonly string[], octets: Uint8Array, sign: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin?.write(octets);
  for (let tries = 0; tries < 600 && !existsSync(sign); tries += 1) await new Promise((done) => setTimeout(done, 50));
  return child;
}

describe('a signal to a replay', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)('loses nothing: %s', async (signal) => {
    const out = join(scratch(), 'out');
    const eve = join(out, 'eve.json');
    const child = await fed(['replay', '-', '-l', out], readFileSync(HIVE), eve);
    const ended = once(child, 'exit');
    child.kill(signal);
    const goesOn = signal === 'SIGHUP' || signal === 'SIGUSR2';
    if (goesOn) {
      await new Promise((done) => setTimeout(done, 500));
      expect(child.exitCode).toBeNull();
      child.stdin?.end();
    }
    const [code] = await ended;
    expect(code).toBe(goesOn ? 0 : 130);
    const lines = readFileSync(eve, 'utf8').trimEnd().split('\n');
    expect(lines.some((line) => JSON.parse(line).event_type === 'flow')).toBe(true);
  });
});

describe('programs in documents', () => {
  const snippets = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return [...text.matchAll(/^```(?:ts|js|mjs)\n([\s\S]*?)^```/gm)].map(([, code = '']) => [path, code] as const);
    });

  it.each(snippets)('are understood by this Node: %s', (_, code) => {
    const file = join(scratch({ 'snippet.mjs': code }), 'snippet.mjs');
    expect(spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' }).stderr).toBe('');
    // Node 24 understands it, and those before it do not.
    expect(code).not.toMatch(/\busing\s+\w+\s*=/);
  });

  it('run: that of README', () => {
    const [, code = ''] = snippets.find(([path]) => path === 'README.md') ?? [];
    const folder = scratch({
      'my.rules': 'alert tcp any any -> any any (msg:"m"; content:"x"; sid:1;)\n',
      'capture.pcap': readFileSync(join(ROOT, 'pcaps/dcom-invoke.pcap')),
      'program.mjs': code.replace("from 'sidewire'", `from ${JSON.stringify(join(ROOT, 'dist/index.js'))}`),
    });
    const done = spawnSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(done.stdout).toMatch(/MMC20|Invoke|ShellExecute/i);
  });
});

it('installs nothing on the system without --yes, root or not', () => {
  const folder = scratch({ 'apt-get': '#!/bin/sh\necho apt 1\necho "$@" >>"$(dirname "$0")/asked"\n' });
  chmodSync(join(folder, 'apt-get'), 0o755);
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    RUSTC: join(folder, 'no-rustc'),
    CARGO: 'no-cargo',
  };
  const done = spawnSync(process.execPath, [join(ROOT, 'src/tools/setup.mjs')], { env, encoding: 'utf8' });
  expect(done.status).not.toBe(0);
  expect(done.stdout + done.stderr).toMatch(/apt-get install -y .*npm run setup -- --yes/s);
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('--version\n');
});
