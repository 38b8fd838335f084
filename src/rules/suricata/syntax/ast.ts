import type { Span } from '../../../source/span.js';

/** A piece of a rule's text and where it stood. */
export interface Word extends Span {
  readonly text: string;
}

/** An address or port expression: `any`, `$HOME_NET`, `10.0.0.0/8`, `[a, !b]`, `1024:`. */
export type ListNode =
  | (Span & { readonly kind: 'item'; readonly negated: boolean; readonly text: string })
  | (Span & { readonly kind: 'variable'; readonly negated: boolean; readonly text: string })
  | (Span & { readonly kind: 'group'; readonly negated: boolean; readonly items: readonly ListNode[] });

/** `->`, `<>` or `=>`. */
export type Arrow = '->' | '<>' | '=>';

/** What stands before the parenthesis. */
export interface HeaderNode {
  readonly action: Word;
  readonly protocol: Word;
  /** After the colon of `http1:request_headers`. */
  readonly hook: Word | null;
  readonly source: Word;
  readonly sourcePort: Word;
  readonly direction: Word;
  readonly destination: Word;
  readonly destinationPort: Word;
}

/** One `name:value;`. The value is as written, without surrounding blanks; escapes and quotes are the keyword's business. */
export interface OptionNode extends Span {
  readonly name: Word;
  readonly value: Word | null;
}

/** A rule, all its options kept in order. Spans are offsets into `text`. */
export interface RuleNode {
  readonly text: string;
  readonly header: HeaderNode;
  readonly options: readonly OptionNode[];
}

/** What the parser could not read. */
export interface SyntaxProblem {
  readonly code: 'syntax/header' | 'syntax/parenthesis' | 'syntax/option' | 'syntax/list' | 'syntax/quote';
  readonly span: Span;
  readonly message: string;
  readonly help: string;
}
