import type { FieldRow, NamedValue } from '../../../generated/catalog.js';
import type { FlagCompare } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { greatest, parseNumeric } from './number.js';

/** A keyword for a field of the catalog, in the grammar of its kind. */
export function fieldKeyword(name: string, row: FieldRow): Keyword {
  return {
    name,
    family: row.protocols[0] ?? 'header',
    doc: row.doc,
    value: 'required',
    lower(option, cx) {
      if (row.kind.value === 'flags') lowerFlags(option, row.name, row.kind.names, row.kind.bits, cx);
      else lowerNumber(option, row, option.value, cx);
    },
    examples: [],
  };
}

/** `5`, `>5`, `5<>10`, names, and bits, on a field. */
export function lowerNumber(option: Option, row: FieldRow, value: string, cx: RuleContext): void {
  const test = parseNumeric(value, greatest(row.kind.bits), row.kind.names);
  if (typeof test === 'string') {
    const names = row.kind.names.map((entry) => entry.name);
    const help =
      names.length > 0 ? `names are ${names.join(', ')}` : 'write `5`, `!5`, `<5`, `>=5`, `5<>10` or `&0xf0=0x20`';
    cx.report('keyword/value', option.span, test, help, option.name);
  } else if (test.kind === 'ranges') cx.condition({ kind: 'number', field: row.name, test: test.test });
  else {
    const { mask, value: bits, negated } = test;
    cx.condition({ kind: 'flags', field: row.name, compare: 'exactly', value: bits, mask, negated });
  }
}

/**
 * `SA`, `+S`, `*SF`, `!S`, `0`, and `,12` for bits that do not matter; the sign may also stand behind. `!` means: not all of them.
 */
function lowerFlags(option: Option, field: string, names: readonly NamedValue[], bits: number, cx: RuleContext) {
  const fail = (message: string) =>
    cx.report(
      'keyword/value',
      option.span,
      message,
      `write \`${option.name}:${names[0]?.name ?? '1'};\`, \`+\` all and maybe more, \`*\` any, \`!\` not all; bits are ${names.map((entry) => entry.name).join(' ')}`,
      option.name,
    );
  const match = /^([+*!]?)\s*([^\s,+*!]+)\s*([+*!]?)\s*(?:,\s*([^\s,]+))?$/.exec(option.value);
  if (match === null) return fail(`\`${option.value}\` is no set of bits`);
  const [, before = '', letters = '', behind = '', ignored = ''] = match;
  if (before !== '' && behind !== '') return fail('the sign stands twice');
  const value = bitsOf(letters, names);
  const ignore = ignored === '' ? 0 : bitsOf(ignored, names);
  if (value === null || ignore === null || (ignored !== '' && ignore === 0))
    return fail(`\`${value === null ? letters : ignored}\` names a bit that is not there`);
  const sign = before === '' ? behind : before;
  const mask = Number(BigInt(greatest(bits)) & ~BigInt(ignore));
  const compare: FlagCompare = value === 0 || sign === '' ? 'exactly' : sign === '*' ? 'any' : 'all';
  cx.condition({ kind: 'flags', field, compare, value, mask, negated: sign === '!' });
}

/** Letters, or whole names joined by commas or not at all; `0` for none of them. */
function bitsOf(text: string, names: readonly NamedValue[]): number | null {
  if (text === '0') return 0;
  const whole = names.find((entry) => entry.name === text);
  if (whole !== undefined) return whole.value;
  let value = 0n;
  for (const letter of text) {
    const entry = names.find((one) => one.name === letter);
    if (entry === undefined) return null;
    value |= BigInt(entry.value);
  }
  return Number(value);
}
