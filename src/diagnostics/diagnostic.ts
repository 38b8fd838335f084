import type { Source } from '../source/source.js';
import type { Span } from '../source/span.js';

/** How much a diagnostic matters: an error loses the rule, a warning and a note do not. */
export type Severity = 'error' | 'warning' | 'note';

/** The codes of a rule language: how much each matters and what it is about. */
export type CodeTable<Code extends string = string> = Readonly<Record<Code, readonly [Severity, string]>>;

/** Something to say about a rule or a settings file. Plain data: it is collected, never thrown. */
export interface Diagnostic<Code extends string = string> {
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
export interface Finding<Code extends string> {
  readonly code: Code;
  readonly message: string;
  readonly help: string;
  readonly sid?: number | null;
  readonly keyword?: string;
}

/** Of a language's codes, what gives a finding its place: `span` are offsets in the file. */
export function placed<Code extends string>(codes: CodeTable<Code>) {
  return (source: Source, span: Span, finding: Finding<Code>): Diagnostic<Code> => {
    const start = source.position(span.start);
    const end = source.position(span.end);
    return {
      code: finding.code,
      severity: codes[finding.code][0],
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
  };
}
