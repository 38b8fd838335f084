import type { ServerResponse } from 'node:http';

/** Pages that are told of what is new at the same time. */
const MOST_PAGES = 32;
/** Octets that wait for a page before it is given up: it comes back, and says what it has. */
const MOST_WAITING = 64 << 10;
/** Milliseconds between two signs of life: connections that say nothing are cut on their way. */
const PULSE = 15_000;

/**
 * Tells pages that there is something new, as server-sent events. The id of an event says what a page has then: one that comes
 * back with it (`Last-Event-ID`) is told at once when there is more, and not when there is not.
 */
export class LiveStream {
  readonly #pages = new Set<ServerResponse>();
  readonly #pulse: NodeJS.Timeout;
  #state: string;

  /** `state`: what there is now, in a word. */
  constructor(state: string) {
    this.#state = state;
    this.#pulse = setInterval(() => this.#send(': still here\n\n'), PULSE);
    this.#pulse.unref();
  }

  /** Takes a page in; `false` when there are too many. `last`: what it says that it has. */
  join(page: ServerResponse, last: string | undefined): boolean {
    if (this.#pages.size >= MOST_PAGES) return false;
    this.#pages.add(page);
    page.on('close', () => this.#pages.delete(page));
    page.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const isBehind = last !== undefined && last !== this.#state;
    // One that is new has what there is: it has just asked for it.
    page.write(isBehind ? news(this.#state) : `event: hello\nid: ${this.#state}\ndata:\n\n`);
    return true;
  }

  /** Tells all pages, when what there is has changed. */
  tell(state: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#send(news(state));
  }

  close(): void {
    clearInterval(this.#pulse);
    for (const page of this.#pages) page.end();
    this.#pages.clear();
  }

  #send(text: string): void {
    for (const page of this.#pages) {
      if (page.writableLength > MOST_WAITING) page.destroy();
      else page.write(text);
    }
  }
}

function news(state: string): string {
  return `id: ${state}\ndata: news\n\n`;
}
