import type { Span } from '../../../source/span.js';
import type { HeaderNode, OptionNode, RuleNode, SyntaxProblem, Word } from './ast.js';

const SPACE = 32;
const TAB = 9;
const OPEN = 40;
const CLOSE = 41;
const COLON = 58;
const BACKSLASH = 92;
const BRACKET_OPEN = 91;
const BRACKET_CLOSE = 93;

/** A rule, or the first reason why the text is none. */
export type Parsed =
  | { readonly rule: RuleNode; readonly problem: null }
  | { readonly rule: null; readonly problem: SyntaxProblem };

/** Reads a rule. Never throws; what options say is not looked at. */
export function parseRule(text: string): Parsed {
  const scanner = new HeaderScanner(text);
  const action = scanner.word();
  const protocolWord = scanner.word();
  const source = scanner.list();
  const sourcePort = scanner.list();
  const direction = scanner.word();
  const destination = scanner.list();
  const destinationPort = scanner.list();
  const open = scanner.skipBlanks();
  const missing = firstMissing([
    [action, 'an action (`alert`)'],
    [protocolWord, 'a protocol (`tcp`)'],
    [source, 'a source address (`any`)'],
    [sourcePort, 'a source port (`any`)'],
    [direction, 'a direction (`->`)'],
    [destination, 'a destination address (`any`)'],
    [destinationPort, 'a destination port (`any`)'],
  ]);
  if (missing !== null) {
    return refuse({
      code: 'syntax/header',
      span: missing.span,
      message: `the rule header needs ${missing.what} here`,
      help: 'a rule is `action protocol address port -> address port (options)`',
    });
  }
  if (text.charCodeAt(open) !== OPEN) {
    return refuse({
      code: 'syntax/parenthesis',
      span: { start: Math.min(open, Math.max(0, text.length - 1)), end: text.length },
      message: 'the options of a rule stand in parentheses',
      help: 'write `(` after the destination port',
    });
  }
  let close = text.length;
  while (close > open && isBlank(text.charCodeAt(close - 1))) close -= 1;
  if (text.charCodeAt(close - 1) !== CLOSE || close - 1 === open) {
    return refuse({
      code: 'syntax/parenthesis',
      span: { start: Math.max(0, close - 1), end: close },
      message: 'the rule does not end with `)`',
      help: 'close the options with `)`; a rule on several lines needs a backslash at each line end',
    });
  }
  const options: OptionNode[] = [];
  const problem = readOptions(text, open + 1, close - 1, options);
  if (problem !== null) return refuse(problem);

  let protocol = protocolWord;
  let hook: Word | null = null;
  const colon = protocolWord.text.indexOf(':');
  if (colon >= 0) {
    const { start, end } = protocolWord;
    protocol = { text: protocolWord.text.slice(0, colon), start, end: start + colon };
    hook = { text: protocolWord.text.slice(colon + 1), start: start + colon + 1, end };
  }
  const header: HeaderNode = {
    action,
    protocol,
    hook,
    source,
    sourcePort,
    direction,
    destination,
    destinationPort,
  };
  return { rule: { text, header, options }, problem: null };
}

function refuse(problem: SyntaxProblem): Parsed {
  return { rule: null, problem };
}

function firstMissing(words: readonly (readonly [Word, string])[]): { span: Span; what: string } | null {
  for (const [word, what] of words) {
    if (word.text === '') return { span: { start: word.start, end: word.end }, what };
  }
  return null;
}

/** Options end at `;` unless a backslash stands before it: quotes do not protect it. */
function readOptions(text: string, from: number, to: number, options: OptionNode[]): SyntaxProblem | null {
  let at = from;
  for (;;) {
    at = skipBlanks(text, at, to);
    if (at >= to) return null;
    let semicolon = text.indexOf(';', at);
    while (semicolon > at && text.charCodeAt(semicolon - 1) === BACKSLASH) semicolon = text.indexOf(';', semicolon + 1);
    if (semicolon < 0 || semicolon >= to) {
      return {
        code: 'syntax/option',
        span: { start: at, end: to },
        message: 'this option has no `;` at its end',
        help: 'end every option with `;`, the last one too',
      };
    }
    const colon = findColon(text, at, semicolon);
    const nameEnd = trimEnd(text, at, colon < 0 ? semicolon : colon);
    if (nameEnd === at) {
      return {
        code: 'syntax/option',
        span: { start: at, end: semicolon + 1 },
        message: 'an option without a name',
        help: 'remove the extra `;` or name the option',
      };
    }
    let value: Word | null = null;
    if (colon >= 0) {
      const start = skipBlanks(text, colon + 1, semicolon);
      const end = trimEnd(text, start, semicolon);
      if (end > start) value = { text: text.slice(start, end), start, end };
    }
    options.push({
      start: at,
      end: semicolon + 1,
      name: { text: text.slice(at, nameEnd), start: at, end: nameEnd },
      value,
    });
    at = semicolon + 1;
  }
}

function findColon(text: string, from: number, to: number): number {
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) === COLON) return at;
  return -1;
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function trimEnd(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

function isBlank(char: number): boolean {
  return char === SPACE || char === TAB || (char >= 10 && char <= 13);
}

class HeaderScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipBlanks(): number {
    this.#at = skipBlanks(this.#text, this.#at, this.#text.length);
    return this.#at;
  }

  /** Up to the next blank or the options. */
  word(): Word {
    const start = this.skipBlanks();
    let at = start;
    for (; at < this.#text.length; at += 1) {
      const char = this.#text.charCodeAt(at);
      if (isBlank(char) || char === OPEN) break;
    }
    return this.#take(start, at);
  }

  /** As a word, but blanks inside brackets belong to it. */
  list(): Word {
    const start = this.skipBlanks();
    let depth = 0;
    let at = start;
    for (; at < this.#text.length; at += 1) {
      const char = this.#text.charCodeAt(at);
      if (char === BRACKET_OPEN) depth += 1;
      else if (char === BRACKET_CLOSE) depth -= 1;
      else if (char === OPEN || (depth <= 0 && isBlank(char) && at > start && this.#text[at - 1] !== '!')) break;
    }
    let end = at;
    while (end > start && isBlank(this.#text.charCodeAt(end - 1))) end -= 1;
    return this.#take(start, end);
  }

  #take(start: number, end: number): Word {
    this.#at = end;
    return { text: this.#text.slice(start, end), start, end };
  }
}
