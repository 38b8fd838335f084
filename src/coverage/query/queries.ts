import type { WrittenRow } from '../row.js';
import { ConditionReader } from './conditions.js';
import {
  EQL_DIALECT,
  ESQL_DIALECT,
  KUERY_DIALECT,
  KUSTO_DIALECT,
  LUCENE_DIALECT,
  type QueryDialect,
  SPL_SEARCH,
  SPL_WHERE,
} from './dialects.js';
import { type QueryToken, queryTokens } from './tokens.js';

/** What a query looks at, and in which events. */
export interface QueryRows {
  readonly rows: readonly WrittenRow[];
  /** Event categories, data models, tables: as the query names them. */
  readonly sources: readonly string[];
}

/** Says what of a query cannot be read. */
export type QuerySay = (token: QueryToken, message: string) => void;

/** What a macro of a query stands for; `null` when that is not known. */
export type QueryMacro = (name: string) => string | null;

/** Reads the conditions of a query. */
export type QueryReader = (query: string, say: QuerySay, macro?: QueryMacro) => QueryRows;

/** Macros of one query that are put in their places: macros may name others many times. */
const MAX_MACROS = 256;

const NO_LISTS: ReadonlyMap<string, readonly string[]> = new Map();

class QueryWalk {
  readonly rows: WrittenRow[] = [];
  readonly sources = new Set<string>();

  constructor(
    readonly query: string,
    readonly tokens: readonly QueryToken[],
    readonly say: QuerySay,
    readonly lists = NO_LISTS,
    readonly macro: QueryMacro = () => null,
  ) {}

  /** Reads conditions; where they end. */
  conditions(from: number, dialect: QueryDialect, negated = false): number {
    const { query, lists, macro, say } = this;
    const reader = new ConditionReader(this.tokens, { query, dialect, lists, macro, say });
    const end = reader.read(from, negated);
    this.rows.push(...reader.rows);
    return end;
  }

  is(at: number, ...words: readonly string[]): boolean {
    const token = this.tokens[at];
    return token !== undefined && token.kind !== 'text' && words.includes(token.text.toLowerCase());
  }

  result(): QueryRows {
    return { rows: this.rows, sources: [...this.sources] };
  }
}

/** EQL: `process where ..`, and sequences of such in brackets; `![..]` is an event that must not come. */
export const readEql: QueryReader = (query, say) => {
  const walk = new QueryWalk(query, queryTokens(query, EQL_DIALECT.lexicon), say);
  for (let at = 0; at < walk.tokens.length; at += 1) {
    if (!walk.is(at, 'where')) continue;
    const category = walk.tokens[at - 1];
    if (category?.kind === 'word' || category?.kind === 'text') walk.sources.add(category.text);
    at = walk.conditions(at + 1, EQL_DIALECT, walk.is(at - 2, '[') && walk.is(at - 3, '!'));
  }
  return walk.result();
};

/** ES|QL: `from .. | where ..`. */
export const readEsql: QueryReader = (query, say) => {
  const walk = new QueryWalk(query, queryTokens(query, ESQL_DIALECT.lexicon), say);
  const from = /^\s*from\s+([^|]+?)\s*(?:\bmetadata\b[^|]*)?(?:\||$)/i.exec(query)?.[1];
  if (from) for (const source of from.split(',')) walk.sources.add(source.trim());
  for (let at = 1; at < walk.tokens.length; at += 1)
    if (walk.is(at, 'where') && walk.is(at - 1, '|')) at = walk.conditions(at + 1, ESQL_DIALECT);
  return walk.result();
};

/** A query that is one condition. */
function readWhole(dialect: QueryDialect): QueryReader {
  return (query, say) => {
    const walk = new QueryWalk(query, queryTokens(query, dialect.lexicon), say);
    const left = walk.tokens[walk.conditions(0, dialect)];
    if (left) say(left, 'the rest of the query is not read');
    return walk.result();
  };
}

