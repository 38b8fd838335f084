import type { Span } from '../source/span.js';

/** A condition over search identifiers. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'identifier'; readonly name: string; readonly span: Span }
  | {
      readonly kind: 'quantified';
      readonly all: boolean;
      /** `null`: `them`. */
      readonly pattern: string | null;
      readonly span: Span;
    };

/** What is wrong with a condition, and where in its text. */
export class ConditionError extends Error {
  constructor(
    message: string,
    readonly span: Span,
    readonly help: string,
    readonly aggregation = false,
  ) {
    super(message);
  }
}

interface Token {
  readonly text: string;
  readonly span: Span;
}

/** Parentheses and negations inside each other. */
const MAX_DEPTH = 50;

/**
 * Parses a condition: `not` binds before `and`, `and` before `or`.
 * @throws {ConditionError}
 */
export function parseCondition(text: string): Condition {
  const tokens = tokenize(text);
  const parser = new Parser(tokens, text.length);
  const condition = parser.or(MAX_DEPTH);
  parser.end();
  return condition;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/\s+|[()]|[^\s()|]+|\|/g)) {
    const [word] = match;
    if (/^\s/.test(word)) continue;
    const span = { start: match.index, end: match.index + word.length };
    if (word === '|')
      throw new ConditionError(
        'aggregations after `|` are not part of Sigma any more',
        { start: match.index, end: text.length },
        'write a correlation: `correlation: {type: event_count, rules: [..], group-by: [..], timespan: 5m, condition: {gte: N}}`',
        true,
      );
    tokens.push({ text: word, span });
  }
  return tokens;
}

class Parser {
  #at = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly length: number,
  ) {}

  or(depth: number): Condition {
    return this.#list('or', () => this.#list('and', () => this.#not(depth)));
  }

  end(): void {
    const left = this.tokens[this.#at];
    if (left)
      throw new ConditionError(
        `\`${left.text}\` is unexpected here`,
        left.span,
        'identifiers are joined by `and` or `or`',
      );
  }

  #list(kind: 'and' | 'or', next: () => Condition): Condition {
    const of = [next()];
    while (this.#word() === kind) {
      this.#at += 1;
      of.push(next());
    }
    const [only] = of;
    return of.length === 1 && only ? only : { kind, of };
  }

  #not(depth: number): Condition {
    if (depth === 0)
      throw new ConditionError(
        `more than ${MAX_DEPTH} levels`,
        this.#span(),
        'give parts of it identifiers of their own',
      );
    if (this.#word() === 'not') {
      this.#at += 1;
      return { kind: 'not', of: this.#not(depth - 1) };
    }
    return this.#primary(depth);
  }

  #primary(depth: number): Condition {
    const token = this.tokens[this.#at];
    const word = this.#word();
    if (!token || word === 'and' || word === 'or' || word === ')')
      throw new ConditionError(
        'a search identifier is missing here',
        this.#span(),
        'write the name of a part of `detection`',
      );
    this.#at += 1;
    if (word === '(') {
      const inner = this.or(depth - 1);
      if (this.#word() !== ')')
        throw new ConditionError('a parenthesis is not closed', token.span, 'close it with `)`');
      this.#at += 1;
      return inner;
    }
    if (this.#word() !== 'of' || !/^(\d+|all|any)$/.test(word))
      return { kind: 'identifier', name: token.text, span: token.span };
    if (!/^(1|all|any)$/.test(word))
      throw new ConditionError(`\`${token.text} of\` is not possible`, token.span, 'write `1 of` or `all of`');
    this.#at += 1;
    const target = this.tokens[this.#at];
    if (!target || /^[()]$/.test(target.text))
      throw new ConditionError(
        '`of` needs identifiers',
        this.#span(),
        'write `them`, or a pattern such as `selection_*`',
      );
    this.#at += 1;
    const pattern = target.text.toLowerCase() === 'them' ? null : target.text;
    return {
      kind: 'quantified',
      all: word === 'all',
      pattern,
      span: { start: token.span.start, end: target.span.end },
    };
  }

  #word(): string {
    return this.tokens[this.#at]?.text.toLowerCase() ?? '';
  }

  #span(): Span {
    return this.tokens[this.#at]?.span ?? { start: Math.max(0, this.length - 1), end: this.length };
  }
}

/** The identifiers that a quantified part is about: `them` leaves out those that begin with an underscore. */
export function identifiersOf(pattern: string | null, names: readonly string[]): string[] {
  if (pattern === null) return names.filter((name) => !name.startsWith('_'));
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${pieces.join('.*')}$`);
  return names.filter((name) => expression.test(name));
}
