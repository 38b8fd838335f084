import type { Keyword } from './keyword.js';

export const absent: Keyword = {
  name: 'absent',
  family: 'payload',
  doc: 'The sticky buffer is not there; with `or_else`, or the checks after it hold.',
  value: 'optional',
  lower(option, cx) {
    const fail = (message: string, help: string) => cx.report('keyword/value', option.span, message, help, option.name);
    if (cx.sticky === null)
      return cx.report(
        'buffer/missing',
        option.span,
        '`absent` needs a sticky buffer before it',
        'select the buffer first',
        option.name,
      );
    if (option.value !== '' && option.value !== 'or_else')
      return fail(`\`${option.value}\` is no setting of it`, 'the setting is `or_else`');
    const run = cx.run(option.span);
    if (run.condition.checks.length > 0)
      return fail('`absent` must come first after the buffer', 'put it before the other checks');
    cx.check(run, { kind: 'absent', or_else: option.value === 'or_else' });
  },
  examples: [
    { options: 'http.referer; absent;', protocol: 'http' },
    { options: 'http.referer; absent:or_else; content:"a";', protocol: 'http' },
    { options: 'http.referer; absent; content:"a";', protocol: 'http', error: 'rule/never' },
    { options: 'http.referer; content:"a"; absent;', protocol: 'http', error: 'keyword/value' },
    { options: 'absent;', error: 'buffer/missing' },
  ],
};
