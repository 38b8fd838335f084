import type { Diagnostic as AnyDiagnostic } from '../../diagnostics/diagnostic.js';
import type { Source } from '../../source/source.js';
import type { Span } from '../../source/span.js';
import { diagnostic } from '../codes.js';
import type { QuerySay } from './queries.js';

/** Parts of one query that are told one by one; of the rest there are as many as there are. */
const MAX_TOLD = 8;

/**
 * Tells what cannot be read of a query where it stands in its file: `key` is the member that holds the query, which may be
 * indented there, and escaped.
 */
export function sayIn(source: Source, key: Span, query: string, report: (problem: AnyDiagnostic) => void): QuerySay {
  let told = 0;
  return ({ start, end }, message) => {
    told += 1;
    if (told > MAX_TOLD) return;
    const finding = {
      code: 'coverage/query',
      message,
      help: 'the catalog lacks it; the rest of the query is there',
    } as const;
    report(diagnostic(source, spanOf(source, key, query, start, end), finding));
  };
}

function spanOf({ text }: Source, key: Span, query: string, start: number, end: number): Span {
  const whole = text.indexOf(query, key.start);
  if (whole >= 0) return { start: whole + start, end: whole + end };
  // The line of the query, wherever the file has it.
  const from = query.lastIndexOf('\n', start - 1) + 1;
  const to = query.indexOf('\n', start);
  const line = query.slice(from, to < 0 ? undefined : to).trim();
  const at = line === '' ? -1 : text.indexOf(line, key.start);
  if (at < 0) return key;
  const inside = Math.max(0, start - from - (query.slice(from).length - query.slice(from).trimStart().length));
  return { start: at + inside, end: Math.min(at + inside + (end - start), at + line.length) };
}
