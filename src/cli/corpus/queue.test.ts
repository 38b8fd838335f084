import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FolderQueue } from './folder-queue.js';
import { kindOf } from './inputs.js';
import { type CorpusJob, type CorpusResult, jobOf } from './job.js';
import type { CorpusLease, CorpusQueue } from './queue.js';
import { RedisQueue } from './redis-queue.js';
import { ResultStore } from './results.js';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.warn('skipped: queues on Redis, because redis-server is not installed');

let folder: string;
let server: ChildProcess | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-queue-'));
  if (!hasRedis) return;
  // No port: other tests may run beside this one.
  server = spawn('redis-server', ['--port', '0', '--unixsocket', join(folder, 'redis.socket'), '--save', '']);
  await vi.waitFor(
    async () => {
      const client = new Redis(join(folder, 'redis.socket'), { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => {});
      await client.connect();
      await client.ping();
      client.disconnect();
    },
    { timeout: 20_000, interval: 100 },
  );
});
afterAll(() => {
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** A job that no two calls share. */
async function job(name: string): Promise<CorpusJob> {
  const path = join(folder, name);
  writeFileSync(path, `content of ${name}`);
  const digests = { rulesDigest: 'rules', optionsDigest: 'options' };
  const options = { placeholders: {}, complete: true };
  return await jobOf('log', path, 1, { kind: 'log', rules: null, options, ...digests });
}

const resultOf = ({ key, kind, path, digest }: CorpusJob): CorpusResult => ({
  key,
  kind,
  path,
  digest,
  host: 'here',
  folder: '/nowhere',
  units: 1,
  alerts: 0,
  elapsed: 0,
  problems: [],
});

let number = 0;
const queues = {
  folder: async (name: string) => {
    const corpus = join(folder, name);
    return new FolderQueue(corpus, new ResultStore(join(corpus, 'results')), 1);
  },
  redis: async (name: string) => await RedisQueue.open({ url: `unix://${join(folder, 'redis.socket')}`, name }, 1),
};

describe.each(['folder', 'redis'] as const)('a queue in %s', (kind) => {
  const test = kind === 'redis' && !hasRedis ? it.skip : it;
  let open: () => Promise<CorpusQueue>;
  const opened: CorpusQueue[] = [];
  beforeEach(() => {
    const name = `queue-${number++}`;
    open = async () => {
      const queue = await queues[kind](name);
      opened.push(queue);
      return queue;
    };
  });
  afterAll(async () => {
    for (const queue of opened) await queue.close();
  });

  /** Takes until there is something, as a worker does. */
  const taken = async (queue: CorpusQueue): Promise<CorpusLease> =>
    await vi.waitUntil(async () => await queue.take(), { timeout: 15_000, interval: 200 });

  test('hands each job to one taker, and knows what was added before', async () => {
    const [one, two] = [await open(), await open()];
    const jobs = [await job('a'), await job('b')];
    for (const each of jobs) expect(await one.add(each)).toBe(true);
    expect(await two.add(jobs[0] as CorpusJob)).toBe(false);
    const leases = [await one.take(), await two.take()];
    expect(await one.take()).toBeNull();
    expect(leases.map((lease) => lease?.job.path).sort()).toEqual(jobs.map(({ path }) => path).sort());
    expect(await one.counts()).toMatchObject({ waiting: 0, active: 2, failed: 0 });
    expect(await two.add(jobs[1] as CorpusJob)).toBe(false);
    for (const lease of leases) await lease?.finish(resultOf(lease.job));
    expect(await two.counts()).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  });

  test('keeps what failed with the reason, and takes it again when it is added again', async () => {
    const queue = await open();
    const added = await job('a');
    await queue.add(added);
    await (await taken(queue)).fail('the disk is on fire');
    const failures = [];
    for await (const failure of queue.failures()) failures.push(failure);
    expect(failures).toEqual([{ job: added, reason: 'the disk is on fire' }]);
    expect(await queue.add(added)).toBe(true);
    expect(await queue.counts()).toMatchObject({ waiting: 1, failed: 0 });
  });

  test('has a job again that is given back', async () => {
    const queue = await open();
    await queue.add(await job('a'));
    await (await taken(queue)).giveBack();
    expect(await queue.counts()).toMatchObject({ waiting: 1, active: 0 });
  });

  test('gives a job of a lost worker to another, and up after three', async () => {
    const queue = await open();
    const added = await job('a');
    await queue.add(added);
    for (let losses = 0; losses < 3; losses += 1) {
      // A worker of which nothing is heard any more.
      vi.useFakeTimers({ toFake: ['setInterval'] });
      const lost = await open();
      const lease = await lost.take().finally(() => vi.useRealTimers());
      expect((lease ?? (await taken(lost))).job.key).toBe(added.key);
      if (losses < 2) await vi.waitUntil(async () => (await watched(queue)).waiting === 1, { timeout: 15_000 });
    }
    await vi.waitUntil(async () => (await watched(queue)).failed === 1, { timeout: 15_000 });
    for await (const { reason } of queue.failures()) expect(reason).not.toBe('');
  }, 60_000);

  /** Counts, seen by somebody who looks after lost jobs but takes none. */
  const watched = async (queue: CorpusQueue) => {
    const lease = await queue.take();
    await lease?.giveBack();
    await sleep(50);
    return await queue.counts();
  };
});

describe('results', () => {
  it('of one key are published once; who is later has the first', async () => {
    const store = new ResultStore(join(folder, 'results'));
    const added = await job('a');
    const [first, second] = [store.draft(added.key, 'one'), store.draft(added.key, 'two')];
    const early = { ...resultOf(added), alerts: 1 };
    expect(store.publish(first, early)).toEqual(early);
    expect(store.publish(second, { ...early, alerts: 2 })).toEqual(early);
    expect([...store.all()]).toEqual([early]);
  });
});

describe('inputs', () => {
  const kind = (name: string, octets: Buffer | string) => {
    const path = join(folder, name);
    writeFileSync(path, octets);
    return kindOf(path);
  };

  it('are told apart by their content', async () => {
    const { gzipSync } = await import('node:zlib');
    const pcap = Buffer.from('d4c3b2a1020004000000000000000000', 'hex');
    expect(kind('a', pcap)).toBe('capture');
    expect(kind('b', gzipSync(pcap))).toBe('capture');
    expect(kind('c', gzipSync('{"EventID":1}'))).toBe('log');
    expect(kind('d', 'ElfFile\0')).toBe('log');
    expect(kind('e', Buffer.from('\ufeff<Event xmlns=""/>', 'utf16le'))).toBe('log');
    expect(kind('f', 'notes on the captures')).toBeNull();
    expect(kind('g', '')).toBeNull();
  });
});
