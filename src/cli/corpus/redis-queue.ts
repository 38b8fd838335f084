import { randomUUID } from 'node:crypto';
import type { Job, Queue, Worker } from 'bullmq';
import type { CorpusFailure, CorpusJob, CorpusResult } from './job.js';
import { type CorpusLease, type CorpusQueue, LEASE_SECONDS, MAX_LOSSES, type QueueCounts } from './queue.js';

/** Jobs of a listing that are fetched at once. */
const PAGE = 500;
/** Milliseconds that Redis is waited for at the start. */
const START_TIMEOUT = 10_000;

type QueuedJob = Job<CorpusJob, CorpusResult>;

/** Why a queue in Redis cannot be had. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
}

/** Where a queue in Redis is. */
export interface RedisPlace {
  /** As in `redis://host:6379/0`. */
  readonly url: string;
  /** Name of the queue: several corpora may share one Redis. */
  readonly name: string;
}

/** A queue of BullMQ on Redis, for workers on several machines. */
export class RedisQueue implements CorpusQueue {
  readonly place: string;
  readonly #queue: Queue<CorpusJob, CorpusResult>;
  /** Takes jobs; there once the first is asked for. */
  #worker: Worker<CorpusJob, CorpusResult> | undefined;
  readonly #startWorker: () => Worker<CorpusJob, CorpusResult>;
  readonly #lease: number;

  private constructor(
    place: RedisPlace,
    queue: Queue<CorpusJob, CorpusResult>,
    startWorker: () => Worker<CorpusJob, CorpusResult>,
    lease: number,
  ) {
    this.place = `${withoutPassword(place.url)} ${place.name}`;
    this.#queue = queue;
    this.#startWorker = startWorker;
    this.#lease = lease;
  }

  /**
   * Connects to Redis.
   * @throws {QueueError} when BullMQ is not installed, or Redis does not answer
   */
  static async open(place: RedisPlace, leaseSeconds = LEASE_SECONDS): Promise<RedisQueue> {
    const bullmq = await loadBullmq();
    const lease = leaseSeconds * 1000;
    // Commands wait while Redis is away: a restart of it costs time and nothing else.
    const connection = { url: place.url, maxRetriesPerRequest: null };
    const queue = new bullmq.Queue<CorpusJob, CorpusResult>(place.name, { connection });
    let trouble = '';
    queue.on('error', ({ message }) => {
      trouble = message;
    });
    const isReady = await Promise.race([
      queue.waitUntilReady().then(
        () => true,
        () => false,
      ),
      new Promise<false>((resolve) => setTimeout(resolve, START_TIMEOUT, false).unref()),
    ]);
    if (!isReady) {
      void queue.close().catch(() => {});
      throw new QueueError(`Redis at ${withoutPassword(place.url)} does not answer${trouble ? `: ${trouble}` : ''}`);
    }
    const startWorker = () => {
      const options = {
        connection,
        autorun: false,
        lockDuration: lease,
        stalledInterval: lease,
        maxStalledCount: MAX_LOSSES,
      };
      const worker = new bullmq.Worker<CorpusJob, CorpusResult>(place.name, null, options);
      // Connections are made again by themselves.
      worker.on('error', () => {});
      void worker.startStalledCheckTimer();
      return worker;
    };
    return new RedisQueue(place, queue, startWorker, lease);
  }

  async add(job: CorpusJob): Promise<boolean> {
    const known = await this.#queue.getJob(job.key);
    if (known === undefined) {
      await this.#queue.add(job.kind, job, { jobId: job.key });
      return true;
    }
    if (!(await known.isFailed())) return false;
    await known.retry('failed');
    return true;
  }

  async take(): Promise<CorpusLease | null> {
    this.#worker ??= this.#startWorker();
    const token = randomUUID();
    const taken = await this.#worker.getNextJob(token, { block: false });
    if (!taken) return null;
    const lease = this.#leaseOf(taken, token);
    // BullMQ hands out a job that was lost too often once more, for whoever takes it to give it up.
    if (!taken.deferredFailure) return lease;
    await lease.fail(`${MAX_LOSSES + 1} workers were lost while they worked on it`);
    return await this.take();
  }

  async counts(): Promise<QueueCounts> {
    const { waiting, active, completed, failed } = await this.#queue.getJobCounts(
      'waiting',
      'active',
      'completed',
      'failed',
    );
    return {
      waiting: waiting ?? 0,
      active: active ?? 0,
      done: completed ?? 0,
      failed: failed ?? 0,
    };
  }

  async *results(): AsyncGenerator<CorpusResult> {
    for await (const { returnvalue } of this.#all('completed')) if (returnvalue) yield returnvalue;
  }

  async *failures(): AsyncGenerator<CorpusFailure> {
    for await (const { data, failedReason } of this.#all('failed')) yield { job: data, reason: failedReason };
  }

  async close(): Promise<void> {
    await this.#worker?.close(true);
    await this.#queue.close();
  }

  async *#all(state: 'completed' | 'failed'): AsyncGenerator<QueuedJob> {
    for (let start = 0; ; start += PAGE) {
      const page = await this.#queue.getJobs([state], start, start + PAGE - 1, true);
      yield* page;
      if (page.length < PAGE) return;
    }
  }

  #leaseOf(taken: QueuedJob, token: string): CorpusLease {
    const alive = setInterval(() => void taken.extendLock(token, this.#lease).catch(() => {}), this.#lease / 3);
    const end = async (act: () => Promise<unknown>): Promise<void> => {
      clearInterval(alive);
      try {
        await act();
      } catch (error) {
        // A lock that is gone: the job was given to another worker, which finds the result or makes it again.
        if (!/lock/i.test((error as Error).message)) throw error;
      }
    };
    return {
      job: taken.data,
      finish: (result) => end(() => taken.moveToCompleted(result, token, false)),
      fail: (reason) => end(() => taken.moveToFailed(new Error(reason), token, false)),
      giveBack: () => end(() => taken.moveToWait(token)),
    };
  }
}

async function loadBullmq(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new QueueError('a queue in Redis needs BullMQ, which is not installed: npm install bullmq ioredis');
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
