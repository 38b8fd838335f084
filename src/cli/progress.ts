import { statSync } from 'node:fs';
import type { Progress } from '../engine/index.js';
import { StatusLine } from './status-line.js';
import { count, duration, octets, type Terminal } from './terminal.js';

/** Milliseconds between two drawings; the first comes this late, so that short work shows nothing. */
const INTERVAL = 250;

/** Draws one line of progress, where there is a terminal to draw it on. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #text: () => string;
  readonly #line = new StatusLine();
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, text: () => string) {
    this.#terminal = terminal;
    this.#text = text;
  }

  /** Begins to draw, where there is somebody to see it. */
  start(): void {
    if (!this.#terminal.live) return;
    this.#timer = setInterval(() => this.#line.draw(this.#text()), INTERVAL);
    this.#timer.unref();
  }

  /** Removes the line. */
  stop(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }
}

/** How far a replay of captures is: how much is done, at which rate, and how long it will take. */
export function replayText(inputs: readonly string[], read: () => Progress): () => string {
  const sizes = new Map(inputs.map((path) => [path, sizeOf(path)]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const started = performance.now();
  const done = new Set<string>();
  let file = '';
  return () => {
    const now = read();
    if (now.file !== file) {
      if (file !== '') done.add(file);
      file = now.file;
    }
    const seconds = (performance.now() - started) / 1000;
    const before = [...done].reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
    const part = total > 0 ? Math.min((before + now.fileBytes) / total, 1) : 0;
    const left = part > 0.02 ? `, ${duration((seconds / part) * (1 - part))} left` : '';
    const percent = part > 0 ? `${Math.floor(part * 100)} %  ` : '';
    const rate = `${count(Math.round(now.packets / seconds))} packets/s`;
    return `${percent}${count(now.packets)} packets, ${octets(now.bytes)}, ${rate}${left}  ${now.file}`;
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
