import type { Check } from '../../../generated/ir.js';
import { fail, MAX_MULTIPLIER, MAX_OFFSET, readBytes, readLayout, readWords } from './byte-location.js';
import type { Keyword } from './keyword.js';
import { parseInteger } from './number.js';
import { readOperand, splitCommas } from './operand.js';

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
