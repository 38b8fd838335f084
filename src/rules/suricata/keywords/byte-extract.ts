import { fail, MAX_BINARY, MAX_MULTIPLIER, MAX_OFFSET, MAX_STRING, readLayout, readWords } from './byte-location.js';
import type { Keyword } from './keyword.js';
import { parseInteger, parseSigned } from './number.js';
import { isName, splitCommas } from './operand.js';

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
