import type { Keyword } from './keyword.js';

/** Names `ipopts` takes, as Suricata has them. */
const IP_OPTIONS = ['rr', 'lsrr', 'eol', 'nop', 'ts', 'sec', 'esec', 'ssrr', 'satid', 'any', 'cipso', 'qs', 'rtralt'];

export const ipopts: Keyword = {
  name: 'ipopts',
  family: 'header',
  doc: 'An IPv4 option is there.',
  value: 'required',
  lower(option, cx) {
    const value = option.value.toLowerCase();
    if (!IP_OPTIONS.includes(value))
      return cx.report(
        'keyword/value',
        option.span,
        `no IPv4 option \`${option.value}\``,
        `options are ${IP_OPTIONS.join(', ')}`,
        option.name,
      );
    cx.condition({
      kind: 'packet',
      test: { kind: 'ip_option', option: value === 'any' ? null : value, negated: false },
    });
  },
  examples: [
    { options: 'ipopts:lsrr;', protocol: 'ip' },
    { options: 'ipopts:none;', protocol: 'ip', error: 'keyword/value' },
  ],
};
