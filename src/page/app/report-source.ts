import { answerQuery, type EventPage, type EventSegment } from '../model/answer.js';
import { EventColumns } from '../model/columns.js';
import { type ConversationLines, conversationLines } from '../model/conversation.js';
import type { ReportHead } from '../model/document.js';
import { factsOf } from '../model/event-facts.js';
import type { PageMark } from '../model/marks.js';
import { parsedLine } from '../model/members.js';
import type { PageOverview } from '../model/overview.js';
import type { EventQuery } from '../model/query.js';
import type { RuleText } from '../model/rule-text.js';
import type { PageSource } from './page-source.js';

/** Octets of base64 that are decoded at once; a multiple of four. */
const PIECE = 1 << 20;

/** The data that lies inside the page: gzip, as base64. */
export class ReportSource implements PageSource {
  readonly keepsMarks = false;
  readonly #head: ReportHead;
  readonly #segments: readonly EventSegment[];
  readonly #marks: PageMark[] = [];

  private constructor(head: ReportHead, lines: readonly string[]) {
    this.#head = head;
    const columns = new EventColumns();
    const whole: string[] = [];
    for (const line of lines) {
      const event = parsedLine(line);
      if (event === null) continue;
      columns.add(factsOf(event), 0, line.length);
      whole.push(line);
    }
    this.#segments = [{ columns, first: 0, lines: async (rows) => rows.map((row) => whole[row] ?? '') }];
  }

  /** Unpacks the data. */
  static async open(base64: string): Promise<ReportSource> {
    const [head = '{}', ...lines] = (await unpacked(base64)).split('\n');
    const parsed: unknown = JSON.parse(head);
    // What follows the head is of the wire; the head itself is of the program that wrote this page.
    return new ReportSource(parsed as ReportHead, lines);
  }

  get about() {
    return this.#head.about;
  }

  get coverage() {
    return this.#head.coverage;
  }

  get left(): number {
    return this.#head.overview.events - this.#head.kept;
  }

  async overview(): Promise<PageOverview> {
    return this.#head.overview;
  }

  events(query: EventQuery, before?: number): Promise<EventPage> {
    return answerQuery(this.#segments, query, before);
  }

  conversation(one: string, other: string): Promise<ConversationLines> {
    return conversationLines(this.#segments, one, other);
  }

  async rule(gid: number, sid: number): Promise<RuleText | null> {
    return this.#head.rules.find((rule) => rule.gid === gid && rule.sid === sid) ?? null;
  }

  async marks(): Promise<readonly PageMark[]> {
    return this.#marks;
  }

  async mark(mark: Omit<PageMark, 'made'>): Promise<void> {
    this.#marks.push({ ...mark, made: new Date().toISOString() });
  }

  listen(): void {
    // A file does not change.
  }
}

async function unpacked(base64: string): Promise<string> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < base64.length; at += PIECE) {
    const text = atob(base64.slice(at, at + PIECE));
    const piece = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) piece[index] = text.charCodeAt(index);
    pieces.push(piece);
  }
  return new Response(new Blob(pieces).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}
