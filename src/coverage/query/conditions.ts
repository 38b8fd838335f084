import { plainOperator, type RowOperator, type WrittenRow } from '../row.js';
import { type FunctionSense, type OperatorSense, type QueryDialect, TRANSPARENT } from './dialects.js';
import { type QueryToken, queryTokens } from './tokens.js';

/** Parentheses inside each other. */
const MAX_DEPTH = 64;

/** Macros inside each other. */
const MAX_MACROS = 4;

/** What a reader of conditions is given beside the tokens. */
export interface ConditionContext {
  readonly query: string;
  readonly dialect: QueryDialect;
  /** Lists of values that a query names (`let names = dynamic([..])`). */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** What a macro of a query stands for; `null` when that is not known. */
  readonly macro: (name: string) => string | null;
  /** Says what cannot be read. */
  readonly say: (token: QueryToken, message: string) => void;
}

/** Reads conditions out of tokens: comparisons joined by `and`, `or`, `not` and parentheses. */
export class ConditionReader {
  readonly rows: WrittenRow[] = [];
  #at = 0;
  #depth = 0;

  constructor(
    readonly tokens: readonly QueryToken[],
    readonly context: ConditionContext,
    readonly macros = 0,
  ) {}

  /** Reads from a token on, to one that ends conditions; where that is. `negated`: none of it must be so. */
  read(from: number, negated = false): number {
    this.#at = from;
    this.#or(negated);
    return this.#at;
  }

  #or(negated: boolean): void {
    do this.#and(negated);
    while (this.#take('or', '||'));
  }

