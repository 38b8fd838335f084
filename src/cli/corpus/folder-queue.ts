import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorpusFailure, CorpusJob, CorpusResult } from './job.js';
import { type CorpusLease, type CorpusQueue, LEASE_SECONDS, MAX_LOSSES, type QueueCounts } from './queue.js';
import { names, type ResultStore } from './results.js';
import { type QueuedJob, queuedJob } from './shape.js';

const STATES = ['waiting', 'active', 'failed'] as const;

/** A file of work that was seen, and since when on the clock of whoever looks nobody has touched it. */
interface SeenFile {
  readonly touched: number;
  readonly since: number;
}

/**
 * A queue that is a folder: a file for each job, in the folder of its state. Whoever renames a file has the job, so any number
 * of processes may share it. A job in work is touched while its worker lives. Who looks goes by how long the file has not
 * changed on its own clock: clocks of several machines need not agree.
 *
 * Names are `KEY.LOSSES`, in work `KEY.LOSSES.LEASE`.
 */
export class FolderQueue implements CorpusQueue {
  readonly place: string;
  readonly #lease: number;
  readonly #seen = new Map<string, SeenFile>();
  #next: string[] = [];

  constructor(
    folder: string,
    readonly store: ResultStore,
    leaseSeconds = LEASE_SECONDS,
  ) {
    this.place = join(folder, 'queue');
    this.#lease = leaseSeconds * 1000;
    for (const state of STATES) mkdirSync(join(this.place, state), { recursive: true });
  }

  async add(job: CorpusJob): Promise<boolean> {
    if (this.store.read(job.key)) return false;
    const isOf = (name: string) => name.startsWith(`${job.key}.`);
    const [failed] = names(join(this.place, 'failed')).filter(isOf);
    if (failed) rmSync(this.#path('failed', failed), { force: true });
    const waiting = this.#path('waiting', `${job.key}.0`);
    if (existsSync(waiting) || [...names(this.#path('waiting')), ...names(this.#path('active'))].some(isOf))
      return false;
    // Whole or not at all: others take what they see.
    const draft = this.#path('', `draft.${randomUUID()}`);
    writeFileSync(draft, JSON.stringify({ job }));
    renameSync(draft, waiting);
    return true;
  }

  async take(): Promise<CorpusLease | null> {
    this.#takeBackLost();
    if (this.#next.length === 0) this.#next = names(this.#path('waiting')).reverse();
    for (let name = this.#next.pop(); name !== undefined; name = this.#next.pop()) {
      const active = this.#path('active', `${name}.${randomUUID()}`);
      if (!moved(this.#path('waiting', name), active)) continue;
      touch(active);
      return this.#leaseOf(name, active);
    }
    return null;
  }

  async counts(): Promise<QueueCounts> {
    const [waiting = 0, active = 0, failed = 0] = STATES.map((state) => names(this.#path(state)).length);
    let done = 0;
    for (const _ of this.store.all()) done += 1;
    return { waiting, active, done, failed };
  }

  async *results(): AsyncGenerator<CorpusResult> {
    yield* this.store.all();
  }

  async *failures(): AsyncGenerator<CorpusFailure> {
    for (const name of names(this.#path('failed'))) {
      const { job, reason } = readJob(this.#path('failed', name));
      yield { job, reason };
    }
  }

  async close(): Promise<void> {}

  #leaseOf(name: string, active: string): CorpusLease {
    const { job } = readJob(active);
    const alive = setInterval(() => touch(active), this.#lease / 5);
    const end = (act: () => void) => async (): Promise<void> => {
      clearInterval(alive);
      act();
    };
    const away = () => rmSync(active, { force: true });
    return {
      job,
      finish: end(away),
      giveBack: end(() => void moved(active, this.#path('waiting', name))),
      fail: (reason) => end(() => this.#fail(name, active, reason))(),
    };
  }

  /** Jobs whose workers are lost wait again; after so many losses they have failed. */
  #takeBackLost(): void {
    const now = performance.now();
    const active = names(this.#path('active'));
    for (const name of this.#seen.keys()) if (!active.includes(name)) this.#seen.delete(name);
    for (const name of active) {
      const path = this.#path('active', name);
      const touched = touchedAt(path);
      const before = this.#seen.get(name);
      if (before?.touched !== touched) this.#seen.set(name, { touched, since: now });
      else if (now - before.since > this.#lease) this.#takeBack(name, path);
    }
  }

  #takeBack(name: string, path: string): void {
    const [key = '', losses] = name.split('.');
    const lost = Number(losses) + 1;
    if (lost > MAX_LOSSES) this.#fail(`${key}.0`, path, `${lost} workers were lost while they worked on it`);
    else moved(path, this.#path('waiting', `${key}.${lost}`));
  }

  #fail(name: string, active: string, reason: string): void {
    // Another was faster, or has taken the job back.
    if (!existsSync(active)) return;
    const failed: QueuedJob = { ...readJob(active), reason };
    const draft = this.#path('', `draft.${randomUUID()}`);
    writeFileSync(draft, JSON.stringify(failed));
    renameSync(draft, this.#path('failed', name));
    rmSync(active, { force: true });
  }

  #path(state: string, name = ''): string {
    return join(this.place, state, name);
  }
}

function readJob(path: string): QueuedJob {
  return queuedJob(readFileSync(path, 'utf8'), path);
}

/** Renames a file; `false` when somebody else was faster. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Taken back: this worker was thought lost. What it makes is not, for results have one place.
  }
}

/** When a file was touched, as its file system says; 0: it is gone. */
function touchedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
