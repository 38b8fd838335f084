import type { StreamSide } from '../../../generated/ir.js';
import type { Keyword } from './keyword.js';
import { parseNumeric } from './number.js';
import { splitCommas } from './operand.js';

const SIDES: ReadonlyMap<string, StreamSide> = new Map([
  ['server', 'server'],
  ['client', 'client'],
  ['both', 'both'],
  ['either', 'either'],
]);

export const streamSize: Keyword = {
  name: 'stream_size',
  family: 'flow',
  doc: 'How many octets a side of the TCP stream has sent.',
  value: 'required',
  lower(option, cx) {
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, 'write `stream_size:server,>,1000;`', option.name);
    const [who = '', sign = '', number, ...more] = splitCommas(option.value);
    const side = SIDES.get(who.toLowerCase());
    if (side === undefined) return fail(`\`${who}\` is no side; sides are ${[...SIDES.keys()].join(', ')}`);
    if (number === undefined || more.length > 0) return fail('side, operator and octets are needed');
    if (!['<', '<=', '>', '>=', '=', '!='].includes(sign)) return fail(`\`${sign}\` is no operator`);
    const test = /^[<>=!]/.test(number) ? 'octets are a plain number' : parseNumeric(sign + number, 0xffff_ffff);
    if (typeof test === 'string') return fail(test);
    if (test.kind === 'ranges') cx.condition({ kind: 'packet', test: { kind: 'stream_size', side, test: test.test } });
  },
  examples: [
    { options: 'stream_size:server,>,1000;' },
    { options: 'stream_size:both,!=,7;' },
    { options: 'stream_size:sensor,>,1000;', error: 'keyword/value' },
    { options: 'stream_size:both,<>,5;', error: 'keyword/value' },
    { options: 'stream_size:both,=,4294967296;', error: 'keyword/value' },
  ],
};
