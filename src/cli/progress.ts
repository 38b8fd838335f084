import { statSync } from 'node:fs';
import type { Progress } from '../engine/index.js';
import { count, duration, octets, type Terminal } from './terminal.js';

/** Milliseconds between two drawings; the first comes this late, so that short work shows nothing. */
const INTERVAL = 250;

/** Draws one line of progress on a terminal: how much is done, at which rate, and how long it will take. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #read: () => Progress;
  readonly #total: number;
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #started = performance.now();
  readonly #done = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;
  #file = '';

  constructor(terminal: Terminal, inputs: readonly string[], read: () => Progress) {
    this.#terminal = terminal;
    this.#read = read;
    this.#sizes = new Map(inputs.map((path) => [path, sizeOf(path)]));
    this.#total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Begins to draw, where there is somebody to see it. */
  start(): void {
    if (!this.#terminal.live) return;
    this.#timer = setInterval(() => this.#draw(), INTERVAL);
    this.#timer.unref();
  }

  /** Removes the line. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#drawn) process.stderr.write('\r\x1b[K');
  }

  #draw(): void {
    const now = this.#read();
    if (now.file !== this.#file) {
      if (this.#file !== '') this.#done.add(this.#file);
      this.#file = now.file;
    }
    const seconds = (performance.now() - this.#started) / 1000;
    const before = [...this.#done].reduce((sum, path) => sum + (this.#sizes.get(path) ?? 0), 0);
    const octetsDone = before + now.fileBytes;
    const part = this.#total > 0 ? Math.min(octetsDone / this.#total, 1) : 0;
    const left = part > 0.02 ? `, ${duration((seconds / part) * (1 - part))} left` : '';
    const percent = part > 0 ? `${Math.floor(part * 100)} %  ` : '';
    const text = `${percent}${count(now.packets)} packets, ${octets(now.bytes)}, ${count(Math.round(now.packets / seconds))} packets/s${left}  ${now.file}`;
    process.stderr.write(`\r\x1b[K${text.slice(0, Math.max((process.stderr.columns ?? 100) - 1, 20))}`);
    this.#drawn = true;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
