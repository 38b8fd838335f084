/** A token of a query. */
export interface QueryToken {
  readonly kind: 'word' | 'text' | 'mark' | 'macro';
  /** A text without quotes and escapes. */
  readonly text: string;
  /** A text as it is written between its quotes: regular expressions keep their escapes. */
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

/** A text in quotes: how it begins, and what ends it. */
interface QuoteStyle {
  readonly open: RegExp;
  readonly close: string;
  /** A backslash takes the next character's meaning away. */
  readonly escapes: boolean;
}

/** What the words of a language look like. Expressions are sticky. */
export interface QueryLexicon {
  readonly blank: RegExp;
  readonly quotes: readonly QuoteStyle[];
  readonly word: RegExp;
  readonly mark: RegExp;
}

const PLAIN_QUOTES: readonly QuoteStyle[] = [{ open: /"/y, close: '"', escapes: true }];

/** Words of fields and numbers, where values that are texts stand in quotes. */
const STRICT_WORD = /\??[A-Za-z_@$][\w.@$]*~?|-?\d[\w.]*|`[^`]*`/y;

export const EQL: QueryLexicon = {
  blank: /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y,
  quotes: [
    { open: /"""/y, close: '"""', escapes: false },
    { open: /\?"/y, close: '"', escapes: false },
    { open: /\?'/y, close: "'", escapes: false },
    { open: /"/y, close: '"', escapes: true },
    { open: /'/y, close: "'", escapes: true },
  ],
  word: STRICT_WORD,
  mark: /==|!=|<=|>=|[^\s\w]/y,
};

/** KQL of Kibana. */
export const KUERY: QueryLexicon = {
  blank: /\s+/y,
  quotes: PLAIN_QUOTES,
  word: /(?:\\.|[^\s()"':<>=!,{}[\]|\\])+/y,
  mark: /<=|>=|[^\s]/y,
};

export const LUCENE: QueryLexicon = {
  blank: /\s+/y,
  quotes: [...PLAIN_QUOTES, { open: /\/(?=[^/\s])/y, close: '/', escapes: false }],
  word: /(?:\\.|(?![+-])[^\s()"':<>=!,{}[\]|/\\])(?:\\.|[^\s()"':<>=!,{}[\]|/\\])*/y,
  mark: /<=|>=|&&|\|\||[^\s]/y,
};

/** Splunk's search language; texts in single quotes are fields. */
export const SPL: QueryLexicon = {
  blank: /(?:\s+|```[\s\S]*?```)+/y,
  quotes: [...PLAIN_QUOTES, { open: /'/y, close: "'", escapes: false }],
  word: /(?:\\.|[^\s()"'=<>!,|[\]`\\])+/y,
  mark: /==|!=|<=|>=|[^\s]/y,
};

/** The query language of Kusto. */
export const KUSTO: QueryLexicon = {
  blank: /(?:\s+|\/\/[^\n]*)+/y,
  quotes: [
    { open: /```/y, close: '```', escapes: false },
    { open: /[hH]?@"/y, close: '"', escapes: false },
    { open: /[hH]?@'/y, close: "'", escapes: false },
    { open: /[hH]?"/y, close: '"', escapes: true },
    { open: /[hH]?'/y, close: "'", escapes: true },
  ],
  word: STRICT_WORD,
  mark: /![a-z_]+~?|==|=~|!=|!~|<=|>=|\.\.|[^\s\w]/y,
};

/** The tokens of a query. A text that does not end is one to the end of the query. */
export function queryTokens(query: string, lexicon: QueryLexicon): QueryToken[] {
  const tokens: QueryToken[] = [];
  const match = (expression: RegExp, at: number): string | null => {
    expression.lastIndex = at;
    return expression.exec(query)?.[0] ?? null;
  };
  for (let at = 0; at < query.length; ) {
    const blank = match(lexicon.blank, at);
    if (blank) {
      at += blank.length;
      continue;
    }
    if (lexicon === SPL && query[at] === '`') {
      const close = query.indexOf('`', at + 1);
      const end = close < 0 ? query.length : close;
      const text = query.slice(at + 1, end);
      tokens.push({ kind: 'macro', text, raw: text, start: at, end: Math.min(end + 1, query.length) });
      at = end + 1;
      continue;
    }
    const quoted = readQuoted(query, at, lexicon, match);
    const token = quoted ?? plainToken(query, at, lexicon, match);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

type Matcher = (expression: RegExp, at: number) => string | null;

function readQuoted(query: string, at: number, { quotes }: QueryLexicon, match: Matcher): QueryToken | null {
  for (const { open, close, escapes } of quotes) {
    const opened = match(open, at);
    if (!opened) continue;
    const start = at + opened.length;
    let end = start;
    while (end < query.length && !query.startsWith(close, end)) end += escapes && query[end] === '\\' ? 2 : 1;
    const raw = query.slice(start, end);
    // In other escapes (`\t`, `\u0041`) the backslash stays: values are shown as they are known.
    const text = escapes ? raw.replace(/\\([\\"'])/g, '$1') : raw;
    return { kind: 'text', text, raw, start: at, end: Math.min(end + close.length, query.length) };
  }
  return null;
}

function plainToken(query: string, at: number, { word, mark }: QueryLexicon, match: Matcher): QueryToken {
  const found = match(word, at);
  const text = found ?? match(mark, at) ?? query.slice(at, at + 1);
  const plain = found === null ? text : text.replace(/^[?`]|`$/g, '').replace(/\\([^\w\s])/g, '$1');
  return { kind: found === null ? 'mark' : 'word', text: plain, raw: text, start: at, end: at + text.length };
}
