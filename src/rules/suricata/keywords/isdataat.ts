import type { Keyword } from './keyword.js';
import { readOperand, splitCommas } from './operand.js';

export const isdataat: Keyword = {
  name: 'isdataat',
  family: 'payload',
  doc: 'There is an octet so far from the beginning or, `relative`, from the last match; `!` asks that there is none.',
  value: 'required',
  negatable: true,
  lower(option, cx) {
    const [at = '', ...words] = splitCommas(option.value);
    const bad = words.find((word) => word !== 'relative' && word !== 'rawbytes');
    if (bad !== undefined)
      return cx.report(
        'keyword/value',
        option.span,
        `\`${bad}\` is no setting of it`,
        'settings are `relative` and `rawbytes`',
        option.name,
      );
    const relative = words.includes('relative');
    const run = cx.runAfterLast(relative, option.span);
    const offset = readOperand(at, 0, 65_535, cx, option.span, run);
    if (offset === null) return;
    cx.check(run, { kind: 'is_data_at', offset, relative, negated: option.negated });
  },
  examples: [
    { options: 'isdataat:2;', hits: ['abc'], misses: ['ab'] },
    { options: 'content:"a"; isdataat:!1,relative;', hits: ['a'], misses: ['ab'] },
    { options: 'isdataat:65536;', error: 'keyword/value' },
    { options: 'isdataat:1,near;', error: 'keyword/value' },
    { options: 'isdataat:n;', error: 'variable/unknown' },
  ],
};
