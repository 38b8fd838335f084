import type { Keyword } from './keyword.js';

export const sameip: Keyword = {
  name: 'sameip',
  family: 'header',
  doc: 'Source and destination have the same address.',
  value: 'none',
  lower(_option, cx) {
    cx.condition({ kind: 'packet', test: { kind: 'same_ip', negated: false } });
  },
  examples: [{ options: 'sameip;', protocol: 'ip' }],
};
