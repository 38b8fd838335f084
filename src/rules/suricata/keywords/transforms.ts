import type { Base64Mode, Transform } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

const isUpper = (octet: number) => octet >= 65 && octet <= 90;
const isLower = (octet: number) => octet >= 97 && octet <= 122;
const isSpace = (octet: number) => octet === 32 || (octet >= 9 && octet <= 13);

/** Which octets a transform leaves; a pattern with others can never match behind it. */
export const TRANSFORM_LIMITS: ReadonlyMap<string, (octet: number) => boolean> = new Map([
  ['to_lowercase', (octet: number) => !isUpper(octet)],
  ['to_uppercase', (octet: number) => !isLower(octet)],
  ['strip_whitespace', (octet: number) => !isSpace(octet)],
]);

/** A transform that takes an argument: how it is written. */
interface Form {
  readonly value: Keyword['value'];
  /** The argument is in quotes. */
  readonly quoted: boolean;
  /** The transform, or why the argument is none. */
  read(argument: string): Transform | string;
}

/** Octets `gunzip` and `zlib_deflate` give when the rule does not say. */
const INFLATED = 1024;
/** And at most. */
const MAX_INFLATED = 1 << 24;

/** `max-size N`, or a sentence about what is wrong with it. */
function readMaxSize(argument: string): number | string {
  if (argument === '') return INFLATED;
  const size = parseInteger(/^max-size\s+(\w+)$/i.exec(argument)?.[1] ?? '');
  return size === null || size < 1 || size > MAX_INFLATED
    ? `the argument is \`max-size N\`, 1 to ${MAX_INFLATED}`
    : size;
}

const BASE64_MODES: ReadonlyMap<string, Base64Mode> = new Map([
  ['rfc4648', 'rfc4648'],
  ['rfc2045', 'rfc2045'],
  ['strict', 'strict'],
]);

function readBase64(argument: string): Transform | string {
  const transform: Transform = { name: 'from_base64', bytes: 0, offset: 0, mode: 'rfc4648' };
  for (const part of argument === '' ? [] : splitCommas(argument)) {
    const [key = '', text = '', ...more] = part.toLowerCase().split(/\s+/);
    const [value, mode] = [parseInteger(text), BASE64_MODES.get(text)];
    if (more.length === 0 && key === 'bytes' && value !== null && value <= 0xffff_ffff) transform.bytes = value;
    else if (more.length === 0 && key === 'offset' && value !== null && value <= 0xffff_ffff) transform.offset = value;
    else if (more.length === 0 && key === 'mode' && mode !== undefined) transform.mode = mode;
    else return 'arguments are `bytes N`, `offset N` and `mode rfc4648|rfc2045|strict`';
  }
  return transform;
}

function inflating(name: 'gunzip' | 'zlib_deflate'): Form {
  return {
    value: 'optional',
    quoted: false,
    read(argument) {
      const size = readMaxSize(argument);
      return typeof size === 'string' ? size : { name, max_size: size };
    },
  };
}

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  [
    'pcrexform',
    {
      value: 'required',
      quoted: true,
      read(pattern) {
        const groups = countGroups(pattern);
        return groups === 1
          ? { name: 'pcrexform', pattern }
          : `the expression needs exactly one capturing group, not ${groups}`;
      },
    },
  ],
  [
    'xor',
    {
      value: 'required',
      quoted: true,
      read: (key) =>
        /^([0-9a-f]{2}){1,255}$/i.test(key) ? { name: 'xor', key } : 'the key is hexadecimal digits in pairs',
    },
  ],
  ['from_base64', { value: 'optional', quoted: false, read: readBase64 }],
  ['gunzip', inflating('gunzip')],
  ['zlib_deflate', inflating('zlib_deflate')],
]);

/** Names of transforms without an argument. */
type PlainTransform = Exclude<Transform['name'], 'pcrexform' | 'xor' | 'from_base64' | 'gunzip' | 'zlib_deflate'>;

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
      // The catalog's names are those of the IR: both come from one list of the engine.
      const read = form?.read(option.value) ?? { name: name as PlainTransform };
      if (typeof read === 'string')
        cx.report('keyword/value', option.span, read, `write it as \`${name}\` asks for`, name);
      else cx.transform(read, option.span);
    },
    examples: [],
  };
}
