import type { FlowIntAction } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

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

function fail(option: Option, cx: RuleContext, message: string, help: string): void {
  cx.report('keyword/value', option.span, message, help, option.name);
}

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
