import type { Span } from '../../../source/span.js';
import type { ListNode, SyntaxProblem } from './ast.js';

/** How deep groups may be nested. */
const MAX_DEPTH = 64;

/** An address or port expression, or why it is none. Offsets count from `base`. */
export function parseList(
  text: string,
  base = 0,
): { node: ListNode; problem: null } | { node: null; problem: SyntaxProblem } {
  const parser = new ListParser(text, base);
  const node = parser.list();
  if (node !== null && parser.atEnd()) return { node, problem: null };
  return { node: null, problem: parser.problem() };
}

class ListParser {
  readonly #text: string;
  readonly #base: number;
  #at = 0;
  #problem: SyntaxProblem | null = null;

  constructor(text: string, base: number) {
    this.#text = text;
    this.#base = base;
  }

  problem(): SyntaxProblem {
    return this.#problem ?? this.#fail('something is left over after the list', 'put several values into `[a,b]`');
  }

  atEnd(): boolean {
    this.#skipBlanks();
    return this.#at >= this.#text.length;
  }

  /** An expression, or several with commas but without brackets, as Suricata takes them. */
  list(): ListNode | null {
    const first = this.expression(0);
    this.#skipBlanks();
    if (first === null || this.#text[this.#at] !== ',') return first;
    const items = [first];
    while (this.#text[this.#at] === ',') {
      this.#at += 1;
      const item = this.expression(0);
      if (item === null) return null;
      items.push(item);
      this.#skipBlanks();
    }
    return { kind: 'group', negated: false, items, ...this.#span(0, this.#at) };
  }

  expression(depth: number): ListNode | null {
    this.#skipBlanks();
    const start = this.#at;
    let negated = false;
    if (this.#text[this.#at] === '!') {
      negated = true;
      this.#at += 1;
      this.#skipBlanks();
      if (this.#text[this.#at] === '!') {
        this.#fail('`!` stands twice', 'one `!` negates');
        return null;
      }
    }
    if (this.#text[this.#at] === '[') return this.#group(start, negated, depth);
    const from = this.#at;
    while (this.#at < this.#text.length && !',[] \t'.includes(this.#text[this.#at] ?? '')) this.#at += 1;
    const text = this.#text.slice(from, this.#at);
    if (text === '') {
      this.#fail('a value is missing here', 'write `any`, a variable, a value or `[a,b]`');
      return null;
    }
    const span = this.#span(start, this.#at);
    if (text.startsWith('$')) return { kind: 'variable', negated, text: text.slice(1), ...span };
    return { kind: 'item', negated, text, ...span };
  }

  #group(start: number, negated: boolean, depth: number): ListNode | null {
    if (depth >= MAX_DEPTH) {
      this.#fail(`groups are nested more than ${MAX_DEPTH} deep`, 'write the list flat');
      return null;
    }
    this.#at += 1;
    const items: ListNode[] = [];
    for (;;) {
      const item = this.expression(depth + 1);
      if (item === null) return null;
      items.push(item);
      this.#skipBlanks();
      const char = this.#text[this.#at];
      if (char === ',') {
        this.#at += 1;
      } else if (char === ']') {
        this.#at += 1;
        return { kind: 'group', negated, items, ...this.#span(start, this.#at) };
      } else {
        this.#fail('the group is not closed', 'separate values with `,` and close the group with `]`');
        return null;
      }
    }
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1;
  }

  #span(start: number, end: number): Span {
    return { start: this.#base + start, end: this.#base + end };
  }

  #fail(message: string, help: string): SyntaxProblem {
    const end = Math.min(this.#text.length, this.#at + 1);
    const start = Math.min(this.#at, Math.max(0, this.#text.length - 1));
    this.#problem ??= { code: 'syntax/list', span: this.#span(start, Math.max(start, end)), message, help };
    return this.#problem;
  }
}
