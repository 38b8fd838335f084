import { PAYLOAD } from '../lower/context.js';
import type { Keyword } from './keyword.js';

export const replace: Keyword = {
  name: 'replace',
  family: 'payload',
  doc: 'Accepted for old rules: a passive engine changes no packet.',
  value: 'required',
  quotes: 'required',
  lower(option, cx) {
    if (cx.content === null || cx.content.run.condition.buffer !== PAYLOAD) {
      cx.report(
        'content/missing',
        option.span,
        '`replace` has no `content` of the payload before it',
        'put it after the `content` it belongs to',
        option.name,
      );
      return;
    }
    cx.report(
      'keyword/obsolete',
      option.span,
      '`replace` has no effect: packets are never changed',
      'remove it',
      option.name,
    );
  },
  examples: [{ options: 'content:"a"; replace:"b";' }, { options: 'replace:"b";', error: 'content/missing' }],
};