export const readKuery = readWhole(KUERY_DIALECT);
export const readLucene = readWhole(LUCENE_DIALECT);

/** SPL: a search, and `search`, `where`, `regex` and `tstats .. where` behind pipes. What computes is no condition. */
export const readSpl: QueryReader = (query, say, macro) => {
  let left = MAX_MACROS;
  const bounded = (name: string) => {
    left -= 1;
    return left < 0 ? null : (macro?.(name) ?? null);
  };
  const walk = new QueryWalk(query, queryTokens(query, SPL_SEARCH.lexicon), say, NO_LISTS, bounded);
  for (const at of stagesOf(walk.tokens)) {
    if (walk.is(at, 'where')) walk.conditions(at + 1, SPL_WHERE);
    else if (walk.is(at, 'search')) walk.conditions(at + 1, SPL_SEARCH);
    else if (walk.is(at, 'regex')) readRegex(walk, at + 1);
    else if (walk.is(at, 'tstats', 'from')) readTstats(walk, at);
    else if (at === 0) walk.conditions(0, SPL_SEARCH);
  }
  return walk.result();
};

/** Where the commands of a pipeline begin; those in brackets are of other searches. */
function stagesOf(tokens: readonly QueryToken[]): number[] {
  const stages: number[] = [];
  let depth = 0;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (at === 0 && text !== '|') stages.push(0);
    if (kind !== 'mark') continue;
    if (text === '[') depth += 1;
    else if (text === ']') depth -= 1;
    else if (text === '|' && depth === 0) stages.push(at + 1);
  }
  return stages;
}

function readTstats(walk: QueryWalk, from: number): void {
  for (let at = from; at < walk.tokens.length && !walk.is(at, '|'); at += 1) {
    const model = walk.tokens[at + (walk.is(at + 1, '=', ':') ? 2 : 1)];
    if (walk.is(at, 'datamodel') && model) walk.sources.add(model.text);
    if (walk.is(at, 'where')) at = walk.conditions(at + 1, SPL_SEARCH) - 1;
  }
}

/** `regex field="..."`, `regex field!="..."`. */
function readRegex({ tokens, rows }: QueryWalk, at: number): void {
  const [field, sign, value] = tokens.slice(at, at + 3);
  if (field && value?.kind === 'text')
    rows.push({ written: field.text, operator: 'regex_match', value: value.raw, negated: sign?.text === '!=' });
}

/** Kusto: `Table | where ..`, wherever it stands; lists of values that `let` names are put in their places. */
export const readKusto: QueryReader = (query, say) => {
  const tokens = queryTokens(query, KUSTO_DIALECT.lexicon);
  const walk = new QueryWalk(query, tokens, say, listsOf(tokens));
  for (const [at, { kind, text }] of tokens.entries()) {
    const begins = at === 0 || walk.is(at - 1, ';', '(', '=', ',', 'union');
    if (kind === 'word' && walk.is(at + 1, '|') && begins) walk.sources.add(text);
  }
  for (let at = 1; at < tokens.length; at += 1)
    if (walk.is(at, 'where', 'filter') && walk.is(at - 1, '|')) at = walk.conditions(at + 1, KUSTO_DIALECT) - 1;
  return walk.result();
};

/** `let names = dynamic(["a", "b"]);` and its kin: the texts of a list, by its name. */
function listsOf(tokens: readonly QueryToken[]): Map<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  let list: string[] | null = null;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind === 'mark' && text === ';') list = null;
    else if (kind === 'text') list?.push(text);
    else if (kind === 'word' && text === 'let') {
      const [name, sign, maker] = [tokens[at + 1], tokens[at + 2], tokens[at + 3]];
      const isList = maker?.kind === 'text' || /^(?:dynamic|pack_array|datatable)$/.test(maker?.text ?? '');
      list = name && sign?.text === '=' && isList ? [] : null;
      if (name && list) lists.set(name.text, list);
    }
  }
  return lists;
}
