import type { Diagnostic, Severity } from './diagnostic.js';

/** How diagnostics look on a terminal. */
export interface TerminalOptions {
  /** ANSI colours. */
  readonly color?: boolean;
  /** Columns the excerpt may take. */
  readonly width?: number;
  /** The text of a line of a file, for the excerpt; without it none is shown. */
  readonly line?: (file: string, line: number) => string | undefined;
}

const COLORS: Record<Severity, string> = { error: '\x1b[31m', warning: '\x1b[33m', note: '\x1b[36m' };
const BOLD = '\x1b[1m';
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

/** For people: message, place, the line with the text underlined, the way out. */
export function renderTerminal(diagnostic: Diagnostic, options: TerminalOptions = {}): string {
  const { color = false, width = 100 } = options;
  const paint = (codes: string, text: string) => (color ? `${codes}${text}${RESET}` : text);
  const tint = COLORS[diagnostic.severity];
  const rule = diagnostic.sid === null ? '' : ` (sid ${diagnostic.sid})`;
  const lines = [
    `${paint(BOLD + tint, `${diagnostic.severity}[${diagnostic.code}]`)}: ${paint(BOLD, diagnostic.message)}${rule}`,
    paint(DIM, `  --> ${diagnostic.file}:${diagnostic.line}:${diagnostic.column}`),
  ];
  const text = options.line?.(diagnostic.file, diagnostic.line);
  if (text !== undefined) {
    const { excerpt, column, length } = cut(text, diagnostic, width);
    const gutter = String(diagnostic.line);
    const margin = ' '.repeat(gutter.length);
    lines.push(`${paint(DIM, `${gutter} |`)} ${excerpt}`);
    lines.push(`${paint(DIM, `${margin} |`)} ${' '.repeat(column)}${paint(tint, '^'.repeat(length))}`);
  }
  if (diagnostic.help !== '') lines.push(`  ${paint(BOLD, 'help')}: ${diagnostic.help}`);
  return lines.join('\n');
}

/** A window of the line around the text: rules are longer than terminals are wide. */
function cut(text: string, diagnostic: Diagnostic, width: number): { excerpt: string; column: number; length: number } {
  const printable = text.replace(/\p{Cc}/gu, ' ');
  const start = diagnostic.column - 1;
  const sameLine = diagnostic.endLine === diagnostic.line;
  const end = sameLine ? diagnostic.endColumn - 1 : printable.length;
  if (printable.length <= width) return { excerpt: printable, column: start, length: Math.max(1, end - start) };
  const room = Math.max(20, width - 6);
  const from = Math.max(0, Math.min(start - Math.floor(room / 3), printable.length - room));
  const to = Math.min(printable.length, from + room);
  const before = from > 0 ? '...' : '';
  const after = to < printable.length ? '...' : '';
  return {
    excerpt: before + printable.slice(from, to) + after,
    column: before.length + (start - from),
    length: Math.max(1, Math.min(end, to) - start),
  };
}

/** For editors and CI logs: `file:line:column: severity: message [code]`, one line each. */
export function renderLine(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, code } = diagnostic;
  return `${file}:${line}:${column}: ${severity}: ${message} [${code}]`;
}

/** For machines: one JSON object, without a line end. */
export function renderJson(diagnostic: Diagnostic): string {
  return JSON.stringify(diagnostic);
}

/** A diagnostic as the Language Server Protocol has it (3.17, `Diagnostic`): positions are 0-based. */
export interface LspDiagnostic {
  readonly range: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
  /** 1 error, 2 warning, 3 information. */
  readonly severity: 1 | 2 | 3;
  readonly code: string;
  readonly source: 'sidewire';
  readonly message: string;
}

const LSP_SEVERITY: Record<Severity, 1 | 2 | 3> = { error: 1, warning: 2, note: 3 };

export function toLsp(diagnostic: Diagnostic): LspDiagnostic {
  return {
    range: {
      start: { line: diagnostic.line - 1, character: diagnostic.column - 1 },
      end: { line: diagnostic.endLine - 1, character: diagnostic.endColumn - 1 },
    },
    severity: LSP_SEVERITY[diagnostic.severity],
    code: diagnostic.code,
    source: 'sidewire',
    message: diagnostic.help === '' ? diagnostic.message : `${diagnostic.message}\n${diagnostic.help}`,
  };
}
