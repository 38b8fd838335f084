import type { Keyword } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

export const base64Decode: Keyword = {
  name: 'base64_decode',
  family: 'payload',
  doc: 'Decodes base64 for `base64_data`: how many octets, from where.',
  value: 'optional',
  lower(option, cx) {
    let bytes = 0;
    let offset = 0;
    let relative = false;
    for (const part of option.value === '' ? [] : splitCommas(option.value)) {
      const [key = '', text = ''] = part.split(/\s+/);
      const value = parseInteger(text);
      if (part === 'relative') relative = true;
      else if (key === 'bytes' && value !== null && value <= 65_535) bytes = value;
      else if (key === 'offset' && value !== null && value <= 0xffff_ffff) offset = value;
      else
        return cx.report(
          'keyword/value',
          option.span,
          `\`${part}\` is no setting of it`,
          'settings are `bytes N`, `offset N` and `relative`',
          option.name,
        );
    }
    cx.seen.set('base64_decode', option.span);
    cx.check(cx.runAfterLast(relative, option.span), { kind: 'base64_decode', bytes, offset, relative });
  },
  examples: [
    { options: 'base64_decode; base64_data; content:"a";', hits: ['YWJj'], misses: ['eHl6'] },
    { options: 'base64_decode:bytes 65536; base64_data; content:"a";', error: 'keyword/value' },
  ],
};
