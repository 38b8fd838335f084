import type { Keyword } from './keyword.js';

/** A keyword without a value for a row that is 1 when it holds and 0 when it does not. */
export function flagKeyword(name: string, protocol: string, doc: string, family = protocol): Keyword {
  return {
    name,
    family,
    doc,
    needs: { protocol },
    value: 'none',
    lower(_option, cx) {
      cx.condition({ kind: 'number', field: name, test: { ranges: [{ min: 1, max: 1 }], negated: false } });
    },
    examples: [
      { options: `${name};`, protocol },
      { options: `${name}:1;`, protocol, error: 'keyword/unexpected-value' },
    ],
  };
}
