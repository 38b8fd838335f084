import type { Endian, Operand } from '../../../generated/ir.js';
import type { CheckRun, RuleContext } from '../lower/context.js';
import type { Option } from './keyword.js';
import { parseInteger } from './number.js';
import { readOperand } from './operand.js';

export const MAX_OFFSET = 65_535;

export const MAX_BINARY = 8;

export const MAX_STRING = 23;

export const MAX_MULTIPLIER = 65_535;

export const BASES: ReadonlyMap<string, number> = new Map([
  ['hex', 16],
  ['dec', 10],
  ['oct', 8],
]);

/** What `byte_test`, `byte_jump` and `byte_extract` share: how a number lies in the buffer. */
export interface Layout {
  relative: boolean;
  endian: Endian;
  string_base: number;
  bitmask: number;
}

export type Words = Map<string, string | null>;

/** Reads the words after the fixed part into a map, each once; `key value` words keep their value. */
export function readWords(
  parts: readonly string[],
  plain: readonly string[],
  valued: readonly string[],
  option: Option,
  cx: RuleContext,
): Words | null {
  const words: Words = new Map();
  for (const part of parts) {
    const [word = '', value, ...more] = part.split(/\s+/);
    const known = value === undefined ? plain.includes(word) : valued.includes(word) && more.length === 0;
    if (!known) {
      fail(
        option,
        cx,
        `\`${part}\` is no setting of \`${option.name}\``,
        `settings are ${[...plain, ...valued.map((one) => `${one} N`)].join(', ')}`,
      );
      return null;
    }
    words.set(word, value ?? null);
  }
  return words;
}

export function fail(option: Option, cx: RuleContext, message: string, help: string): null {
  cx.report('keyword/value', option.span, message, help, option.name);
  return null;
}

export function readLayout(words: Words, option: Option, cx: RuleContext): Layout | null {
  const base = [...BASES].find(([word]) => words.has(word));
  const string = words.has('string');
  if (base !== undefined && !string)
    return fail(option, cx, `\`${base[0]}\` needs \`string\``, `write \`string,${base[0]}\``);
  const dce = words.has('dce');
  if (dce && (string || words.has('big') || words.has('little'))) {
    return fail(option, cx, '`dce` takes the byte order from the PDU', 'remove `string`, `big` and `little`');
  }
  const mask = words.get('bitmask');
  const bitmask = mask === undefined || mask === null ? 0 : parseInteger(mask.startsWith('0x') ? mask : `0x${mask}`);
  if (bitmask === null || bitmask > 0xffff_ffff)
    return fail(option, cx, 'the bitmask is no 32-bit hexadecimal number', 'write `bitmask 0xff00`');
  return {
    relative: words.has('relative'),
    endian: dce ? 'dce' : words.has('little') ? 'little' : 'big',
    string_base: string ? (base?.[1] ?? 10) : 0,
    bitmask,
  };
}

/** The number of octets: a variable where the keyword allows one, else what the layout has room for. */
export function readBytes(
  text: string,
  layout: Layout,
  option: Option,
  cx: RuleContext,
  run: CheckRun,
): Operand | null {
  return readOperand(text, 0, layout.string_base === 0 ? MAX_BINARY : MAX_STRING, cx, option.span, run);
}

/** A constant or variable compared or calculated with; values a double does not hold are refused. */
export function readValue(text: string, option: Option, cx: RuleContext, run: CheckRun): Operand | null {
  return readOperand(text, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, cx, option.span, run);
}
