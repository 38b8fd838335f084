import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';

const isUpper = (octet: number) => octet >= 65 && octet <= 90;
const isLower = (octet: number) => octet >= 97 && octet <= 122;
const isSpace = (octet: number) => octet === 32 || (octet >= 9 && octet <= 13);

/** Which octets a transform leaves; a pattern with others can never match behind it. */
export const TRANSFORM_LIMITS: ReadonlyMap<string, (octet: number) => boolean> = new Map([
  ['to_lowercase', (octet: number) => !isUpper(octet)],
  ['to_uppercase', (octet: number) => !isLower(octet)],
  ['strip_whitespace', (octet: number) => !isSpace(octet)],
]);

/** Transforms that need more than the catalog's name: how their argument is written. */
interface Form {
  readonly value: Keyword['value'];
  /** The argument is in quotes. */
  readonly quoted: boolean;
  /** Why the argument is none; `null` when it is one. */
  refuse(argument: string): string | null;
}

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  [
    'pcrexform',
    {
      value: 'required',
      quoted: true,
      refuse(argument) {
        const groups = countGroups(argument);
        return groups === 1 ? null : `the expression needs exactly one capturing group, not ${groups}`;
      },
    },
  ],
  [
    'xor',
    {
      value: 'required',
      quoted: true,
      refuse: (argument) =>
        /^([0-9a-f]{2}){1,255}$/i.test(argument) ? null : 'the key is hexadecimal digits in pairs',
    },
  ],
  [
    'from_base64',
    {
      value: 'optional',
      quoted: false,
      refuse(argument) {
        if (argument === '') return null;
        const ok = argument
          .split(',')
          .every((part) => /^\s*(bytes\s+\w+|offset\s+\w+|mode\s+(rfc4648|rfc2045|strict))\s*$/i.test(part));
        return ok ? null : 'arguments are `bytes N`, `offset N` and `mode rfc4648|rfc2045|strict`';
      },
    },
  ],
  [
    'gunzip',
    {
      value: 'optional',
      quoted: false,
      refuse: (argument) => (/^(max-size\s+\w+)?$/i.test(argument) ? null : 'the argument is `max-size N`'),
    },
  ],
  [
    'zlib_deflate',
    {
      value: 'optional',
      quoted: false,
      refuse: (argument) => (/^(max-size\s+\w+)?$/i.test(argument) ? null : 'the argument is `max-size N`'),
    },
  ],
]);

/** Capturing groups of an expression: opening parentheses that are not escaped, in a class, or `(?:`-like. */
function countGroups(expression: string): number {
  let groups = 0;
  let inClass = false;
  for (let at = 0; at < expression.length; at += 1) {
    const char = expression[at];
    if (char === '\\') at += 1;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '(') {
      const named = /^\?(P?<[A-Za-z_]|')/.test(expression.slice(at + 1, at + 5));
      if (expression[at + 1] !== '?' || named) groups += 1;
    }
  }
  return groups;
}

/** A keyword for a transform of the catalog. */
export function transformKeyword(name: string): Keyword {
  const form = FORMS.get(name);
  return {
    name,
    family: 'transform',
    doc: 'Changes the sticky buffer before it for the checks after it.',
    value: form?.value ?? 'none',
    ...(form?.quoted === true ? { quotes: 'required' as const } : {}),
    lower(option: Option, cx: RuleContext) {
      const problem = form?.refuse(option.value) ?? null;
      if (problem !== null) cx.report('keyword/value', option.span, problem, `write it as \`${name}\` asks for`, name);
      else cx.transform({ name, argument: option.value }, option.span);
    },
    examples: [],
  };
}