  #and(negated: boolean): void {
    for (;;) {
      this.#unary(negated);
      if (this.#take('and', '&&')) continue;
      const next = this.#peek();
      if (!next || this.#isEnd(next) || this.#is(next, 'or', '||')) return;
      if (!this.context.dialect.loose) this.#pass('this is not read');
      if (this.#take('and', '&&')) continue;
      const behind = this.#peek();
      if (!behind || this.#isEnd(behind) || this.#is(behind, 'or', '||')) return;
    }
  }

  #unary(negated: boolean): void {
    let sign = negated;
    for (;;) {
      if (this.#take('not', '!', '-')) sign = !sign;
      else if (!this.#take('+')) break;
    }
    this.#primary(sign);
  }

  #primary(negated: boolean): void {
    const token = this.#peek();
    if (!token || this.#isEnd(token)) return;
    if (token.text === '(' && token.kind === 'mark') {
      this.#group(() => this.#or(negated));
      return;
    }
    if (token.kind === 'macro') {
      this.#at += 1;
      this.#macro(token, negated);
      return;
    }
    if (token.kind === 'mark') {
      this.#pass(token.text === '[' || token.text === '{' ? 'what stands in brackets is not read' : 'this is not read');
      return;
    }
    this.#at += 1;
    const field = this.#function(token, negated);
    if (field === 'done') return;
    this.#comparison(this.#member(field ?? token.text), token, negated);
  }

  /** A member of a field: `a["b"].c` is `a.b.c`. */
  #member(field: string): string {
    let name = field;
    for (let open = this.#peek(); open && !this.context.dialect.loose; open = this.#peek()) {
      const isClose = open.start === this.tokens[this.#at - 1]?.end && open.kind === 'mark';
      if (isClose && open.text === '[')
        name += `.${this.#arguments()
          .map(({ text }) => text)
          .join('.')}`;
      else if (isClose && open.text === '.') {
        name += `.${this.#peek(1)?.text ?? ''}`;
        this.#at += 2;
      } else break;
    }
    return name;
  }

  /** A macro: the conditions that it stands for; itself, where these are not known. */
  #macro(token: QueryToken, negated: boolean): void {
    const query = this.macros < MAX_MACROS ? this.context.macro(token.text) : null;
    if (query === null) {
      this.rows.push({ written: 'macro', operator: 'eq', value: token.text, negated });
      return;
    }
    const tokens = queryTokens(query, this.context.dialect.lexicon);
    const say = (_: QueryToken, message: string) => this.context.say(token, `in the macro: ${message}`);
    const inner = new ConditionReader(tokens, { ...this.context, query, say }, this.macros + 1);
    inner.read(0, negated);
    this.rows.push(...inner.rows);
  }

  /** A function: one that is a condition is read whole, of others the field that they are about comes back. */
  #function(token: QueryToken, negated: boolean): string | 'done' | null {
    const open = this.#peek();
    const name = token.text.toLowerCase();
    const isCall = token.kind === 'word' && open?.text === '(' && open.kind === 'mark' && open.start === token.end;
    const sense = this.context.dialect.functions[name];
    if (!isCall || (!sense && this.context.dialect.operators[name])) return null;
    const from = this.#at;
    const args = this.#arguments();
    if (sense) {
      this.#predicate(sense, args, negated);
      return 'done';
    }
    const next = this.#peek();
    const [first] = args;
    // `tostring(parse_json(a).b)`: not a field in another form.
    const isPlain = !this.tokens.slice(from + 1, this.#at).some(({ kind, text }) => kind === 'mark' && text === '(');
    if (TRANSPARENT.has(name) && first && isPlain) return first.text;
    if (!next || this.#isEnd(next) || this.#is(next, 'and', 'or', '&&', '||')) {
      this.context.say(token, `the function \`${token.text}\` is not read`);
      return 'done';
    }
    return this.context.query.slice(token.start, this.tokens[this.#at - 1]?.end ?? this.tokens[from]?.end);
  }

  #predicate(sense: FunctionSense, args: readonly QueryToken[], negated: boolean): void {
    const field = sense.fieldLast ? args.at(-1) : args[0];
    const values = sense.fieldLast ? args.slice(0, -1) : args.slice(1);
    if (!field) return;
    if (values.length === 0) this.#row(field.text, sense, null, negated);
    for (const value of values) this.#value(field.text, sense, value, negated);
  }

  /** The words and texts between parentheses. */
  #arguments(): QueryToken[] {
    const found: QueryToken[] = [];
    let depth = 0;
    for (let token = this.#peek(); token; token = this.#peek()) {
      this.#at += 1;
      if (token.kind === 'mark' && /^[([{]$/.test(token.text)) depth += 1;
      else if (token.kind === 'mark' && /^[)\]}]$/.test(token.text)) depth -= 1;
      else if (token.kind !== 'mark') found.push(token);
      if (depth === 0) break;
    }
    return found;
  }

  #comparison(field: string, token: QueryToken, negated: boolean): void {
    const sense = this.#operator();
    if (sense === null) {
      if (this.context.dialect.loose) this.#alone(token, negated);
      else if (!/^(?:true|false)$/i.test(token.text) && token.kind === 'word')
        this.rows.push({ written: field, operator: 'eq', value: 'true', negated });
      return;
    }
    const value = this.#peek();
    if (field === '_exists_' && value?.kind === 'word') {
      this.#at += 1;
      this.rows.push({ written: value.text, operator: 'exists', value: '', negated });
    } else this.#values(field, sense, negated);
  }

  /** A word without a field: searched for anywhere. */
  #alone({ text }: QueryToken, negated: boolean): void {
    if (text === '*') return;
    this.rows.push({ written: 'keywords', ...plainOperator(text, 'contains'), negated });
  }

  #operator(): OperatorSense | null {
    const token = this.#peek();
    if (!token || token.kind === 'text') return null;
    const word = token.text.toLowerCase();
    const next = this.#peek(1)?.text.toLowerCase() ?? '';
    const { operators } = this.context.dialect;
    if (word === 'is' && /^(?:not|null)$/.test(next)) {
      this.#at += next === 'not' ? 3 : 2;
      return { operator: 'is_null', negated: next === 'not' };
    }
    if (word === 'between') {
      this.#at += 1;
      return { operator: 'ge' };
    }
    if (operators[`${word} ${next}`]) {
      this.#at += 2;
      return operators[`${word} ${next}`] ?? null;
    }
    if (word === 'not' && operators[next]) {
      this.#at += 2;
      return { ...operators[next], operator: operators[next].operator, negated: !operators[next].negated };
    }
    const sense = operators[word] ?? null;
    if (sense) this.#at += 1;
    return sense;
  }

