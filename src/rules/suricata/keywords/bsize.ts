import type { Keyword } from './keyword.js';
import { parseNumeric } from './number.js';

export const bsize: Keyword = {
  name: 'bsize',
  family: 'payload',
  doc: 'The size of the sticky buffer. Octets.',
  value: 'required',
  lower(option, cx) {
    if (cx.sticky === null)
      return cx.report(
        'buffer/missing',
        option.span,
        '`bsize` needs a sticky buffer before it',
        'use `dsize` for the payload of a packet',
        option.name,
      );
    const parsed = parseNumeric(option.value, 0xffff_ffff);
    if (typeof parsed === 'string')
      return cx.report(
        'keyword/value',
        option.span,
        parsed,
        'write `bsize:10`, `bsize:>10` or `bsize:10<>20`',
        option.name,
      );
    if (parsed.kind === 'bits')
      return cx.report('keyword/value', option.span, 'a size has no bits', 'compare it with a number', option.name);
    cx.check(cx.run(option.span), { kind: 'bsize', test: parsed.test });
  },
  examples: [
    { options: 'http.uri; content:"a"; bsize:>3;', protocol: 'http' },
    { options: 'http.uri; bsize:3<>5;', protocol: 'http' },
    { options: 'http.uri; bsize:3<>4;', protocol: 'http', error: 'keyword/value' },
    { options: 'content:"a"; bsize:5;', error: 'buffer/missing' },
    { options: 'http.uri; content:"abcd"; bsize:<3;', protocol: 'http', error: 'rule/never' },
  ],
};
