import type { OpenedReport } from '../generated/live.js';
import type { Notice, Progress, RunStats, Summary } from '../generated/run.js';
import { EngineError, fromNative } from './error.js';
import { type EveEvent, parseLines } from './events.js';
import type { NativeRun } from './native.js';
import type { Ruleset } from './ruleset.js';

/**
 * A run: captures going through the engine on native threads. Iterate it for its events; leaving the loop, an abort or
 * disposal stops and joins the threads. A run is iterated once.
 */
export class Run implements AsyncIterable<EveEvent>, AsyncDisposable {
  readonly #native: NativeRun;
  readonly #subscribed: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.stop();
  /** Resolves when the iteration is over; absent when there was none. */
  #taken: Promise<void> | undefined;
  #summary: Promise<Summary> | undefined;

  /** Runs are made by {@link Engine.replay} and {@link Engine.listen}. */
  constructor(
    native: NativeRun,
    subscribed: boolean,
    signal: AbortSignal | undefined,
    /** The interfaces it follows; none for captures. */
    readonly interfaces: readonly OpenedReport[] = [],
  ) {
    this.#native = native;
    this.#subscribed = subscribed;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.stop();
  }

  /**
   * The events, in packet order. A slow reader holds the engine back; nothing is lost.
   * @throws {EngineError} as {@link batches}
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<EveEvent, void, undefined> {
    for await (const batch of this.batches()) yield* parseLines(batch);
  }

  /**
   * The events as the engine writes them: buffers of EVE lines, each line ended. For those who pass them on.
   * @throws {EngineError} `run/aborted` when the signal stopped the run; after the last event, why an input could not be read
   * at all (`capture/no-capture`) or the run ended early. A capture that is damaged further on ends like any other: what is
   * wrong with it is an `engine` event and stands in the summary's `errors`
   */
  async *batches(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#taken) throw new EngineError('engine/internal', 'A run can be iterated once; start another.');
    let release = (): void => {};
    this.#taken = new Promise((resolve) => {
      release = resolve;
    });
    let ended = false;
    try {
      while (!ended) {
        const batch = await this.#next();
        if (batch === null) ended = true;
        else if (!this.#signal?.aborted) yield batch;
      }
      this.#throwIfAborted();
    } finally {
      if (!ended) this.stop();
      release();
      await this.#finish();
    }
    refuseUnread(await this.#finish());
  }

  /**
   * Waits for the end and says what was done, and in `errors` what went wrong. Without an iteration the events are dropped;
   * during one, this waits for it.
   * @throws {EngineError} `run/aborted` when the signal stopped the run
   */
  async summary(): Promise<Summary> {
    const summary = await this.#finish();
    this.#throwIfAborted();
    return summary;
  }

  /** Puts another rule set in place, between two packets. Flowbits and thresholds survive. */
  swap(rules: Ruleset): void {
    this.#native.swap(rules.native(), JSON.stringify(rules.counts));
  }

  /** The counters as they last stood: at most a second old while packets come. */
  stats(): RunStats {
    return JSON.parse(this.#native.stats()) as RunStats;
  }

  /** How far the run has come. */
  progress(): Progress {
    return JSON.parse(this.#native.progress()) as Progress;
  }

  /** What happened to interfaces since this was last asked: down, up, gone, packets lost. */
  notices(): Notice[] {
    return JSON.parse(this.#native.notices()) as Notice[];
  }

  /** Has outputs begin again under their names: files that were moved away are made anew, sockets connected again. */
  reopenOutputs(): void {
    this.#native.reopen();
  }

  /** Asks the run to stop. What was read is finished and counted. */
  stop(): void {
    this.#native.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#finish();
  }

  async #next(): Promise<Buffer | null> {
    try {
      return await this.#native.next();
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * The native threads end only once nothing waits in the queue to the subscriber. And `finished` is asked for only after
   * the queue's end: both wait on a thread of libuv's small pool, and many waiting runs must not starve each other.
   */
  #finish(): Promise<Summary> {
    this.#summary ??= this.#join();
    return this.#summary;
  }

  async #join(): Promise<Summary> {
    try {
      await this.#taken;
      if (this.#subscribed) while ((await this.#native.next()) !== null);
      return JSON.parse(await this.#native.finished()) as Summary;
    } catch (error) {
      throw fromNative(error);
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  #throwIfAborted(): void {
    if (this.#signal?.aborted)
      throw new EngineError('run/aborted', 'The run was stopped by its signal.', { cause: this.#signal.reason });
  }
}

/** What of a run's errors ended it, or an input of it, before anything was read. */
const UNREAD = /^(?:capture|output)\/|^engine\/internal$/;

/** A loop that ends says that everything was looked at. */
function refuseUnread({ errors }: Summary): void {
  const error = errors.find(({ code, partial }) => !partial && UNREAD.test(code));
  if (error) throw new EngineError(error.code, error.message);
}
