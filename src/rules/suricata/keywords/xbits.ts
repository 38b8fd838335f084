import type { XbitScope } from '../../../generated/ir.js';
import { bitAction, fail, isBitName } from './bits.js';
import type { Keyword } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

/** Longest time an xbit is kept when the rule names none. Seconds. */
const DEFAULT_EXPIRE = 30;

/** Hostbits are kept five minutes, as Suricata keeps them. Seconds. */
const HOSTBITS_EXPIRE = 300;

const SCOPES: ReadonlyMap<string, XbitScope> = new Map([
  ['ip_src', 'source'],
  ['ip_dst', 'destination'],
  ['ip_pair', 'pair'],
  ['ip_path', 'path'],
  ['ip_path_back', 'path_back'],
  ['handle', 'subject'],
  ['tx', 'transaction'],
]);

export const xbits: Keyword = {
  name: 'xbits',
  family: 'flow',
  doc: 'Sets or asks for a named bit kept by source, destination, pair of hosts or transaction; `ip_path` is the pair in this direction only, `ip_path_back` in the other, `handle` what the context handle of a call stands for.',
  value: 'required',
  lower(option, cx) {
    const [word = '', name = '', ...settings] = splitCommas(option.value);
    if (word === 'noalert' && name === '') {
      cx.rule.noalert = true;
      return;
    }
    const action = bitAction(word, option, cx);
    if (action === null) return;
    if (!isBitName(name))
      return fail(option, cx, 'a name of a bit has no blanks', 'write `xbits:set,name,track ip_src;`');
    let scope: XbitScope = 'source';
    let expire = DEFAULT_EXPIRE;
    for (const setting of settings) {
      const [key = '', value = ''] = setting.split(/\s+/);
      const seconds = parseInteger(value);
      const found = SCOPES.get(value);
      if (key === 'track' && found !== undefined) scope = found;
      else if (key === 'expire' && seconds !== null && seconds > 0 && seconds <= 0xffff_ffff) expire = seconds;
      else
        return fail(
          option,
          cx,
          `\`${setting}\` is no setting`,
          `settings are \`track ${[...SCOPES.keys()].join('|')}\` and \`expire SECONDS\``,
        );
    }
    if (scope === 'transaction' && cx.rule.hook === null && action !== 'set') {
      return fail(
        option,
        cx,
        '`track tx` needs a hook in the rule header',
        'write the protocol with a hook, `http1:request_headers`',
      );
    }
    cx.condition({ kind: 'x_bits', action, name, scope, expire });
  },
  examples: [
    { options: 'xbits:set,seen,track ip_src,expire 10;' },
    { options: 'xbits:isset,seen,track ip_pair;' },
    { options: 'xbits:set,sent,track ip_path,expire 60; xbits:isnotset,received,track ip_path_back;' },
    { options: 'xbits:isset,seen,track handle;' },
    { options: 'xbits:set,seen,track ip_src,expire 0;', error: 'keyword/value' },
    { options: 'xbits:set,seen,track host;', error: 'keyword/value' },
  ],
};

export const hostbits: Keyword = {
  name: 'hostbits',
  family: 'flow',
  doc: 'Sets or asks for a named bit of the source or destination host.',
  value: 'required',
  lower(option, cx) {
    const [word = '', name = '', side = 'src', ...more] = splitCommas(option.value);
    if (word === 'noalert' && name === '') {
      cx.rule.noalert = true;
      return;
    }
    const action = bitAction(word, option, cx);
    if (action === null) return;
    if (!isBitName(name) || more.length > 0)
      return fail(option, cx, 'a name of a bit has no blanks', 'write `hostbits:set,name,src;`');
    if (side !== 'src' && side !== 'dst')
      return fail(option, cx, `\`${side}\` is no side`, 'sides are `src` and `dst`');
    cx.condition({
      kind: 'x_bits',
      action,
      name,
      scope: side === 'src' ? 'source' : 'destination',
      expire: HOSTBITS_EXPIRE,
    });
  },
  examples: [
    { options: 'hostbits:set,seen,dst;' },
    { options: 'hostbits:isset,seen;' },
    { options: 'hostbits:isset,seen,both;', error: 'keyword/value' },
  ],
};
