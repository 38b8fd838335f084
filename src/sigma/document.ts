import { isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments } from 'yaml';
import type { Source } from '../source/source.js';
import type { Span } from '../source/span.js';
import { type Code, type Diagnostic, diagnostic } from './codes.js';
import { readPlain } from './plain-yaml.js';
import { type Entry, type MapValue, nothing, type Value } from './values.js';

/** Where findings about a file go. */
export class Reporter {
  failed = false;

  constructor(
    readonly source: Source,
    readonly report: (finding: Diagnostic) => void,
  ) {}

  /** Says something about a place; an error loses the rule. */
  say(code: Code, span: Span, message: string, help: string): void {
    const finding = diagnostic(this.source, span, { code, message, help });
    if (finding.severity === 'error') this.failed = true;
    this.report(finding);
  }
}

/** Values inside each other, and aliases followed in one file: a small file must not become a large one. */
const MAX_DEPTH = 32;
const MAX_ALIASES = 100;

/** The documents of a file that are maps. */
export function readDocuments(reporter: Reporter): MapValue[] {
  return readPlain(reporter.source.text) ?? parseDocuments(reporter);
}

/** The same by a whole YAML parser, which tells what is wrong. With `uniqueKeys` off, members that stand twice are all kept. */
export function parseDocuments(reporter: Reporter, uniqueKeys = true): MapValue[] {
  const { text } = reporter.source;
  const documents = parseAllDocuments(text, { prettyErrors: false, version: '1.2', stringKeys: false, uniqueKeys });
  const found: MapValue[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error) {
      const [start, end] = error.pos;
      const help = 'texts that begin with a special character, or hold `: ` or ` #`, stand in quotes';
      reporter.say('sigma/yaml', { start, end: Math.max(end, start + 1) }, error.message, help);
      continue;
    }
    if (document.contents === null) continue;
    let aliases = 0;
    const resolve = (node: Node): Node | undefined => {
      if (!isAlias(node)) return node;
      aliases += 1;
      return aliases > MAX_ALIASES ? undefined : node.resolve(document);
    };
    const value = convert(document.contents, resolve, MAX_DEPTH);
    if (value?.kind === 'map') found.push(value);
    else
      reporter.say(
        'sigma/document',
        value?.span ?? { start: 0, end: 1 },
        'this is no map',
        'a rule is a map with `title`, `logsource` and `detection`',
      );
  }
  return found;
}

function convert(node: unknown, resolve: (node: Node) => Node | undefined, depth: number): Value | null {
  const resolved = depth > 0 && node !== null && typeof node === 'object' ? resolve(node as Node) : undefined;
  const range = (node as Node | null)?.range;
  const span = { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
  if (isMap(resolved)) {
    const entries: Entry[] = [];
    for (const { key, value } of resolved.items) {
      const name = convert(key, resolve, depth - 1);
      if (name?.kind !== 'scalar') continue;
      const inner = convert(value, resolve, depth - 1) ?? nothing(name.span);
      entries.push({ key: name.text, keySpan: name.span, value: inner });
    }
    return { kind: 'map', span, entries };
  }
  if (isSeq(resolved))
    return {
      kind: 'list',
      span,
      items: resolved.items.map((item) => convert(item, resolve, depth - 1) ?? nothing(span)),
    };
  if (!isScalar(resolved)) return null;
  const { value } = resolved;
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  // A number beyond 2^53 is kept as it is written.
  const exact = typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value);
  const text = typeof value === 'string' ? value : exact ? (resolved.source ?? String(value)) : String(value ?? '');
  return { kind: 'scalar', span, value: exact ? text : known, text };
}
