import type { Check, Endian, MathOperator, Operand, TestOperator } from '../../../generated/ir.js';
import type { CheckRun, RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger, parseSigned } from './number.js';
import { isName, readOperand, splitCommas } from './operand.js';

const MAX_OFFSET = 65_535;
const MAX_BINARY = 8;
const MAX_STRING = 23;
const MAX_MULTIPLIER = 65_535;

const BASES: ReadonlyMap<string, number> = new Map([
  ['hex', 16],
  ['dec', 10],
  ['oct', 8],
]);

/** What `byte_test`, `byte_jump` and `byte_extract` share: how a number lies in the buffer. */
interface Layout {
  relative: boolean;
  endian: Endian;
  string_base: number;
  bitmask: number;
}

type Words = Map<string, string | null>;

/** Reads the words after the fixed part into a map, each once; `key value` words keep their value. */
function readWords(
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

function fail(option: Option, cx: RuleContext, message: string, help: string): null {
  cx.report('keyword/value', option.span, message, help, option.name);
  return null;
}

function readLayout(words: Words, option: Option, cx: RuleContext): Layout | null {
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
function readBytes(text: string, layout: Layout, option: Option, cx: RuleContext, run: CheckRun): Operand | null {
  return readOperand(text, 0, layout.string_base === 0 ? MAX_BINARY : MAX_STRING, cx, option.span, run);
}

/** A constant or variable compared or calculated with; values a double does not hold are refused. */
function readValue(text: string, option: Option, cx: RuleContext, run: CheckRun): Operand | null {
  return readOperand(text, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, cx, option.span, run);
}

const TEST_OPERATORS: ReadonlyMap<string, TestOperator> = new Map([
  ['<', 'less'],
  ['>', 'greater'],
  ['=', 'equal'],
  ['<=', 'less_or_equal'],
  ['>=', 'greater_or_equal'],
  ['&', 'and'],
  ['^', 'or'],
]);

export const byteTest: Keyword = {
  name: 'byte_test',
  family: 'payload',
  doc: 'Compares a number in the buffer: octets, operator, value, offset, then how the number is written.',
  value: 'required',
  lower(option, cx) {
    const [size = '', sign = '', right = '', at, ...rest] = splitCommas(option.value);
    if (at === undefined)
      return void fail(
        option,
        cx,
        'octets, operator, value and offset are needed',
        'write `byte_test:2,>,100,4,relative;`',
      );
    const negated = sign.startsWith('!');
    const bare = negated ? sign.slice(1).trim() : sign;
    const operator = negated && bare === '' ? 'equal' : TEST_OPERATORS.get(bare);
    if (operator === undefined)
      return void fail(
        option,
        cx,
        `\`${sign}\` is no operator`,
        `operators are ${[...TEST_OPERATORS.keys()].join(' ')}, each with \`!\` before it to negate`,
      );
    const words = readWords(
      rest,
      ['relative', 'big', 'little', 'string', 'hex', 'dec', 'oct', 'dce'],
      ['bitmask'],
      option,
      cx,
    );
    const layout = words === null ? null : readLayout(words, option, cx);
    if (layout === null) return;
    const run = cx.runAfterLast(layout.relative, option.span);
    const bytes = readBytes(size, layout, option, cx, run);
    const value = readValue(right, option, cx, run);
    const offset = readOperand(at, -MAX_OFFSET, 0xffff_ffff, cx, option.span, run);
    if (bytes === null || value === null || offset === null) return;
    cx.check(run, { kind: 'byte_test', bytes, negated, operator, value, offset, ...layout });
  },
  examples: [
    { options: 'byte_test:2,>,100,0;', hits: ['\x01\x00'], misses: ['\x00\x01'] },
    { options: 'content:"a"; byte_test:1,!=,5,0,relative;', hits: ['a\x06'], misses: ['a\x05'] },
    { options: 'byte_test:2,=,1,0,little;', hits: ['\x01\x00'], misses: ['\x00\x01'] },
    { options: 'byte_test:3,>,99,0,string,dec;', hits: ['100'], misses: ['099'] },
    { options: 'byte_test:2,&,0x80,0,bitmask 0xff00;' },
    { options: 'byte_test:9,=,1,0;', error: 'keyword/value' },
    { options: 'byte_test:1,=>,1,0;', error: 'keyword/value' },
    { options: 'byte_test:1,=,1,0,hex;', error: 'keyword/value' },
    { options: 'byte_test:1,=,unset,0;', error: 'variable/unknown' },
  ],
};

export const byteJump: Keyword = {
  name: 'byte_jump',
  family: 'payload',
  doc: 'Reads a number and moves the place of the last match so many octets on.',
  value: 'required',
  lower(option, cx) {
    const [size = '', at, ...rest] = splitCommas(option.value);
    if (at === undefined)
      return void fail(option, cx, 'octets and offset are needed', 'write `byte_jump:2,4,relative;`');
    const words = readWords(
      rest,
      ['relative', 'big', 'little', 'string', 'hex', 'dec', 'oct', 'dce', 'align', 'from_beginning', 'from_end'],
      ['multiplier', 'post_offset', 'bitmask'],
      option,
      cx,
    );
    const layout = words === null ? null : readLayout(words, option, cx);
    if (words === null || layout === null) return;
    if (words.has('from_beginning') && words.has('from_end'))
      return void fail(option, cx, '`from_beginning` and `from_end` exclude each other', 'keep one of them');
    const multiplier = parseInteger(words.get('multiplier') ?? '1');
    if (multiplier === null || multiplier === 0 || multiplier > MAX_MULTIPLIER)
      return void fail(option, cx, `the multiplier is a number from 1 to ${MAX_MULTIPLIER}`, 'write `multiplier 2`');
    const run = cx.runAfterLast(layout.relative, option.span);
    const bytes = readBytes(size, layout, option, cx, run);
    const offset = readOperand(at, -MAX_OFFSET, MAX_OFFSET, cx, option.span, run);
    const post_offset = readOperand(words.get('post_offset') ?? '0', -MAX_OFFSET, MAX_OFFSET, cx, option.span, run);
    if (bytes === null || offset === null || post_offset === null) return;
    const { relative, endian, string_base, bitmask } = layout;
    const check: Check = {
      kind: 'byte_jump',
      bytes,
      offset,
      relative,
      endian,
      string_base,
      multiplier,
      align: words.has('align'),
      from_beginning: words.has('from_beginning'),
      from_end: words.has('from_end'),
      post_offset,
      bitmask,
    };
    cx.check(run, check);
  },
  examples: [
    { options: 'byte_jump:1,0; content:"b"; distance:0;', hits: ['\x01.b'], misses: ['\x02.b'] },
    { options: 'content:"a"; byte_jump:2,0,relative,little,multiplier 4,align,post_offset -3;' },
    { options: 'byte_jump:2,0,from_beginning,from_end;', error: 'keyword/value' },
    { options: 'byte_jump:2,0,multiplier 0;', error: 'keyword/value' },
    { options: 'byte_jump:2,0,sideways;', error: 'keyword/value' },
  ],
};

export const byteExtract: Keyword = {
  name: 'byte_extract',
  family: 'payload',
  doc: 'Reads a number into a variable for later keywords of the rule.',
  value: 'required',
  lower(option, cx) {
    const [size = '', at = '', name, ...rest] = splitCommas(option.value);
    if (name === undefined)
      return void fail(option, cx, 'octets, offset and a name are needed', 'write `byte_extract:2,4,length,relative;`');
    if (!isName(name))
      return void fail(option, cx, `\`${name}\` is no name`, 'names are letters, digits and `_`, a letter first');
    const words = readWords(
      rest,
      ['relative', 'big', 'little', 'string', 'hex', 'dec', 'oct', 'dce'],
      ['multiplier', 'align', 'bitmask'],
      option,
      cx,
    );
    const layout = words === null ? null : readLayout(words, option, cx);
    if (words === null || layout === null) return;
    const bytes = parseInteger(size);
    if (bytes === null || bytes > (layout.string_base === 0 ? MAX_BINARY : MAX_STRING))
      return void fail(
        option,
        cx,
        `\`${size}\` is no number of octets it can read`,
        `at most ${MAX_BINARY}, or ${MAX_STRING} with \`string\``,
      );
    const offset = parseSigned(at);
    if (offset === null || Math.abs(offset) > MAX_OFFSET)
      return void fail(option, cx, `\`${at}\` is no offset`, `offsets lie between -${MAX_OFFSET} and ${MAX_OFFSET}`);
    const multiplier = parseInteger(words.get('multiplier') ?? '1');
    const align = parseInteger(words.get('align') ?? '0');
    if (multiplier === null || multiplier === 0 || multiplier > MAX_MULTIPLIER)
      return void fail(option, cx, `the multiplier is a number from 1 to ${MAX_MULTIPLIER}`, 'write `multiplier 2`');
    if (align !== 0 && align !== 2 && align !== 4) return void fail(option, cx, '`align` is 2 or 4', 'write `align 4`');
    const run = cx.runAfterLast(layout.relative, option.span);
    cx.variables.set(name, run.condition.buffer);
    const { relative, endian, string_base, bitmask } = layout;
    cx.check(run, {
      kind: 'byte_extract',
      bytes,
      offset,
      name,
      relative,
      endian,
      string_base,
      multiplier,
      align,
      bitmask,
    });
  },
  examples: [
    { options: 'byte_extract:1,0,n; content:"b"; offset:n;', hits: ['\x02.b'], misses: ['\x03.b'] },
    { options: 'content:"a"; byte_extract:2,0,n,relative,little,multiplier 2,align 4; isdataat:n,relative;' },
    { options: 'byte_extract:9,0,n;', error: 'keyword/value' },
    { options: 'byte_extract:1,0,n,align 3;', error: 'keyword/value' },
    { options: 'byte_extract:1,0;', error: 'keyword/value' },
  ],
};

const MATH_OPERATORS: ReadonlyMap<string, MathOperator> = new Map([
  ['+', 'add'],
  ['-', 'subtract'],
  ['*', 'multiply'],
  ['/', 'divide'],
  ['<<', 'shift_left'],
  ['>>', 'shift_right'],
]);

const MATH_KEYS = ['bytes', 'offset', 'oper', 'rvalue', 'result', 'endian', 'string', 'bitmask'];

export const byteMath: Keyword = {
  name: 'byte_math',
  family: 'payload',
  doc: 'Reads a number, calculates with it and keeps the result in a variable for later keywords of the rule.',
  value: 'required',
  lower(option, cx) {
    const pairs = new Map<string, string>();
    for (const part of splitCommas(option.value)) {
      const [key = '', value = '', ...more] = part.split(/\s+/);
      const flag = key === 'relative' || key === 'dce';
      if (pairs.has(key) || more.length > 0 || (flag ? value !== '' : value === '' || !MATH_KEYS.includes(key))) {
        return void fail(
          option,
          cx,
          `\`${part}\` is no setting of \`byte_math\` or stands twice`,
          'write `byte_math:bytes 2, offset 0, oper +, rvalue 4, result n;`',
        );
      }
      pairs.set(key, value);
    }
    const missing = ['bytes', 'offset', 'oper', 'rvalue', 'result'].find((key) => !pairs.has(key));
    if (missing !== undefined)
      return void fail(
        option,
        cx,
        `\`${missing}\` is missing`,
        'write `byte_math:bytes 2, offset 0, oper +, rvalue 4, result n;`',
      );
    const words: Words = new Map();
    for (const flag of ['relative', 'dce']) if (pairs.has(flag)) words.set(flag, null);
    const endian = pairs.get('endian');
    const base = pairs.get('string');
    if (endian !== undefined && !['big', 'little', 'dce'].includes(endian))
      return void fail(option, cx, `\`${endian}\` is no byte order`, 'write `endian big`, `endian little` or `dce`');
    if (base !== undefined && !BASES.has(base))
      return void fail(option, cx, `\`${base}\` is no base`, 'write `string hex`, `string dec` or `string oct`');
    if (endian !== undefined) words.set(endian, null);
    if (base !== undefined) words.set('string', null).set(base, null);
    if (pairs.has('bitmask')) words.set('bitmask', pairs.get('bitmask') ?? null);
    const layout = readLayout(words, option, cx);
    if (layout === null) return;
    const operator = MATH_OPERATORS.get(pairs.get('oper') ?? '');
    const result = pairs.get('result') ?? '';
    if (operator === undefined)
      return void fail(
        option,
        cx,
        `\`${pairs.get('oper')}\` is no operator`,
        `operators are ${[...MATH_OPERATORS.keys()].join(' ')}`,
      );
    if (!isName(result))
      return void fail(option, cx, `\`${result}\` is no name`, 'names are letters, digits and `_`, a letter first');
    const run = cx.runAfterLast(layout.relative, option.span);
    const bytes = readOperand(pairs.get('bytes') ?? '', 1, 10, cx, option.span, run);
    const offset = readOperand(pairs.get('offset') ?? '', -MAX_OFFSET, MAX_OFFSET, cx, option.span, run);
    const value = readOperand(pairs.get('rvalue') ?? '', 0, 0xffff_ffff, cx, option.span, run);
    if (bytes === null || offset === null || value === null) return;
    cx.variables.set(result, run.condition.buffer);
    cx.check(run, { kind: 'byte_math', bytes, offset, operator, value, result, ...layout });
  },
  examples: [
    {
      options: 'byte_math:bytes 1, offset 0, oper +, rvalue 1, result n; content:"b"; offset:n;',
      hits: ['\x01.b'],
      misses: ['\x02.b'],
    },
    {
      options:
        'byte_math:bytes 4, offset 0, oper <<, rvalue 2, result n, relative, endian little, bitmask 0xff; isdataat:n;',
    },
    { options: 'byte_math:bytes 1, offset 0, oper %, rvalue 1, result n;', error: 'keyword/value' },
    { options: 'byte_math:bytes 1, offset 0, oper +, rvalue 1;', error: 'keyword/value' },
  ],
};
