import type { OutputCount, RunStats } from '../engine/index.js';

/** How often outputs are looked at, and how often one is spoken of at most. Milliseconds. */
const INTERVAL = 2000;
const SILENCE = 30_000;

/** What was lost of an output's lines, in words; `null` when nothing was. */
export function lossText({ output, lines, dropped, trouble }: OutputCount): string | null {
  if (dropped === 0) return null;
  return `${output}: ${dropped} of ${lines} lines were dropped${trouble === undefined ? '' : ` (${trouble})`}`;
}

/** Says while a run goes on what its outputs lose. */
export class LossWatch {
  readonly #told = new Map<string, { dropped: number; trouble: string; at: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly stats: () => RunStats | null,
    private readonly say: (message: string) => void,
  ) {
    this.#timer = setInterval(() => this.look(Date.now()), INTERVAL);
    this.#timer.unref();
  }

  /** Looks once; `now` in milliseconds. */
  look(now: number): void {
    for (const count of this.stats()?.outputs ?? []) {
      const { output, dropped, trouble = '' } = count;
      const before = this.#told.get(output) ?? { dropped: 0, trouble: '', at: Number.NEGATIVE_INFINITY };
      if ((dropped === before.dropped && trouble === before.trouble) || now - before.at < SILENCE) continue;
      this.#told.set(output, { dropped, trouble, at: now });
      this.say(lossText(count) ?? `${output}: ${trouble}`);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
