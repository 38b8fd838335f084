import { type OpenContent, plainContent, type RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { TRANSFORM_LIMITS } from './transforms.js';

/** Longest pattern: as long as the longest rule Suricata reads. Octets. */
const MAX_PATTERN = 8191;

/** The hexadecimal digits of every octet. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** The octets of text as hexadecimal digits. */
function textToHex(value: string, from: number, to: number, latin1: boolean): string {
  let hex = '';
  for (let at = from; at < to; at += 1) {
    const char = value.charCodeAt(at);
    if (char > (latin1 ? 255 : 127)) return hex + Buffer.from(value.slice(at, to), 'utf8').toString('hex');
    hex += HEX[char];
  }
  return hex;
}

const ESCAPED = ':;\\"';

/** The octets of a `content` value as hexadecimal digits; reports and gives `null` when it has none. */
export function parsePattern(option: Option, cx: RuleContext): string | null {
  const { value, span } = option;
  const latin1 = cx.line.source.encoding === 'latin1';
  const fail = (code: 'content/hex' | 'content/escape' | 'content/empty', message: string, help: string): null => {
    cx.report(code, span, message, help, option.name);
    return null;
  };
  let hex = '';
  let digits = '';
  let binary = false;
  let plainFrom = 0;
  const flush = (to: number): void => {
    if (to > plainFrom) hex += textToHex(value, plainFrom, to, latin1);
  };
  for (let at = 0; at < value.length; at += 1) {
    const char = value.charCodeAt(at);
    if (char === 0x7c) {
      if (!binary) flush(at);
      else if (digits.length % 2 !== 0) {
        return fail(
          'content/hex',
          'the hexadecimal digits do not come in pairs',
          'write two digits for each octet: `|0d 0a|`',
        );
      } else {
        hex += digits;
        digits = '';
      }
      binary = !binary;
      plainFrom = at + 1;
    } else if (binary) {
      const digit = value.charAt(at);
      if ((char >= 48 && char <= 57) || (char >= 97 && char <= 102) || (char >= 65 && char <= 70))
        digits += digit.toLowerCase();
      else if (digit !== ' ' && digit !== ',') {
        return fail(
          'content/hex',
          `\`${digit}\` is no hexadecimal digit`,
          'between bars stand pairs of hexadecimal digits: `|0d 0a|`',
        );
      }
    } else if (char === 0x5c) {
      const next = value.charAt(at + 1);
      if (next === '' || !ESCAPED.includes(next)) {
        return fail(
          'content/escape',
          `\`\\${next}\` is no escape`,
          'write `\\\\` for a backslash; escapes are `\\"`, `\\;`, `\\:` and `\\\\`',
        );
      }
      flush(at);
      plainFrom = at + 1;
      at += 1;
    } else if (char === 0x22) {
      return fail('content/escape', 'a double quote stands inside the pattern', 'write `\\"` or `|22|`');
    }
  }
  if (binary)
    return fail('content/hex', 'the hexadecimal part is not closed', 'close it with `|`; a bar itself is `|7c|`');
  flush(value.length);
  if (hex === '') return fail('content/empty', 'the pattern is empty', 'write at least one octet');
  if (hex.length > MAX_PATTERN * 2) {
    cx.report(
      'content/too-long',
      span,
      `the pattern has ${hex.length / 2} octets`,
      `split it: at most ${MAX_PATTERN} octets fit in one`,
    );
    return null;
  }
  return hex;
}

/** Refuses a pattern that a transform of its buffer removes. */
function survivesTransforms(
  option: Option,
  pattern: string,
  transforms: readonly { name: string }[],
  cx: RuleContext,
): boolean {
  for (const { name } of transforms) {
    const limit = TRANSFORM_LIMITS.get(name);
    if (limit === undefined) continue;
    for (const octet of Buffer.from(pattern, 'hex')) {
      if (limit(octet)) continue;
      cx.report(
        'transform/never',
        option.span,
        `after \`${name}\` the buffer never holds this pattern`,
        'write the pattern as the transform leaves it',
      );
      return false;
    }
  }
  return true;
}

export const content: Keyword = {
  name: 'content',
  family: 'payload',
  doc: 'Octets that must be there, or with `!` must not: text, with hexadecimal octets between bars.',
  value: 'required',
  quotes: 'required',
  negatable: true,
  lower(option, cx) {
    const pattern = parsePattern(option, cx);
    if (pattern === null) return;
    const run = cx.run(option.span);
    if (!survivesTransforms(option, pattern, run.condition.transforms, cx)) return;
    open(pattern, option, run, cx);
  },
  examples: [
    { options: 'content:"abc";', hits: ['xabcx'], misses: ['ab', 'ABC'] },
    { options: 'content:"a|0d 0a|b";', hits: ['a\r\nb'], misses: ['ab'] },
    { options: 'content:!"abc"; content:"x";', hits: ['x'], misses: ['abcx'] },
    { options: 'content:"a\\;b\\"c\\\\d\\:e";', hits: ['a;b"c\\d:e'], misses: ['a\\;b'] },
    { options: 'content:"a|0d 0|b";', error: 'content/hex' },
    { options: 'content:"a|0d";', error: 'content/hex' },
    { options: 'content:"a\\b";', error: 'content/escape' },
    { options: 'content:"";', error: 'syntax/quote' },
    { options: 'content:abc;', error: 'syntax/quote' },
  ],
};

export const uricontent: Keyword = {
  name: 'uricontent',
  family: 'http',
  doc: 'A `content` in the normalised URI; `http.uri` is the newer form.',
  value: 'required',
  quotes: 'required',
  negatable: true,
  lower(option, cx) {
    if (cx.sticky !== null) {
      cx.report(
        'buffer/sticky',
        option.span,
        '`uricontent` meets a sticky buffer',
        'write `http.uri; content:"..."` instead',
      );
      return;
    }
    const row = cx.catalog.modifier('http_uri');
    if (row === undefined) {
      cx.report(
        'keyword/unsupported',
        option.span,
        'no protocol gives `http_uri` yet',
        'rules with it load once HTTP is there',
        'uricontent',
      );
      return;
    }
    const pattern = parsePattern(option, cx);
    if (pattern !== null) open(pattern, option, cx.runOf(row.name, row, option.span), cx);
  },
  examples: [{ options: 'uricontent:"/a";', protocol: 'http' }],
};

function open(pattern: string, option: Option, run: OpenContent['run'], cx: RuleContext): void {
  const check = plainContent(pattern, option.negated);
  cx.check(run, check);
  cx.content = {
    check,
    run,
    span: option.span,
    length: pattern.length / 2,
    startsWith: false,
    rawBytes: false,
    seen: [],
  };
}

/** The content a modifier belongs to; reports when there is none or it had the modifier already. */
export function modified(option: Option, cx: RuleContext): OpenContent | null {
  const target = cx.content;
  if (target === null) {
    cx.report(
      'content/missing',
      option.span,
      `\`${option.name}\` has no \`content\` before it`,
      'put it after the `content` it belongs to',
      option.name,
    );
    return null;
  }
  if (target.seen.includes(option.name)) {
    cx.report(
      'keyword/twice',
      option.span,
      `this \`content\` has \`${option.name}\` already`,
      'keep one of them',
      option.name,
    );
    return null;
  }
  target.seen.push(option.name);
  return target;
}

export const nocase: Keyword = {
  name: 'nocase',
  family: 'payload',
  doc: 'The `content` before it matches ASCII letters of either case.',
  value: 'none',
  lower(option, cx) {
    const target = modified(option, cx);
    if (target !== null) target.check.nocase = true;
  },
  examples: [
    { options: 'content:"aBc"; nocase;', hits: ['AbC'], misses: ['ab'] },
    { options: 'content:"a"; nocase; nocase;', error: 'keyword/twice' },
    { options: 'nocase;', error: 'content/missing' },
    { options: 'content:"a"; nocase:1;', error: 'keyword/unexpected-value' },
  ],
};

export const rawbytes: Keyword = {
  name: 'rawbytes',
  family: 'payload',
  doc: 'Accepted for old rules; patterns always look at raw octets.',
  value: 'none',
  lower(option, cx) {
    const target = modified(option, cx);
    if (target !== null) target.rawBytes = true;
  },
  examples: [
    { options: 'content:"a"; rawbytes;', hits: ['a'] },
    { options: 'content:"a"; rawbytes; rawbytes;', error: 'keyword/twice' },
  ],
};
