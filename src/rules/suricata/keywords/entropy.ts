import type { Compare } from '../../../generated/ir.js';
import type { Keyword } from './keyword.js';
import { parseSigned } from './number.js';
import { splitCommas } from './operand.js';

const COMPARE: ReadonlyMap<string, Compare> = new Map([
  ['<', 'less'],
  ['<=', 'less_or_equal'],
  ['=', 'equal'],
  ['', 'equal'],
  ['!=', 'not_equal'],
  ['!', 'not_equal'],
  ['>=', 'greater_or_equal'],
  ['>', 'greater'],
]);

export const entropy: Keyword = {
  name: 'entropy',
  family: 'payload',
  doc: 'The Shannon entropy of the buffer, 0 to 8 bits an octet.',
  value: 'required',
  lower(option, cx) {
    let bytes = 0;
    let offset = 0;
    let wanted: { operator: Compare; value: number } | null = null;
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, 'write `entropy:bytes 100, offset 0, value >= 7`', option.name);
    for (const part of splitCommas(option.value)) {
      const match = /^(bytes|offset|value)\s+(<=|>=|!=|<|>|=|!)?\s*([-+]?[\d.]+)$/.exec(part);
      if (match === null) return fail(`\`${part}\` is no setting of it`);
      const [, key, sign = '', text = ''] = match;
      const operator = COMPARE.get(sign);
      if (key === 'value') {
        const value = Number(text);
        if (operator === undefined || !Number.isFinite(value)) return fail(`\`${text}\` is no number`);
        wanted = { operator, value };
      } else {
        const value = parseSigned(text);
        if (sign !== '' || value === null || Math.abs(value) > 0x7fff_ffff || (key === 'bytes' && value < 0))
          return fail(`\`${part}\` is out of range`);
        if (key === 'bytes') bytes = value;
        else offset = value;
      }
    }
    if (wanted === null) return fail('`value` is missing');
    cx.check(cx.run(option.span), { kind: 'entropy', bytes, offset, ...wanted });
  },
  examples: [
    { options: 'entropy:value >= 7.5;' },
    { options: 'entropy:bytes 10, offset 5, value < 4;' },
    { options: 'entropy:bytes 10;', error: 'keyword/value' },
  ],
};