  #values(field: string, sense: OperatorSense, negated: boolean): void {
    const token = this.#peek();
    if (sense.operator === 'is_null') this.#row(field, sense, null, negated);
    else if (!token || this.#isEnd(token)) return;
    else if (token.kind === 'mark' && token.text === '(') this.#group(() => this.#list(field, sense, negated));
    else if (token.kind === 'mark' && /^[[{]$/.test(token.text)) this.#range(field, negated);
    else this.#single(field, sense, negated);
  }

  /** Values in parentheses: by commas, or joined by `or`, `and` and `not`. */
  #list(field: string, sense: OperatorSense, negated: boolean): void {
    let sign = negated;
    const before = this.rows.length;
    for (let token = this.#peek(); token && !this.#closes(token); token = this.#peek()) {
      if (token.kind === 'mark' && token.text === '|') {
        this.context.say(token, 'a list that is a query is not read');
        this.rows.length = before;
        this.#skipGroup();
        return;
      }
      if (this.#is(token, 'not')) {
        this.#at += 1;
        sign = !negated;
        continue;
      }
      if (token.kind === 'mark' && token.text === '(') this.#group(() => this.#list(field, sense, sign));
      else if (token.kind === 'mark') {
        // `between (a .. b)`
        if (token.text === '..') sense = { operator: 'le' };
        this.#at += 1;
        continue;
      } else if (this.#is(token, 'and', 'or')) {
        this.#at += 1;
        continue;
      } else if (this.#isName(token)) {
        this.context.say(token, `the list \`${token.text}\` is not read`);
        this.#at += 1;
      } else this.#single(field, sense, sign);
      sign = negated;
    }
  }

  /** A name where values stand in quotes: of a list that is made elsewhere. */
  #isName({ kind, text, end }: QueryToken): boolean {
    const { loose } = this.context.dialect;
    if (loose || kind !== 'word' || !/^[A-Za-z_]/.test(text) || /^(?:true|false|null)$/i.test(text)) return false;
    const next = this.#peek(1);
    return !this.context.lists.has(text) && !(next?.text === '(' && next.start === end) && next?.text !== '|';
  }

