import type { FlowRequirement } from '../../../generated/ir.js';
import type { Keyword } from './keyword.js';
import { splitCommas } from './operand.js';

/** What a word asks for. `stateless` asks for nothing, and contradicts what asks for a state. */
type State = keyof FlowRequirement | 'stateless';

const WORDS: ReadonlyMap<string, State> = new Map([
  ['established', 'established'],
  ['not_established', 'not_established'],
  ['stateless', 'stateless'],
  ['to_server', 'to_server'],
  ['from_client', 'to_server'],
  ['to_client', 'to_client'],
  ['from_server', 'to_client'],
  ['only_stream', 'only_stream'],
  ['no_stream', 'no_stream'],
  ['only_frag', 'only_fragment'],
  ['no_frag', 'no_fragment'],
]);

/** What cannot be asked for at once. */
const EXCLUSIVE: readonly (readonly State[])[] = [
  ['established', 'not_established', 'stateless'],
  ['to_server', 'to_client'],
  ['only_stream', 'no_stream'],
  ['only_fragment', 'no_fragment'],
];

export const flow: Keyword = {
  name: 'flow',
  family: 'flow',
  doc: 'The state of the flow, the direction of the packet, and whether stream data or packets are looked at.',
  value: 'required',
  lower(option, cx) {
    const { flow: wanted } = cx.rule;
    if (cx.seen.get('flow') !== undefined && !wanted.to_server && !wanted.to_client) {
      cx.once('flow', option.span);
      return;
    }
    cx.seen.set('flow', option.span);
    const before: Readonly<Partial<Record<State, boolean>>> = { ...wanted };
    const here = new Set<State>();
    for (const word of splitCommas(option.value)) {
      const key = WORDS.get(word.toLowerCase());
      if (key === undefined) {
        cx.report(
          'keyword/value',
          option.span,
          `\`${word}\` is no state of a flow`,
          `states are ${[...WORDS.keys()].join(', ')}`,
          'flow',
        );
        return;
      }
      if (here.has(key)) {
        cx.report('keyword/twice', option.span, `\`${word}\` stands twice`, 'keep one of them', 'flow');
        return;
      }
      here.add(key);
      const rival = EXCLUSIVE.find((group) => group.includes(key))?.find(
        (other) => other !== key && (here.has(other) || before[other]),
      );
      if (rival !== undefined) {
        cx.report('rule/never', option.span, `\`${word}\` contradicts \`${rival}\``, 'keep one of them', 'flow');
        return;
      }
      if (key !== 'stateless') wanted[key] = true;
    }
  },
  examples: [
    { options: 'flow:established,to_server;' },
    { options: 'flow:stateless; content:"a";' },
    { options: 'flow:from_server,no_stream; content:"a";' },
    { options: 'flow:only_frag; content:"a";', protocol: 'ip' },
    { options: 'flow:established,not_established;', error: 'rule/never' },
    { options: 'flow:stateless,established;', error: 'rule/never' },
    { options: 'flow:to_server,to_client;', error: 'rule/never' },
    { options: 'flow:to_server,to_server;', error: 'keyword/twice' },
    { options: 'flow:open;', error: 'keyword/value' },
    { options: 'flow:;', error: 'keyword/missing-value' },
  ],
};
