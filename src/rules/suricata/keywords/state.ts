import type { FlowBitAction, FlowIntAction, XbitScope } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

const BIT_ACTIONS: ReadonlyMap<string, FlowBitAction> = new Map([
  ['set', 'set'],
  ['unset', 'unset'],
  ['toggle', 'toggle'],
  ['isset', 'is_set'],
  ['isnotset', 'is_not_set'],
]);

/** Longest time an xbit is kept when the rule names none. Seconds. */
const DEFAULT_EXPIRE = 30;
/** Hostbits are kept five minutes, as Suricata keeps them. Seconds. */
const HOSTBITS_EXPIRE = 300;

function fail(option: Option, cx: RuleContext, message: string, help: string): void {
  cx.report('keyword/value', option.span, message, help, option.name);
}

function bitAction(word: string, option: Option, cx: RuleContext): FlowBitAction | null {
  const action = BIT_ACTIONS.get(word);
  if (action === undefined)
    fail(option, cx, `\`${word}\` is no action`, `actions are ${[...BIT_ACTIONS.keys()].join(', ')} and noalert`);
  return action ?? null;
}

function isBitName(name: string): boolean {
  return name !== '' && !/\s/.test(name);
}

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

const INT_ACTIONS: ReadonlyMap<string, FlowIntAction> = new Map([
  ['=', 'set'],
  ['+', 'add'],
  ['-', 'subtract'],
  ['<', 'less'],
  ['<=', 'less_or_equal'],
  ['==', 'equal'],
  ['!=', 'not_equal'],
  ['>=', 'greater_or_equal'],
  ['>', 'greater'],
  ['isset', 'is_set'],
  ['notset', 'not_set'],
  ['isnotset', 'not_set'],
]);

const INT_NAME = /^[A-Za-z][\w./-]*$/;

export const flowint: Keyword = {
  name: 'flowint',
  family: 'flow',
  doc: 'Sets, changes or compares a named number of the flow.',
  value: 'required',
  lower(option, cx) {
    const [name = '', word = '', operand = '', ...more] = splitCommas(option.value);
    const action = INT_ACTIONS.get(word.toLowerCase());
    if (!INT_NAME.test(name) || more.length > 0) {
      fail(option, cx, 'the number needs a name', 'write `flowint:name,+,1;`');
    } else if (action === undefined) {
      fail(option, cx, `\`${word}\` is no operation`, `operations are ${[...INT_ACTIONS.keys()].join(' ')}`);
    } else if (action === 'is_set' || action === 'not_set') {
      if (operand !== '') fail(option, cx, `\`${word}\` takes no value`, `write \`flowint:${name},${word};\``);
      else cx.condition({ kind: 'flow_int', name, action, value: null });
    } else {
      const number = parseInteger(operand);
      if (number === null ? !INT_NAME.test(operand) : number > 0xffff_ffff) {
        fail(option, cx, `\`${operand}\` is neither a number below 2^32 nor a name`, 'write `flowint:name,+,1;`');
      } else {
        cx.condition({ kind: 'flow_int', name, action, value: number ?? operand });
      }
    }
  },
  examples: [
    { options: 'flowint:tries,+,1;' },
    { options: 'flowint:tries,>=,limit;' },
    { options: 'flowint:tries,notset; flowint:other,isset;' },
    { options: 'flowint:tries,=,4294967296;', error: 'keyword/value' },
    { options: 'flowint:tries,**,1;', error: 'keyword/value' },
    { options: 'flowint:tries,=;', error: 'keyword/value' },
  ],
};

const SCOPES: ReadonlyMap<string, XbitScope> = new Map([
  ['ip_src', 'source'],
  ['ip_dst', 'destination'],
  ['ip_pair', 'pair'],
  ['ip_path', 'path'],
  ['ip_path_back', 'path_back'],
  ['tx', 'transaction'],
]);

export const xbits: Keyword = {
  name: 'xbits',
  family: 'flow',
  doc: 'Sets or asks for a named bit kept by source, destination, pair of hosts or transaction; `ip_path` is the pair in this direction only, `ip_path_back` in the other.',
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
