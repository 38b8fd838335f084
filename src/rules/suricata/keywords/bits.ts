import type { FlowBitAction } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Option } from './keyword.js';

const BIT_ACTIONS: ReadonlyMap<string, FlowBitAction> = new Map([
  ['set', 'set'],
  ['unset', 'unset'],
  ['toggle', 'toggle'],
  ['isset', 'is_set'],
  ['isnotset', 'is_not_set'],
]);

export function fail(option: Option, cx: RuleContext, message: string, help: string): void {
  cx.report('keyword/value', option.span, message, help, option.name);
}

export function bitAction(word: string, option: Option, cx: RuleContext): FlowBitAction | null {
  const action = BIT_ACTIONS.get(word);
  if (action === undefined)
    fail(option, cx, `\`${word}\` is no action`, `actions are ${[...BIT_ACTIONS.keys()].join(', ')} and noalert`);
  return action ?? null;
}

export function isBitName(name: string): boolean {
  return name !== '' && !/\s/.test(name);
}
