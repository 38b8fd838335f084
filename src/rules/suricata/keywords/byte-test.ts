import type { TestOperator } from '../../../generated/ir.js';
import { fail, MAX_OFFSET, readBytes, readLayout, readValue, readWords } from './byte-location.js';
import type { Keyword } from './keyword.js';
import { readOperand, splitCommas } from './operand.js';

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
