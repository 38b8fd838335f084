import { setTimeout as sleep } from 'node:timers/promises';
import type { CorpusResult } from './job.js';
import type { CorpusLease, CorpusQueue } from './queue.js';
import type { CorpusWorker } from './worker.js';

/** Milliseconds between two looks at a queue in which nothing waits. */
const LOOK = 500;

/** How jobs are taken. */
export interface LoopOptions {
  /** Jobs in work at a time. */
  readonly parallel: number;
  /** Goes on when there is nothing left to do. */
  readonly waits: boolean;
  readonly stop: AbortSignal;
  readonly done: (result: CorpusResult) => void;
  readonly failed: (path: string, reason: string) => void;
}

/**
 * Takes jobs until none waits and nobody works on one: what a lost worker had is then done, too. When stopped, jobs in work
 * are given back.
 */
export async function workLoop(queue: CorpusQueue, worker: CorpusWorker, options: LoopOptions): Promise<void> {
  await Promise.all(Array.from({ length: options.parallel }, () => oneLoop(queue, worker, options)));
}

async function oneLoop(queue: CorpusQueue, worker: CorpusWorker, options: LoopOptions): Promise<void> {
  const { stop, waits } = options;
  while (!stop.aborted) {
    const lease = await queue.take();
    if (lease) await oneJob(lease, worker, options);
    else {
      const { waiting, active } = await queue.counts();
      if (waiting + active === 0 && !waits) return;
      await sleep(LOOK, undefined, { signal: stop }).catch(() => {});
    }
  }
}

async function oneJob(lease: CorpusLease, worker: CorpusWorker, { stop, done, failed }: LoopOptions): Promise<void> {
  try {
    const result = await worker.work(lease.job, stop);
    await lease.finish(result);
    done(result);
  } catch (error) {
    if (stop.aborted) return await lease.giveBack();
    const { message } = error as Error;
    await lease.fail(message);
    failed(lease.job.path, message);
  }
}
