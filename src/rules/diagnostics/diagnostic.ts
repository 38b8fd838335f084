import type { Span } from '../syntax/ast.js';
import type { Source } from '../syntax/source.js';
import { CODES, type Code, type Severity } from './codes.js';

/** Something to say about a rule or a settings file. Plain data: it is collected, never thrown. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  /** Path of the file as it was given. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The text underlined. */
  readonly text: string;
  readonly message: string;
  /** The way out. */
  readonly help: string;
  /** The rule's sid, where it has one. */
  readonly sid: number | null;
  /** The keyword it is about; empty when it is about none. */
  readonly keyword: string;
}

/** What a diagnostic says, before it has a place. */
export interface Finding {
  readonly code: Code;
  readonly message: string;
  readonly help: string;
  readonly sid?: number | null;
  readonly keyword?: string;
}

/** Gives a finding its place: `span` are offsets in the file. */
export function diagnostic(source: Source, span: Span, finding: Finding): Diagnostic {
  const start = source.position(span.start);
  const end = source.position(span.end);
  return {
    code: finding.code,
    severity: CODES[finding.code][0],
    file: source.path,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    text: source.text.slice(span.start, span.end),
    message: finding.message,
    help: finding.help,
    sid: finding.sid ?? null,
    keyword: finding.keyword ?? '',
  };
}
