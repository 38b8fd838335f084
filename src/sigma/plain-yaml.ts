// Most rules are written in a small part of YAML: maps and lists by indentation, values on one line. Reading that part alone takes
// a tenth of the time of a whole YAML parser, which is what a start with thousands of rules is made of. Whatever is not surely of
// that part is left to the parser: `null`. test/sigma/yaml.test.ts holds the two together.
import { type Entry, type MapValue, nothing, type ScalarValue, type Value } from './values.js';

/** Nothing but white space, or a comment. */
const BLANK = /^\s*(?:#.*)?$/;
/** Begins of values that are more than plain text. */
const SPECIAL = /^[&*!|>%@`[\]{},?]|^[-?:](?:\s|$)/;
const KEY = /^(?:'((?:[^']|'')*)'|([^\s'"#&*!|>%@`[\]{},?:-][^'"#{}[\]]*?|'\|[a-z]+')):(?=\s|$)/;
const INTEGER = /^[-+]?\d+$/;
/** What YAML's core schema takes for something else than text. */
const TYPED =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(?:0[ox][\da-fA-F]+|\.?\d[\d.eE+-]*|\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)$/;
/** Members of a rule that are for people: they are passed over. */
const UNREAD = new Set([
  'description',
  'references',
  'falsepositives',
  'date',
  'modified',
  'related',
  'simulation',
  'regression_tests_path',
  'license',
]);
/** Values inside each other. */
const MAX_DEPTH = 16;

/** A line with something on it. */
interface Line {
  /** Offset of its first character that is no blank, and of its end. */
  readonly start: number;
  readonly end: number;
  readonly indent: number;
}

/** Not of the part that is read here. */
class NotPlain extends Error {}
const NOT_PLAIN = new NotPlain();

/** The documents of a text, each a map; `null` when the whole parser is to read it. */
export function readPlain(text: string): MapValue[] | null {
  try {
    return documents(text).map((lines) => new PlainReader(text, lines).document());
  } catch (error) {
    if (error === NOT_PLAIN) return null;
    throw error;
  }
}

function documents(text: string): Line[][] {
  if (/[^\P{Cc}\n]|[\ufeff\u2028\u2029]/u.test(text.replaceAll('\r\n', '\n\n'))) throw NOT_PLAIN;
  const found: Line[][] = [];
  let lines: Line[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\n', at);
    let end = next < 0 ? text.length : next;
    const after = next < 0 ? text.length : next + 1;
    if (text[end - 1] === '\r') end -= 1;
    let start = at;
    while (start < end && text[start] === ' ') start += 1;
    if (start === at && text.startsWith('---', at)) {
      if (end !== at + 3) throw NOT_PLAIN;
      if (lines.length > 0) found.push(lines);
      lines = [];
    } else if (start === at && (text.startsWith('...', at) || text[at] === '%')) throw NOT_PLAIN;
    else if (start < end) lines.push({ start, end, indent: start - at });
    at = after;
  }
  if (lines.length > 0) found.push(lines);
  return found.filter((one) => one.some(({ start }) => text[start] !== '#'));
}

class PlainReader {
  #at = 0;

  constructor(
    readonly text: string,
    readonly lines: readonly Line[],
  ) {}

  document(): MapValue {
    const first = this.#peek();
    if (first?.indent !== 0 || this.#isItem(first)) throw NOT_PLAIN;
    const map = this.#map(0, first.start, MAX_DEPTH, true);
    if (this.#peek()) throw NOT_PLAIN;
    return map;
  }

  /** The next line that is no comment. */
  #peek(): Line | undefined {
    let line = this.lines[this.#at];
    while (line && this.text[line.start] === '#') {
      this.#at += 1;
      line = this.lines[this.#at];
    }
    return line;
  }

  #isItem({ start, end }: Line): boolean {
    return this.text[start] === '-' && (start + 1 === end || this.text[start + 1] === ' ');
  }

  /** A block that is indented more than what it belongs to. */
  #block(line: Line, depth: number): Value {
    if (depth === 0) throw NOT_PLAIN;
    return this.#isItem(line) ? this.#list(line.indent, depth) : this.#map(line.indent, line.start, depth, false);
  }

  #list(indent: number, depth: number): Value {
    const items: Value[] = [];
    const start = this.#peek()?.start ?? 0;
    let end = start;
    for (let line = this.#peek(); line && line.indent === indent && this.#isItem(line); line = this.#peek()) {
      const inside = line.start + 1 + (this.text.slice(line.start + 1, line.end).match(/^ */)?.[0].length ?? 0);
      const rest = this.text.slice(inside, line.end);
      let item: Value;
      if (BLANK.test(rest)) {
        this.#at += 1;
        const next = this.#peek();
        item =
          next && next.indent > indent
            ? this.#block(next, depth - 1)
            : nothing({ start: line.start, end: line.start + 1 });
      } else if (KEY.test(rest)) item = this.#map(inside - line.start + indent, inside, depth - 1, false);
      else {
        this.#at += 1;
        item = this.#scalar(inside, line.end, indent);
      }
      items.push(item);
      end = item.span.end;
    }
    return { kind: 'list', span: { start, end }, items };
  }

  /** A map whose first key stands at `first`, perhaps behind the dash of an item. */
  #map(indent: number, first: number, depth: number, top: boolean): MapValue {
    if (depth === 0) throw NOT_PLAIN;
    const entries: Entry[] = [];
    const names = new Set<string>();
    let end = first;
    let start = first;
    for (let line = this.#peek(); line; line = this.#peek()) {
      if (entries.length > 0) {
        if (line.indent < indent || (line.indent === indent && this.#isItem(line))) break;
        if (line.indent !== indent) throw NOT_PLAIN;
        start = line.start;
      }
      const match = KEY.exec(this.text.slice(start, line.end));
      if (!match) throw NOT_PLAIN;
      const key = match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll("''", "'");
      if (names.has(key) || /\s(?:#|$)/.test(key) || TYPED.test(key)) throw NOT_PLAIN;
      names.add(key);
      const keySpan = { start, end: start + match[0].length - 1 };
      this.#at += 1;
      const value =
        top && UNREAD.has(key)
          ? this.#skip(indent, keySpan)
          : this.#value(keySpan.end + 1, line.end, indent, keySpan, depth);
      entries.push({ key, keySpan, value });
      end = value.span.end;
    }
    return { kind: 'map', span: { start: first, end }, entries };
  }

  /** Passes over a value that nobody reads. */
  #skip(indent: number, span: { readonly start: number; readonly end: number }): Value {
    for (let line = this.lines[this.#at]; line; line = this.lines[this.#at]) {
      if (line.indent < indent || (line.indent === indent && !this.#isItem(line) && this.text[line.start] !== '#'))
        break;
      this.#at += 1;
    }
    return nothing(span);
  }

  #value(from: number, end: number, indent: number, keySpan: Entry['keySpan'], depth: number): Value {
    let start = from;
    while (start < end && this.text[start] === ' ') start += 1;
    if (!BLANK.test(this.text.slice(start, end))) return this.#scalar(start, end, indent);
    const next = this.#peek();
    const isInside = next && (next.indent > indent || (next.indent === indent && this.#isItem(next)));
    return isInside ? this.#block(next, depth - 1) : nothing(keySpan);
  }

  /** A value on one line. What goes on in the next is not read here. */
  #scalar(start: number, end: number, indent: number): ScalarValue {
    const next = this.#peek();
    if (next && next.indent > indent) throw NOT_PLAIN;
    const rest = this.text.slice(start, end);
    const quoted = /^'((?:[^']|'')*)'(?=\s|$)/.exec(rest) ?? /^"([^"\\]*)"(?=\s|$)/.exec(rest);
    if (quoted) {
      const [whole, inside = ''] = quoted;
      if (!BLANK.test(rest.slice(whole.length)) || /\S#/.test(rest.slice(whole.length))) throw NOT_PLAIN;
      const text = whole.startsWith("'") ? inside.replaceAll("''", "'") : inside;
      return { kind: 'scalar', span: { start, end: start + whole.length }, value: text, text };
    }
    if (/^['"]/.test(rest) || SPECIAL.test(rest)) throw NOT_PLAIN;
    const text = rest.replace(/\s+#.*$/, '').trimEnd();
    if (text === '' || text.includes(': ') || text.endsWith(':')) throw NOT_PLAIN;
    return { kind: 'scalar', span: { start, end: start + text.length }, ...typed(text) };
  }
}

/** A plain text by YAML's core schema. */
function typed(text: string): { readonly value: ScalarValue['value']; readonly text: string } {
  if (!TYPED.test(text)) return { value: text, text };
  if (/^(?:~|null|Null|NULL)$/.test(text)) return { value: null, text: '' };
  if (/^[tT]/.test(text)) return { value: true, text: 'true' };
  if (/^[fF]/.test(text)) return { value: false, text: 'false' };
  const number = Number(text);
  if (!INTEGER.test(text) || !Number.isSafeInteger(number)) throw NOT_PLAIN;
  return { value: number, text: String(number) };
}
