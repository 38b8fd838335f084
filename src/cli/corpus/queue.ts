import type { CorpusFailure, CorpusJob, CorpusResult } from './job.js';

/** How many jobs stand where. */
export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly done: number;
  readonly failed: number;
}

/** A job that a worker has taken. It stays this worker's as long as the process lives: the queue is told so by itself. */
export interface CorpusLease {
  readonly job: CorpusJob;
  /** The job is done. */
  finish(result: CorpusResult): Promise<void>;
  /** The job cannot be done; it is kept with the reason. */
  fail(reason: string): Promise<void>;
  /** The job is somebody else's again. */
  giveBack(): Promise<void>;
}

/** Jobs that wait, jobs in work, and what became of them. A job whose worker is lost waits again. */
export interface CorpusQueue {
  /** Where it is, for people. */
  readonly place: string;
  /** Adds a job; `false`: its key is known, so it waits, is in work, or done. One that failed waits again. */
  add(job: CorpusJob): Promise<boolean>;
  /** The next job; `null`: none waits now. */
  take(): Promise<CorpusLease | null>;
  counts(): Promise<QueueCounts>;
  results(): AsyncIterable<CorpusResult>;
  failures(): AsyncIterable<CorpusFailure>;
  close(): Promise<void>;
}

/** Seconds without a sign of life after which a worker counts as lost. */
export const LEASE_SECONDS = 30;

/** Times a job is taken up again after its worker was lost: an input that ends each worker must not end all of them. */
export const MAX_LOSSES = 2;
