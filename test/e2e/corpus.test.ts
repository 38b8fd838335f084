import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CorpusResult } from '../../src/cli/corpus/job.js';
import { main } from '../../src/cli/main.js';
import { PACKAGE_FOLDER } from '../../src/package.js';
import { capture, http } from '../../src/testing/index.js';

// `sidewire corpus`: each input has one result, whatever happens to its workers.

const CAPTURES = 60;
let folder: string;
let rules: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-corpus-'));
  rules = join(folder, 'my.rules');
  writeFileSync(rules, 'alert http any any -> any any (msg:"seen"; http.uri; content:"/seen"; sid:1;)\n');
  mkdirSync(join(folder, 'inputs', 'below'), { recursive: true });
  for (let n = 0; n < CAPTURES; n += 1) {
    const conversation = http({ client: `10.0.0.1:${20_000 + n}` });
    conversation.exchange({ uri: '/seen' }, {});
    writeFileSync(join(folder, 'inputs', n % 2 === 0 ? '.' : 'below', `${n}.pcap`), capture(conversation));
  }
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command; what it said, and its exit status. */
async function corpus(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const status = await main(['corpus', ...args, '--corpus', join(folder, 'corpus')], {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
    color: { out: false, err: false },
    live: false,
    width: 100,
    wraps: false,
  });
  return { status, ...said };
}

async function results(): Promise<CorpusResult[]> {
  const { out } = await corpus('results', '--json');
  return out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CorpusResult);
}

describe('a corpus', () => {
  it('does the same content with the same rules and options once', async () => {
    const inputs = join(folder, 'inputs');
    writeFileSync(join(inputs, 'again.pcap'), readFileSync(join(inputs, '0.pcap')));
    writeFileSync(join(inputs, 'notes.txt'), 'notes');
    const added = await corpus('add', inputs, '-S', rules, '--json');
    expect(JSON.parse(added.out)).toMatchObject({ added: CAPTURES, known: 1, skipped: 1 });
    expect(await corpus('work', '--no-rule-cache')).toMatchObject({ status: 0 });
    const found = await results();
    expect(found).toHaveLength(CAPTURES);
    for (const { alerts, problems, folder: place } of found) {
      expect([alerts, problems]).toEqual([1, []]);
      expect(readFileSync(join(place, 'eve.json'), 'utf8')).toContain('"signature":"seen"');
    }
    expect(JSON.parse((await corpus('add', inputs, '-S', rules, '--json')).out)).toMatchObject({ added: 0 });
    const other = await corpus('add', join(inputs, '0.pcap'), '-S', rules, '--set', 'stream.midstream=no', '--json');
    expect(JSON.parse(other.out)).toMatchObject({ added: 1 });
    writeFileSync(rules, `${readFileSync(rules, 'utf8')}# another\n`);
    expect(JSON.parse((await corpus('add', join(inputs, '0.pcap'), '-S', rules, '--json')).out).added).toBe(1);
  });

  it('does not do what has changed since, and says so', async () => {
    const inputs = join(folder, 'inputs');
    await corpus('add', join(inputs, '0.pcap'), join(inputs, '2.pcap'), '-S', rules);
    writeFileSync(join(inputs, '0.pcap'), readFileSync(join(inputs, '4.pcap')));
    const { status, err } = await corpus('work', '--no-rule-cache');
    expect(status).toBe(1);
    expect(err).toContain('0.pcap: changed since it was added; add it again');
    expect(JSON.parse((await corpus('status', '--json')).out)).toMatchObject({ waiting: 0, done: 1, failed: 1 });
    await corpus('add', join(inputs, '6.pcap'), '-S', rules);
    writeFileSync(rules, 'alert ip any any -> any any (msg:"else"; sid:2;)\n');
    expect((await corpus('work', '--no-rule-cache')).err).toContain('are not those that the job was added with');
  });

  it('takes event logs, too', async () => {
    const rule = join(folder, 'rule.yml');
    writeFileSync(
      rule,
      'title: T\nid: 6f5b5bfc-1f5e-4f6c-9d5c-000000000001\nlogsource: { product: windows, category: process_creation }\n' +
        'detection: { sel: { Image|endswith: cmd.exe }, condition: sel }\n',
    );
    const record = {
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      Provider_Name: 'Microsoft-Windows-Sysmon',
      EventID: 1,
    };
    const event = {
      Event: {
        System: {
          ...record,
          Computer: 'a',
          TimeCreated: { '#attributes': { SystemTime: '2024-01-01T00:00:00Z' } },
          Provider: { '#attributes': { Name: record.Provider_Name } },
        },
        EventData: { Image: 'C:\\cmd.exe' },
      },
    };
    writeFileSync(join(folder, 'log.jsonl'), `${JSON.stringify(event)}\n`);
    await corpus('add', join(folder, 'log.jsonl'), '--sigma', rule);
    expect(await corpus('work')).toMatchObject({ status: 0 });
    expect(await results()).toMatchObject([{ kind: 'log', units: 1, alerts: 1 }]);
  });

  it('loses nothing when a worker is killed', async () => {
    await corpus('add', join(folder, 'inputs'), '-S', rules);
    const bin = join(PACKAGE_FOLDER, 'dist', 'cli', 'bin.js');
    const args = ['corpus', 'work', '--corpus', join(folder, 'corpus'), '--parallel', '2', '--lease', '1'];
    const lost: ChildProcess = spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
    const isOver = new Promise((resolve) => lost.once('exit', resolve));
    await vi.waitUntil(async () => (await results()).length > 0, { timeout: 20_000, interval: 1 });
    lost.kill('SIGKILL');
    await isOver;
    expect(await corpus('work', '--lease', '1', '--no-rule-cache')).toMatchObject({ status: 0 });
    expect(new Set((await results()).map(({ path }) => path)).size).toBe(CAPTURES);
    expect(JSON.parse((await corpus('status', '--json')).out)).toMatchObject({ waiting: 0, active: 0, done: CAPTURES });
  }, 60_000);

  it('says what is neither there nor an input', async () => {
    expect(await corpus('add', join(folder, 'absent'))).toMatchObject({
      status: 2,
      err: expect.stringContaining('no such file'),
    });
    expect(await corpus('add', rules)).toMatchObject({ status: 2, err: expect.stringContaining('neither a capture') });
    expect(await corpus('work', '--redis', '10.0.0.1')).toMatchObject({ status: 2 });
  });
});
