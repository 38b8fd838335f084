import type { Compare } from '../../../generated/ir.js';
import { PAYLOAD } from '../lower/context.js';
import type { Keyword } from './keyword.js';
import { parseInteger, parseNumeric, parseSigned } from './number.js';
import { readOperand, splitCommas } from './operand.js';

export const isdataat: Keyword = {
  name: 'isdataat',
  family: 'payload',
  doc: 'There is an octet so far from the beginning or, `relative`, from the last match; `!` asks that there is none.',
  value: 'required',
  negatable: true,
  lower(option, cx) {
    const [at = '', ...words] = splitCommas(option.value);
    const bad = words.find((word) => word !== 'relative' && word !== 'rawbytes');
    if (bad !== undefined)
      return cx.report(
        'keyword/value',
        option.span,
        `\`${bad}\` is no setting of it`,
        'settings are `relative` and `rawbytes`',
        option.name,
      );
    const relative = words.includes('relative');
    const run = cx.runAfterLast(relative, option.span);
    const offset = readOperand(at, 0, 65_535, cx, option.span, run);
    if (offset === null) return;
    cx.check(run, { kind: 'is_data_at', offset, relative, negated: option.negated });
  },
  examples: [
    { options: 'isdataat:2;', hits: ['abc'], misses: ['ab'] },
    { options: 'content:"a"; isdataat:!1,relative;', hits: ['a'], misses: ['ab'] },
    { options: 'isdataat:65536;', error: 'keyword/value' },
    { options: 'isdataat:1,near;', error: 'keyword/value' },
    { options: 'isdataat:n;', error: 'variable/unknown' },
  ],
};

export const bsize: Keyword = {
  name: 'bsize',
  family: 'payload',
  doc: 'The size of the sticky buffer. Octets.',
  value: 'required',
  lower(option, cx) {
    if (cx.sticky === null)
      return cx.report(
        'buffer/missing',
        option.span,
        '`bsize` needs a sticky buffer before it',
        'use `dsize` for the payload of a packet',
        option.name,
      );
    const parsed = parseNumeric(option.value, 0xffff_ffff);
    if (typeof parsed === 'string')
      return cx.report(
        'keyword/value',
        option.span,
        parsed,
        'write `bsize:10`, `bsize:>10` or `bsize:10<>20`',
        option.name,
      );
    if (parsed.kind === 'bits')
      return cx.report('keyword/value', option.span, 'a size has no bits', 'compare it with a number', option.name);
    cx.check(cx.run(option.span), { kind: 'size', test: parsed.test });
  },
  examples: [
    { options: 'http.uri; content:"a"; bsize:>3;', protocol: 'http' },
    { options: 'http.uri; bsize:3<>5;', protocol: 'http' },
    { options: 'http.uri; bsize:3<>4;', protocol: 'http', error: 'keyword/value' },
    { options: 'content:"a"; bsize:5;', error: 'buffer/missing' },
    { options: 'http.uri; content:"abcd"; bsize:<3;', protocol: 'http', error: 'rule/never' },
  ],
};

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

export const base64Decode: Keyword = {
  name: 'base64_decode',
  family: 'payload',
  doc: 'Decodes base64 for `base64_data`: how many octets, from where.',
  value: 'optional',
  lower(option, cx) {
    let bytes = 0;
    let offset = 0;
    let relative = false;
    for (const part of option.value === '' ? [] : splitCommas(option.value)) {
      const [key = '', text = ''] = part.split(/\s+/);
      const value = parseInteger(text);
      if (part === 'relative') relative = true;
      else if (key === 'bytes' && value !== null && value <= 65_535) bytes = value;
      else if (key === 'offset' && value !== null && value <= 0xffff_ffff) offset = value;
      else
        return cx.report(
          'keyword/value',
          option.span,
          `\`${part}\` is no setting of it`,
          'settings are `bytes N`, `offset N` and `relative`',
          option.name,
        );
    }
    cx.seen.set('base64_decode', option.span);
    cx.check(cx.runAfterLast(relative, option.span), { kind: 'base64_decode', bytes, offset, relative });
  },
  examples: [
    { options: 'base64_decode; base64_data; content:"a";', hits: ['YWJj'], misses: ['eHl6'] },
    { options: 'base64_decode:bytes 65536; base64_data; content:"a";', error: 'keyword/value' },
  ],
};

const COMPARE: ReadonlyMap<string, Compare> = new Map([
  ['<', 'less'],
  ['<=', 'less_or_equal'],
  ['=', 'equal'],
  ['', 'equal'],
  ['!=', 'not_equal'],
  ['!', 'not_equal'],
  ['>=', 'greater_or_equal'],
  ['>', 'greater'],
]);

export const entropy: Keyword = {
  name: 'entropy',
  family: 'payload',
  doc: 'The Shannon entropy of the buffer, 0 to 8 bits an octet.',
  value: 'required',
  lower(option, cx) {
    let bytes = 0;
    let offset = 0;
    let wanted: { operator: Compare; value: number } | null = null;
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, 'write `entropy:bytes 100, offset 0, value >= 7`', option.name);
    for (const part of splitCommas(option.value)) {
      const match = /^(bytes|offset|value)\s+(<=|>=|!=|<|>|=|!)?\s*([-+]?[\d.]+)$/.exec(part);
      if (match === null) return fail(`\`${part}\` is no setting of it`);
      const [, key, sign = '', text = ''] = match;
      const operator = COMPARE.get(sign);
      if (key === 'value') {
        const value = Number(text);
        if (operator === undefined || !Number.isFinite(value)) return fail(`\`${text}\` is no number`);
        wanted = { operator, value };
      } else {
        const value = parseSigned(text);
        if (sign !== '' || value === null || Math.abs(value) > 0x7fff_ffff || (key === 'bytes' && value < 0))
          return fail(`\`${part}\` is out of range`);
        if (key === 'bytes') bytes = value;
        else offset = value;
      }
    }
    if (wanted === null) return fail('`value` is missing');
    cx.check(cx.run(option.span), { kind: 'entropy', bytes, offset, ...wanted });
  },
  examples: [
    { options: 'entropy:value >= 7.5;' },
    { options: 'entropy:bytes 10, offset 5, value < 4;' },
    { options: 'entropy:bytes 10;', error: 'keyword/value' },
  ],
};

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