  /** `[1 TO 5]` of Lucene. */
  #range(field: string, negated: boolean): void {
    const open = this.#peek();
    const [low, to, high] = this.#arguments();
    if (to?.text !== 'TO') {
      if (open) this.context.say(open, 'what stands in brackets is not read');
      return;
    }
    for (const [operator, bound] of [['ge', low] as const, ['le', high] as const])
      if (bound && bound.text !== '*') this.rows.push({ written: field, operator, value: bound.text, negated });
  }

  #single(field: string, sense: OperatorSense, negated: boolean): void {
    const token = this.#peek();
    if (!token) return;
    if (token.kind === 'mark') {
      this.#pass('this is no value');
      return;
    }
    this.#at += 1;
    const open = this.#peek();
    const isCall = token.kind === 'word' && open?.text === '(' && open.start === token.end;
    if (isCall && !this.context.dialect.loose) {
      const args = this.#arguments();
      if (/^(?:dynamic|pack_array|lower|upper|to_?lower|to_?upper)$/i.test(token.text))
        for (const one of args) this.#value(field, sense, one, negated);
      else this.#computed(field, sense, token, negated);
      return;
    }
    const list = token.kind === 'word' ? this.context.lists.get(token.text) : undefined;
    if (list) for (const value of list) this.#row(field, sense, value, negated);
    else if (this.#isComputed()) this.#computed(field, sense, token, negated);
    else this.#value(field, sense, token, negated);
  }

  /** Whether a value goes on: `now() - 7 days`. */
  #isComputed(): boolean {
    const next = this.#peek();
    return !this.context.dialect.loose && next?.kind === 'mark' && /^[-+*/%]$/.test(next.text);
  }

  /** A value that is computed, as it is written. */
  #computed(field: string, sense: OperatorSense, token: QueryToken, negated: boolean): void {
    while (this.#isComputed()) {
      this.#at += 2;
      if (this.#peek()?.text === '(') this.#arguments();
      if (/^(?:year|month|week|day|hour|minute|second)s?$/i.test(this.#peek()?.text ?? '')) this.#at += 1;
    }
    const end = this.tokens[Math.min(this.#at, this.tokens.length) - 1]?.end ?? token.end;
    this.#row(field, { ...sense, wildcard: undefined }, this.context.query.slice(token.start, end), negated);
  }

  #value(field: string, sense: OperatorSense, token: QueryToken, negated: boolean): void {
    const isRegex = sense.operator === 'regex_match';
    if (token.kind === 'word' && token.text.toLowerCase() === 'null') {
      this.#row(field, { operator: 'is_null', negated: sense.operator === 'ne' }, null, negated);
      return;
    }
    if (token.kind === 'text' && this.context.query[token.start] === '/')
      this.#row(field, { operator: 'regex_match' }, token.raw, negated);
    else this.#row(field, sense, isRegex ? token.raw : token.text, negated);
  }

  #row(written: string, sense: OperatorSense, value: string | null, negated: boolean): void {
    const sign = sense.negated ? !negated : negated;
    if (value === null) {
      // What is not null is there.
      const isThere = sense.operator === 'is_null' && sense.negated === true;
      this.rows.push(
        isThere
          ? { written, operator: 'exists', value: '', negated }
          : { written, operator: sense.operator, value: '', negated: sign },
      );
      return;
    }
    if (sense.wildcard === undefined) {
      this.rows.push({ written, operator: sense.operator, value, negated: sign });
      return;
    }
    const whole: RowOperator = sense.operator === 'ne' ? 'eq' : sense.operator;
    const plain = plainOperator(sense.wildcard === '%' ? value.replaceAll('%', '*') : value, whole);
    // `!=` with wildcards says what a pattern must not be.
    const isOther = sense.operator === 'ne';
    if (isOther && plain.operator === 'eq') this.rows.push({ written, operator: 'ne', value, negated: sign });
    else this.rows.push({ written, ...plain, negated: isOther ? !sign : sign });
  }

  #group(inside: () => void): void {
    const open = this.#peek();
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      if (open) this.context.say(open, `more than ${MAX_DEPTH} levels are not read`);
      this.#skipGroup();
    } else inside();
    this.#depth -= 1;
    const close = this.#peek();
    if (close?.text === ')') this.#at += 1;
    else if (close && this.#depth < MAX_DEPTH) this.#pass('this is not read');
  }

  #skipGroup(): void {
    for (let depth = 1; this.#at < this.tokens.length; this.#at += 1) {
      const text = this.#peek()?.text;
      if (text === '(') depth += 1;
      else if (text === ')') depth -= 1;
      if (depth === 0) return;
    }
  }

  /** Says that a token is not read, and goes on behind what belongs to it. */
  #pass(message: string): void {
    const token = this.#peek();
    if (!token) return;
    this.context.say(token, message);
    let depth = 0;
    for (; this.#at < this.tokens.length; this.#at += 1) {
      const next = this.#peek();
      if (!next) return;
      const isMark = next.kind === 'mark';
      if (depth === 0 && next !== token && (this.#isEnd(next) || this.#is(next, 'and', 'or', '&&', '||'))) return;
      if (isMark && /^[([{]$/.test(next.text)) depth += 1;
      else if (isMark && /^[)\]}]$/.test(next.text)) {
        if (depth === 0) return;
        depth -= 1;
        if (depth === 0) {
          this.#at += 1;
          return;
        }
      }
    }
  }

  #peek(ahead = 0): QueryToken | undefined {
    return this.tokens[this.#at + ahead];
  }

  #is(token: QueryToken, ...words: readonly string[]): boolean {
    return token.kind !== 'text' && words.includes(token.text.toLowerCase());
  }

  #take(...words: readonly string[]): boolean {
    const token = this.#peek();
    if (!token || !this.#is(token, ...words)) return false;
    this.#at += 1;
    return true;
  }

  #closes({ kind, text }: QueryToken): boolean {
    return kind === 'mark' && text === ')';
  }

  /** Whether conditions end before a token: at a pipe, a bracket or parenthesis that closes, `by` of Splunk's `tstats`. */
  #isEnd(token: QueryToken): boolean {
    if (token.kind === 'mark') return /^[)\]}|;]$/.test(token.text);
    return this.#depth === 0 && this.#is(token, 'by', 'groupby') && token.kind === 'word';
  }
}
