import { lowerNumber } from './fields.js';
import type { Keyword } from './keyword.js';

const SIDES: ReadonlyMap<string, string> = new Map([
  ['toserver', '_toserver'],
  ['toclient', '_toclient'],
  ['either', ''],
]);

/** `flow.pkts:toserver,>10`: counters with a direction of their own. */
function counter(name: 'flow.pkts' | 'flow.bytes', doc: string): Keyword {
  return {
    name,
    family: 'flow',
    doc,
    needs: { field: name },
    value: 'required',
    lower(option, cx) {
      const comma = option.value.indexOf(',');
      const side = SIDES.get(option.value.slice(0, Math.max(0, comma)).trim());
      const row = side === undefined ? undefined : cx.catalog.field(name + side);
      if (row === undefined) {
        return cx.report(
          'keyword/value',
          option.span,
          'the direction is missing',
          `write \`${name}:toserver,>10;\`; directions are ${[...SIDES.keys()].join(', ')}`,
          name,
        );
      }
      lowerNumber(option, row, option.value.slice(comma + 1), cx);
    },
    examples: [
      { options: `${name}:toserver,>10;` },
      { options: `${name}:either,5<>10;` },
      { options: `${name}:>10;`, error: 'keyword/value' },
    ],
  };
}

export const flowPackets = counter('flow.pkts', 'Packets of the flow so far, in one direction or in either.');
export const flowBytes = counter('flow.bytes', 'Octets of the flow so far, in one direction or in either.');
