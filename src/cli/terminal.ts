import { styleText } from 'node:util';

/** Where a command writes. Replaced in tests. */
export interface Terminal {
  /** What was asked for: standard output. */
  out(text: string): void;
  /** What goes beside it: standard error. */
  err(text: string): void;
  /** Whether colours are wanted on standard output and standard error. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  /** Standard error is a terminal: a progress line may be drawn there. */
  readonly live: boolean;
  /** Columns of standard output. */
  readonly width: number;
  /** Standard output is a terminal: long lines are broken to its width. */
  readonly wraps: boolean;
}

/** This process's own terminal. Colours on a TTY only, and not with NO_COLOR. */
export function processTerminal(): Terminal {
  const plain = Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';
  return {
    out: (text) => void process.stdout.write(`${harmless(text)}\n`),
    err: (text) => void process.stderr.write(`${harmless(text)}\n`),
    color: { out: Boolean(process.stdout.isTTY) && !plain, err: Boolean(process.stderr.isTTY) && !plain },
    live: Boolean(process.stderr.isTTY) && process.env.TERM !== 'dumb' && !process.env.CI,
    width: process.stdout.columns ?? 100,
    wraps: Boolean(process.stdout.isTTY),
  };
}

const ESCAPE = '\u001b';
/** Control characters but the end of a line and the tabulator; first, the colours that `style` gives. */
const CONTROL = new RegExp(`(${ESCAPE}\\[\\d{1,2}m)|[^\\P{Cc}\\n\\t]`, 'gu');

/**
 * Text without what a terminal obeys, wherever it came from: rules, names of files, the wire. Shown as JSON has it, so that
 * what is JSON stays the same.
 */
export function harmless(text: string): string {
  return text.replace(
    CONTROL,
    (character, colour?: string) => colour ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

type Style = Parameters<typeof styleText>[0];

/** Styles text when `on`. */
export function style(on: boolean, format: Style, text: string): string {
  return on ? styleText(format, text, { validateStream: false }) : text;
}

/** Rows as columns; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[], indent = '  '): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, String(cell).length);
  return rows.map((row) =>
    (
      indent +
      row
        .map((cell, index) => {
          const width = widths[index] ?? 0;
          return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
        })
        .join('  ')
    ).trimEnd(),
  );
}

/** A number with thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 rule`, `2 rules`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Octets as people read them. */
export function octets(value: number): string {
  const units = ['octets', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let shown = value;
  while (shown >= 1000 && unit < units.length - 1) {
    shown /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} octets` : `${shown.toFixed(shown < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Seconds as people read them. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${(minutes / 60).toFixed(1)} h`;
}
