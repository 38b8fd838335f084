import type { Keyword } from './keyword.js';
import { parseInteger, parseSigned } from './number.js';

const WORDS = 'bitstring_overflow, double_overflow, oversize_length N, absolute_offset N, relative_offset N';

export const asn1: Keyword = {
  name: 'asn1',
  family: 'payload',
  doc: 'Lengths in an object of ASN.1 that decoders were overrun by.',
  value: 'required',
  lower(option, cx) {
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, `write some of ${WORDS}`, option.name);
    const found = { bitstring_overflow: false, double_overflow: false, oversize_length: null as number | null };
    let place: { offset: number; relative: boolean } | null = null;
    const words = option.value.split(/[\s,]+/).filter((word) => word !== '');
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? '';
      if (word === 'bitstring_overflow' || word === 'double_overflow') {
        found[word] = true;
        continue;
      }
      at += 1;
      const text = words[at] ?? '';
      const number = word === 'relative_offset' ? parseSigned(text) : parseInteger(text);
      if (number === null || Math.abs(number) > 0x7fff_ffff) return fail(`\`${word} ${text}\` is no check of it`);
      if (word === 'oversize_length') found.oversize_length = number;
      else if (word === 'absolute_offset') place = { offset: number, relative: false };
      // The absolute one counts when both are there.
      else if (word === 'relative_offset') place ??= { offset: number, relative: true };
      else return fail(`\`${word}\` is no check of it`);
    }
    if (!found.bitstring_overflow && !found.double_overflow && found.oversize_length === null)
      return fail('nothing is looked for');
    cx.check(cx.run(option.span), { kind: 'asn1', ...(place ?? { offset: 0, relative: false }), ...found });
  },
  examples: [
    {
      options: 'asn1:bitstring_overflow, oversize_length 10;',
      hits: ['\u0003\u0001\u00ff'],
      misses: ['\u0003\u0001\u0007'],
    },
    {
      options: 'content:"x"; asn1:oversize_length 4, relative_offset 1;',
      hits: ['ax-\u0004\u0005abcde'],
      misses: ['ax-\u0004\u0004abcd'],
    },
    { options: 'asn1:oversize_length;', error: 'keyword/value' },
    { options: 'asn1:absolute_offset 0;', error: 'keyword/value' },
    { options: 'asn1:something;', error: 'keyword/value' },
  ],
};
