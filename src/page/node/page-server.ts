import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerQuery } from '../model/answer.js';
import { conversationLines } from '../model/conversation.js';
import type { CoverageTable } from '../model/coverage.js';
import type { PageTitle, ServedHead } from '../model/document.js';
import { markOf } from '../model/marks.js';
import { parsedLine } from '../model/members.js';
import { queryOf } from '../model/query.js';
import { type PageAssets, pageAssets, pageHtml, servedPolicy } from './assets.js';
import type { EveStore } from './eve-store.js';
import type { KnownRules } from './known-rules.js';
import { LiveStream } from './live-stream.js';
import type { MarkFile } from './mark-file.js';
import { verdictOf } from './page-access.js';

/** What is served, and to whom. */
export interface PageServerParts {
  readonly about: PageTitle;
  readonly store: EveStore;
  readonly marks: MarkFile;
  readonly rules: KnownRules;
  readonly coverage: CoverageTable;
  /** What whoever asks must have; `null`: whoever is on this machine may. */
  readonly token: string | null;
  /** Told of what goes wrong behind a request. */
  readonly failed: (message: string) => void;
}

/** Milliseconds between two looks at the file. */
const LOOK = 500;
/** Octets of a mark that somebody sends. */
const MOST_SENT = 64 << 10;

/** An answer that is no success, with what is said about it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Serves the page over an EVE file that grows. */
export class PageServer {
  readonly #server: Server;
  readonly #assets: PageAssets;
  readonly #live: LiveStream;
  readonly #began = Date.now();
  readonly #look: NodeJS.Timeout;
  #marked = 0;
  #isLooking = false;

  private constructor(private readonly parts: PageServerParts) {
    this.#assets = pageAssets();
    this.#live = new LiveStream(this.#state);
    this.#server = createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, (request, response) => {
      void this.#serve(request, response);
    });
    this.#server.maxConnections = 128;
    this.#server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
    this.#look = setInterval(() => void this.#lookAgain(), LOOK);
  }

  /**
   * Begins to serve.
   * @throws {Error} when the page is not built, or the address cannot be had
   */
  static async listen(parts: PageServerParts, host: string, port: number): Promise<PageServer> {
    const server = new PageServer(parts);
    try {
      await new Promise<void>((resolve, reject) => {
        server.#server.once('error', reject);
        server.#server.listen(port, host, resolve);
      });
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** The port, where any was asked for (0). */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    this.#live.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** What there is, in a word: which server, how many events and marks. */
  get #state(): string {
    return `${this.#began}-${this.parts.store.events}-${this.#marked}`;
  }

  async #lookAgain(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.parts.store.refresh();
      this.#live.tell(this.#state);
    } catch (error) {
      this.parts.failed((error as Error).message);
    } finally {
      this.#isLooking = false;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#setHeaders(response);
    try {
      const url = urlOf(request);
      const verdict = verdictOf(request, url, this.parts.token);
      if (verdict.kind === 'refused') throw new Refusal(verdict.status, verdict.reason);
      if (verdict.kind === 'sent on') response.writeHead(303, { location: '/', 'set-cookie': verdict.cookie }).end();
      else await this.#answer(request, response, url);
    } catch (error) {
      const isKnown = error instanceof Refusal;
      if (!isKnown) this.parts.failed((error as Error).message);
      if (response.headersSent) response.destroy();
      else
        sendText(
          response,
          isKnown ? error.status : 500,
          isKnown ? error.message : 'this did not work; its server says why',
        );
    }
  }

  #setHeaders(response: ServerResponse): void {
    response.setHeader('content-security-policy', servedPolicy(this.#assets));
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cache-control', 'no-store');
  }

  async #answer(request: IncomingMessage, response: ServerResponse, { pathname, searchParams }: URL): Promise<void> {
    const { about, store, marks, rules, coverage } = this.parts;
    if (request.method === 'POST' && pathname === '/api/marks') {
      await this.#mark(request);
      sendJson(response, {});
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'this is only read');
    switch (pathname) {
      case '/':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.end(pageHtml(this.#assets, { title: `sidewire: ${about.title}` }));
        return;
      case '/favicon.ico':
        response.writeHead(204).end();
        return;
      case '/live':
        if (!this.#live.join(response, headerText(request, 'last-event-id')))
          throw new Refusal(503, 'too many pages are open');
        return;
      case '/api/head':
        return sendJson(response, {
          about,
          coverage,
          left: store.forgotten,
        } satisfies ServedHead);
      case '/api/overview':
        return sendJson(response, store.overview);
      case '/api/events':
        return sendJson(response, await answerQuery(store.segments, queryOf(searchParams), beforeOf(searchParams)));
      case '/api/conversation': {
        const [one, other] = [searchParams.get('one') ?? '', searchParams.get('other') ?? ''];
        return sendJson(response, await conversationLines(store.segments, one, other));
      }
      case '/api/rule':
        return sendJson(response, rules.text(Number(searchParams.get('gid')), Number(searchParams.get('sid'))));
      case '/api/marks':
        return sendJson(response, await marks.read());
      default:
        throw new Refusal(404, 'there is nothing here');
    }
  }

  async #mark(request: IncomingMessage): Promise<void> {
    if (!/^application\/json\b/.test(headerText(request, 'content-type') ?? ''))
      throw new Refusal(415, 'marks are JSON');
    const mark = markOf({ ...parsedLine(await bodyOf(request)), made: new Date().toISOString() });
    if (mark === null) throw new Refusal(400, 'this is no mark');
    await this.parts.marks.add(mark);
    this.#marked += 1;
    this.#live.tell(this.#state);
  }
}

function urlOf({ url = '/' }: IncomingMessage): URL {
  if (!url.startsWith('/') || !URL.canParse(url, 'http://localhost')) throw new Refusal(400, 'this is no address');
  return new URL(url, 'http://localhost');
}

function beforeOf(parameters: URLSearchParams): number | undefined {
  const text = parameters.get('before');
  return text !== null && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

function headerText({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    octets += part.length;
    if (octets > MOST_SENT) throw new Refusal(413, 'this is too long for a mark');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
