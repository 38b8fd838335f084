import { harmless } from './terminal.js';

/** One line of standard error that is drawn again and again. */
export class StatusLine {
  #drawn = false;

  /** Draws text in place of what is there, cut to the terminal's width. */
  draw(text: string): void {
    process.stderr.write(`\r\x1b[K${harmless(text).slice(0, Math.max((process.stderr.columns ?? 100) - 1, 20))}`);
    this.#drawn = true;
  }

  /** Removes what is there. */
  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
  }
}
