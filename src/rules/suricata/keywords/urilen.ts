import type { Keyword } from './keyword.js';
import { parseNumeric } from './number.js';

export const urilen: Keyword = {
  name: 'urilen',
  family: 'http',
  doc: 'The size of the URI, normalised or `raw`. Octets.',
  value: 'required',
  lower(option, cx) {
    const fail = (message: string) =>
      cx.report(
        'keyword/value',
        option.span,
        message,
        'write `urilen:10`, `urilen:>10` or `urilen:10<>20,raw`',
        option.name,
      );
    const comma = option.value.indexOf(',');
    const form = comma < 0 ? 'norm' : option.value.slice(comma + 1).trim();
    if (form !== 'norm' && form !== 'raw') return fail(`\`${form}\` is no form; forms are \`norm\` and \`raw\``);
    const test = parseNumeric(comma < 0 ? option.value : option.value.slice(0, comma), 0xffff);
    if (typeof test === 'string') return fail(test);
    if (test.kind === 'bits') return fail('a size has no bits');
    const row = cx.catalog.modifier(form === 'raw' ? 'http_raw_uri' : 'http_uri');
    if (row === undefined)
      return cx.report(
        'keyword/unsupported',
        option.span,
        'no protocol gives a URI yet',
        'rules with it load once HTTP is there',
        'urilen',
      );
    cx.check(cx.runOf(row.name, row, option.span), { kind: 'bsize', test: test.test });
  },
  examples: [
    { options: 'urilen:14;', protocol: 'http' },
    { options: 'urilen:5<>10,raw;', protocol: 'http' },
    { options: 'urilen:5,cooked;', protocol: 'http', error: 'keyword/value' },
    { options: 'urilen:2; http.uri; content:"abc";', protocol: 'http', error: 'rule/never' },
  ],
};
