import type { Source } from '../../../source/source.js';
import type { Span } from '../../../source/span.js';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const HASH = 35;
const SEMICOLON = 59;
const BACKSLASH = 92;

/** Where a continued line's text goes on in its file. */
interface Join {
  /** Offset in the rule's text. */
  readonly at: number;
  /** Offset in the file. */
  readonly offset: number;
}

/** A rule's text: one line, or several that end in a backslash, joined. */
export class RuleLine {
  readonly source: Source;
  readonly text: string;
  readonly #joins: readonly Join[];

  constructor(source: Source, text: string, joins: readonly Join[]) {
    this.source = source;
    this.text = text;
    this.#joins = joins;
  }

  /** Where the rule begins in its file. */
  get start(): number {
    return this.#joins[0]?.offset ?? 0;
  }

  /** The span in the file of a span in the rule's text. */
  inFile(span: Span): Span {
    const start = this.#offset(span.start);
    return { start, end: span.end > span.start ? Math.max(start, this.#offset(span.end - 1) + 1) : start };
  }

  #offset(at: number): number {
    let join = this.#joins[0];
    for (const next of this.#joins) {
      if (next.at > at) break;
      join = next;
    }
    return join === undefined ? at : join.offset + (at - join.at);
  }
}

/** The rules of a file, one after the other. Empty lines and comments (`#`, and `;` as Suricata has it) are passed over. */
export function* ruleLines(source: Source): Generator<RuleLine, void, undefined> {
  const { text } = source;
  let joined = '';
  let joins: Join[] = [];
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const next = end + 1;
    while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
    let first = start;
    if (joins.length === 0) {
      while (first < end && isBlank(text.charCodeAt(first))) first += 1;
      const char = text.charCodeAt(first);
      if (first === end || char === HASH || char === SEMICOLON) {
        start = next;
        continue;
      }
    }
    if (end > first && text.charCodeAt(end - 1) === BACKSLASH) {
      joins.push({ at: joined.length, offset: first });
      joined += text.slice(first, end - 1);
    } else if (joins.length === 0) {
      yield new RuleLine(source, text.slice(first, end), [{ at: 0, offset: first }]);
    } else {
      joins.push({ at: joined.length, offset: first });
      yield new RuleLine(source, joined + text.slice(first, end), joins);
      joined = '';
      joins = [];
    }
    start = next;
  }
  if (joins.length > 0) yield new RuleLine(source, joined, joins);
}

function isBlank(char: number): boolean {
  return char === SPACE || char === TAB || char === CR || char === LF || char === 11 || char === 12;
}
