import type { MathOperator } from '../../../generated/ir.js';
import { BASES, fail, MAX_OFFSET, readLayout, type Words } from './byte-location.js';
import type { Keyword } from './keyword.js';
import { isName, readOperand, splitCommas } from './operand.js';

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
