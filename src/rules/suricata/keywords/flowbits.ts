import { bitAction, fail, isBitName } from './bits.js';
import type { Keyword } from './keyword.js';

export const flowbits: Keyword = {
  name: 'flowbits',
  family: 'flow',
  doc: 'Sets or asks for named bits of the flow; `a|b` stands for any of several.',
  value: 'required',
  quotes: 'kept',
  lower(option, cx) {
    const comma = option.value.indexOf(',');
    const word = (comma < 0 ? option.value : option.value.slice(0, comma)).trim();
    const rest = comma < 0 ? '' : option.value.slice(comma + 1).trim();
    if (word === 'noalert') {
      if (comma >= 0) fail(option, cx, '`noalert` takes no name', 'write `noalert;` or `flowbits:noalert;`');
      else cx.rule.noalert = true;
      return;
    }
    const action = bitAction(word, option, cx);
    if (action === null) return;
    const names = rest.split('|').map((name) => name.trim());
    if (!names.every(isBitName)) {
      fail(
        option,
        cx,
        rest === '' ? 'a name is missing' : 'a name of a bit has no blanks',
        'write `flowbits:set,name;`',
      );
      return;
    }
    cx.condition({ kind: 'flow_bits', action, names });
  },
  examples: [
    { options: 'flowbits:set,login;' },
    { options: 'flowbits:isset,a|b;' },
    { options: 'flowbits:isnotset,a; flowbits:toggle,b; flowbits:unset,c;' },
    { options: 'flowbits:noalert;' },
    { options: 'flowbits:set;', error: 'keyword/value' },
    { options: 'flowbits:isset,a b;', error: 'keyword/value' },
    { options: 'flowbits:reset;', error: 'keyword/value' },
  ],
};
