import type { NamedValue } from '../../../generated/catalog.js';
import type { Number as NumberTest } from '../../../generated/ir.js';

/** A test on a number: ranges, or bits of it. */
export type NumericTest =
  | { readonly kind: 'ranges'; readonly test: NumberTest }
  | { readonly kind: 'bits'; readonly mask: number; readonly value: number; readonly negated: boolean };

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['kb', 1024],
  ['kib', 1024],
  ['mb', 1024 * 1024],
  ['mib', 1024 * 1024],
  ['gb', 1024 * 1024 * 1024],
  ['gib', 1024 * 1024 * 1024],
]);

/** A number as rules write it: decimal, `0x` hexadecimal, with a unit (`2kb`). `null` when it is none or no double holds it. */
export function parseInteger(text: string): number | null {
  const hex = /^0x([0-9a-f]+)$/i.exec(text);
  if (hex !== null) return safe(Number.parseInt(hex[1] ?? '', 16));
  const decimal = /^(\d+)\s*([a-z]*)$/i.exec(text);
  if (decimal === null) return null;
  const unit = UNITS.get((decimal[2] ?? '').toLowerCase());
  return unit === undefined ? null : safe(Number(decimal[1]) * unit);
}

/** As {@link parseInteger}, with a sign. */
export function parseSigned(text: string): number | null {
  const negative = text.startsWith('-');
  const value = parseInteger(negative || text.startsWith('+') ? text.slice(1).trim() : text);
  return value === null ? null : negative && value !== 0 ? -value : value;
}

function safe(value: number): number | null {
  return Number.isSafeInteger(value) ? value : null;
}

/**
 * The number grammar of every numeric keyword: `5`, `!5`, `<5`, `<=5`, `>5`, `>=5`, `=5`, `!=5`, `5-10` and `5<>10` (both ends
 * excluded), `!5-10`, `&0xf0=0x20` (some bits), and names where the field has any.
 *
 * Returns a sentence when the text is none of these.
 */
export function parseNumeric(text: string, max: number, names: readonly NamedValue[] = []): NumericTest | string {
  const read = (part: string): number | null => {
    const trimmed = part.trim();
    const value = parseInteger(trimmed);
    if (value !== null) return value;
    const wanted = trimmed.toLowerCase();
    return names.find((entry) => entry.name.toLowerCase() === wanted)?.value ?? null;
  };
  const outOfRange = `the number must be between 0 and ${max}`;
  const match = /^(!=|!|<=|>=|<|>|==|=)?\s*(.+)$/s.exec(text.trim());
  if (match === null) return 'a number is missing';
  const operator = match[1] ?? '';
  const body = (match[2] ?? '').trim();

  if (body.startsWith('&')) return parseBits(body, operator, max, read);

  const range = operator === '' || operator === '!' ? /^([^<>-]+)(?:<>|-)([^<>-]+)$/.exec(body) : null;
  if (range !== null && read(body) === null) {
    const low = read(range[1] ?? '');
    const high = read(range[2] ?? '');
    if (low === null || high === null) return 'a range is `smallest<>greatest` in numbers';
    if (high > max) return outOfRange;
    if (high <= low + 1) return 'the range is empty: both its ends are excluded';
    return ranges([{ min: low + 1, max: high - 1 }], operator === '!');
  }

  const value = read(body);
  if (value === null) return `\`${body}\` is not a number${names.length > 0 ? ' or a known name' : ''}`;
  if (value > max) return outOfRange;
  switch (operator) {
    case '<':
      return value === 0 ? 'nothing is smaller than 0' : ranges([{ min: 0, max: value - 1 }], false);
    case '<=':
      return ranges([{ min: 0, max: value }], false);
    case '>':
      return value >= max ? `nothing is greater than ${max}` : ranges([{ min: value + 1, max: null }], false);
    case '>=':
      return ranges([{ min: value, max: null }], false);
    default:
      return ranges([{ min: value, max: value }], operator === '!' || operator === '!=');
  }
}

function ranges(list: NumberTest['ranges'], negated: boolean): NumericTest {
  return { kind: 'ranges', test: { ranges: list, negated } };
}

function parseBits(
  body: string,
  operator: string,
  max: number,
  read: (part: string) => number | null,
): NumericTest | string {
  const bits = /^&\s*([^=!]+?)\s*(!?=)\s*(.+)$/.exec(body);
  const mask = bits === null ? null : read(bits[1] ?? '');
  const value = bits === null ? null : read(bits[3] ?? '');
  if (mask === null || value === null || (operator !== '' && operator !== '!'))
    return 'bits are asked for as `&mask=value`';
  if (mask > max || value > max) return `the number must be between 0 and ${max}`;
  return { kind: 'bits', mask, value, negated: (bits?.[2] === '!=') !== (operator === '!') };
}

/** The greatest number of so many bits a double holds. */
export function greatest(bits: number): number {
  return bits >= 53 ? Number.MAX_SAFE_INTEGER : 2 ** bits - 1;
}
