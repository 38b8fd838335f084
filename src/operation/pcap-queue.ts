import { existsSync, statSync } from 'node:fs';
import type { Run } from '../engine/index.js';

/** Captures that wait; more is a mistake of who asks. */
const MOST = 100_000;

interface QueuedPcap {
  readonly filename: string;
  readonly outputDir: string;
}

/** Captures that are replayed one after the other as they are asked for, each into a directory of its own. */
export class PcapQueue {
  readonly #waiting: QueuedPcap[] = [];
  #current: { pcap: QueuedPcap; run: Run } | null = null;
  #last = 0;
  #ended = false;
  #isBusy = false;
  #work: Promise<void> = Promise.resolve();

  /** `replay` begins a run; `tell` is told how each ended. */
  constructor(
    private readonly replay: (filename: string, outputDir: string) => Run,
    private readonly tell: (filename: string, error: string | null, packets: number) => void,
  ) {}

  /** The run that goes on. */
  get run(): Run | null {
    return this.#current?.run ?? null;
  }

  /** The capture that is replayed. */
  get current(): string | null {
    return this.#current?.pcap.filename ?? null;
  }

  get waiting(): readonly string[] {
    return this.#waiting.map(({ filename }) => filename);
  }

  /** When the last capture was modified that was replayed to its end: milliseconds since 1970; 0 before there was one. */
  get lastProcessed(): number {
    return this.#last;
  }

  /** Adds a capture; why not, or `null`. */
  add(filename: string, outputDir: string): string | null {
    if (!existsSync(filename)) return 'filename does not exist';
    if (!existsSync(outputDir) || !statSync(outputDir).isDirectory()) return 'output-dir does not exist';
    if (this.#waiting.length >= MOST) return `${MOST} captures wait already`;
    this.#waiting.push({ filename, outputDir });
    if (!this.#isBusy) this.#work = this.#next();
    return null;
  }

  /** Stops the capture that is replayed; whether there was one. */
  interrupt(): boolean {
    this.#current?.run.stop();
    return this.#current !== null;
  }

  /** Forgets what waits, and ends what is replayed. */
  end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    this.interrupt();
  }

  /** Waits for the capture that is replayed. */
  async finished(): Promise<void> {
    await this.#work;
  }

  async #next(): Promise<void> {
    this.#isBusy = true;
    for (let pcap = this.#waiting.shift(); pcap !== undefined && !this.#ended; pcap = this.#waiting.shift()) {
      try {
        const run = this.replay(pcap.filename, pcap.outputDir);
        this.#current = { pcap, run };
        const summary = await run.summary();
        this.#last = statSync(pcap.filename).mtimeMs;
        this.tell(pcap.filename, summary.errors[0]?.message ?? null, summary.packets);
      } catch (error) {
        this.tell(pcap.filename, (error as Error).message, 0);
      } finally {
        this.#current = null;
      }
    }
    this.#isBusy = false;
  }
}
