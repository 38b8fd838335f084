import { BASE64_DATA } from '../lower/context.js';
import { modified } from './content.js';
import type { Keyword } from './keyword.js';

export const fastPattern: Keyword = {
  name: 'fast_pattern',
  family: 'payload',
  doc: 'The `content` before it is the one looked for first; `only` when that is enough, `offset,length` for a part of it.',
  value: 'optional',
  lower(option, cx) {
    const target = modified(option, cx);
    if (target === null) return;
    const fail = (message: string, help: string) =>
      cx.report('content/fast-pattern', option.span, message, help, option.name);
    if (target.run.condition.buffer === BASE64_DATA) {
      fail('decoded data has no fast pattern', 'give a `content` outside `base64_data` the `fast_pattern`');
      return;
    }
    for (const other of target.run.condition.checks) {
      if (other.kind === 'content' && other.fast_pattern.kind !== 'auto') {
        fail('another `content` of this buffer is the fast pattern already', 'keep one `fast_pattern`');
        return;
      }
    }
    const { check } = target;
    const { window } = check;
    const placed = window.relative || window.start !== null || window.end !== null;
    if (option.value === '') {
      if (check.negated && placed)
        fail(
          'a negated `content` with a place cannot be the fast pattern',
          'give another `content` the `fast_pattern`',
        );
      else check.fast_pattern = { kind: 'wanted' };
      return;
    }
    if (option.value.toLowerCase() === 'only') {
      if (check.negated || placed)
        fail(
          '`fast_pattern:only` fits neither a negated `content` nor one with a place',
          'write `fast_pattern` without `only`',
        );
      else check.fast_pattern = { kind: 'only' };
      return;
    }
    const chop = /^(\d{1,5})\s*,\s*(\d{1,5})$/.exec(option.value);
    if (chop === null) {
      fail(
        `\`${option.value}\` is neither \`only\` nor \`offset,length\``,
        'write `fast_pattern;`, `fast_pattern:only;` or `fast_pattern:1,4;`',
      );
      return;
    }
    const from = Number(chop[1]);
    const length = Number(chop[2]);
    if (from + length > target.length) {
      fail(
        `the part ends at octet ${from + length}, the pattern at ${target.length}`,
        'choose a part inside the pattern',
      );
      return;
    }
    check.fast_pattern = length === 0 ? { kind: 'wanted' } : { kind: 'chop', offset: from, length };
  },
  examples: [
    { options: 'content:"abc"; fast_pattern;', hits: ['abc'] },
    { options: 'content:"abc"; fast_pattern:only;', hits: ['xabc'] },
    { options: 'content:"abc"; fast_pattern:1,2;', hits: ['abc'], misses: ['bc'] },
    { options: 'content:"abc"; fast_pattern:1,3;', error: 'content/fast-pattern' },
    { options: 'content:"abc"; fast_pattern; content:"d"; fast_pattern;', error: 'content/fast-pattern' },
    { options: 'content:!"abc"; offset:3; fast_pattern;', error: 'content/fast-pattern' },
    { options: 'content:"abc"; fast_pattern:only; offset:1;', error: 'content/fast-pattern' },
    { options: 'fast_pattern;', error: 'content/missing' },
  ],
};
