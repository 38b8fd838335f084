import type { CaptureCount, Run } from '../engine/index.js';
import { StatusLine } from './status-line.js';
import { count, octets, style, type Terminal } from './terminal.js';

/** Milliseconds between two looks at a run. */
const INTERVAL = 1000;

/** Packets and octets at a moment. */
interface Moment {
  readonly at: number;
  readonly packets: number;
  readonly bytes: number;
}

/**
 * Tells what happens to interfaces as it happens, and draws one line of what comes and what is lost where there is a terminal to
 * draw it on.
 */
export class SensorLine {
  readonly #terminal: Terminal;
  readonly #run: Run;
  #timer: NodeJS.Timeout | undefined;
  readonly #line = new StatusLine();
  #before: Moment = { at: performance.now(), packets: 0, bytes: 0 };

  constructor(terminal: Terminal, run: Run) {
    this.#terminal = terminal;
    this.#run = run;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    this.#timer.unref();
  }

  /** Removes the line, and tells what is left to tell. */
  stop(): void {
    clearInterval(this.#timer);
    this.#tell();
  }

  #look(): void {
    this.#tell();
    if (!this.#terminal.live) return;
    const { packets, bytes, capture } = this.#run.progress();
    const now = { at: performance.now(), packets, bytes };
    const text = rateText(this.#before, now, capture);
    this.#before = now;
    this.#line.draw(text);
  }

  #tell(): void {
    this.#line.clear();
    for (const { code, message } of this.#run.notices()) {
      const time = new Date().toISOString().slice(0, 19);
      this.#terminal.err(`${time}  ${style(this.#terminal.color.err, 'yellow', message)}  [${code}]`);
    }
  }
}

/** What came between two moments, and what was lost of everything so far. */
export function rateText(before: Moment, now: Moment, capture: readonly CaptureCount[]): string {
  const seconds = Math.max((now.at - before.at) / 1000, 0.001);
  const rate = (value: number) => Math.round(value / seconds);
  const all = capture.reduce((sum, one) => sum + one.packets, 0);
  const lost = capture.reduce((sum, one) => sum + one.dropped + (one.ring === 0 ? one.interfaceDropped : 0), 0);
  const share = all > 0 ? ` (${((lost * 100) / all).toFixed(2)} %)` : '';
  const down = capture.filter((one) => !one.up && one.ring === 0).map((one) => one.interface);
  return (
    `${count(rate(now.packets - before.packets))} packets/s  ${octets(rate(now.bytes - before.bytes))}/s  ` +
    `${count(now.packets)} packets  ${count(lost)} lost${share}${down.length > 0 ? `  down: ${down.join(', ')}` : ''}`
  );
}
