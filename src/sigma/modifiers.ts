import { isIP } from 'node:net';
import { didYouMean } from '../diagnostics/suggest.js';
import type {
  CompareOperator,
  SigmaCondition,
  TextPattern,
  TimePart,
  ValuePart,
  ValueTest,
} from '../generated/sigma.js';
import type { Reporter } from './document.js';
import { type Place, parsePattern, placed, plainText } from './pattern.js';
import { base64Offsets, encode, expand, octetPieces, type TextEncoding, windash } from './transform.js';
import type { Entry, ScalarValue } from './values.js';

/** What the modifiers of a field ask for. */
export interface Modifiers {
  place: Place;
  all: boolean;
  cased: boolean;
  windash: boolean;
  expand: boolean;
  encoding: TextEncoding;
  base64: 'no' | 'whole' | 'offset';
  /** What kind of test it is. */
  kind: 'text' | 'regex' | 'cidr' | 'exists' | 'fieldref' | 'compare' | 'time';
  flags: string;
  operator: CompareOperator;
  part: TimePart;
  negated: boolean;
}

const PLACES: Readonly<Record<string, Place>> = { contains: 'inside', startswith: 'start', endswith: 'end' };
const PARTS: Readonly<Record<Place, ValuePart>> = { whole: 'whole', start: 'start', end: 'end', inside: 'inside' };
const ENCODINGS: Readonly<Record<string, TextEncoding>> = {
  wide: 'utf16le',
  utf16le: 'utf16le',
  utf16be: 'utf16be',
  utf16: 'utf16',
};
const OPERATORS = ['lt', 'lte', 'gt', 'gte'] as const;
const TIME_PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
const FLAGS: Readonly<Record<string, string>> = {
  i: 'i',
  ignorecase: 'i',
  m: 'm',
  multiline: 'm',
  s: 's',
  dotall: 's',
};

/** Every modifier of the specification (version 2.1), with what it asks for; in the order in which they are applied. */
const MODIFIERS: Readonly<Record<string, (modifiers: Modifiers) => void>> = {
  ...each(Object.keys(PLACES), (name, modifiers) => {
    modifiers.place = PLACES[name] ?? 'whole';
  }),
  ...each(Object.keys(ENCODINGS), (name, modifiers) => {
    modifiers.encoding = ENCODINGS[name] ?? 'utf8';
  }),
  ...each(OPERATORS, (name, modifiers) => {
    modifiers.kind = 'compare';
    modifiers.operator = name;
  }),
  ...each(TIME_PARTS, (name, modifiers) => {
    modifiers.kind = 'time';
    modifiers.part = name;
  }),
  ...each(Object.keys(FLAGS), (name, modifiers) => {
    modifiers.flags += FLAGS[name] ?? '';
  }),
  ...each(['re', 'cidr', 'exists', 'fieldref'], (name, modifiers) => {
    modifiers.kind = name === 're' ? 'regex' : (name as 'cidr' | 'exists' | 'fieldref');
  }),
  all: (modifiers) => {
    modifiers.all = true;
  },
  cased: (modifiers) => {
    modifiers.cased = true;
  },
  neq: (modifiers) => {
    modifiers.negated = true;
  },
  windash: (modifiers) => {
    modifiers.windash = true;
  },
  expand: (modifiers) => {
    modifiers.expand = true;
  },
  base64: (modifiers) => {
    modifiers.base64 = 'whole';
  },
  base64offset: (modifiers) => {
    modifiers.base64 = 'offset';
  },
};

function each<Name extends string>(
  names: readonly Name[],
  apply: (name: Name, modifiers: Modifiers) => void,
): Record<string, (modifiers: Modifiers) => void> {
  return Object.fromEntries(names.map((name) => [name, (modifiers: Modifiers) => apply(name, modifiers)]));
}

/** The modifiers behind a field's name; `null` when they make no sense, which is said. */
export function readModifiers(names: readonly string[], { keySpan }: Entry, reporter: Reporter): Modifiers | null {
  const modifiers: Modifiers = {
    place: 'whole',
    all: false,
    cased: false,
    windash: false,
    expand: false,
    encoding: 'utf8',
    base64: 'no',
    kind: 'text',
    flags: '',
    operator: 'eq',
    part: 'hour',
    negated: false,
  };
  const wrong = (message: string, help: string): null => {
    reporter.say('sigma/modifier', keySpan, message, help);
    return null;
  };
  for (const name of names) {
    const apply = MODIFIERS[name];
    if (!apply)
      return wrong(
        `there is no modifier \`${name}\``,
        didYouMean(name, Object.keys(MODIFIERS)) ?? `the modifiers are ${Object.keys(MODIFIERS).sort().join(', ')}`,
      );
    const before = modifiers.kind;
    apply(modifiers);
    if (before !== 'text' && before !== modifiers.kind)
      return wrong(`\`${name}\` does not go with the modifier before it`, 'write two fields, joined by the condition');
  }
  const transforms = modifiers.windash || modifiers.base64 !== 'no' || modifiers.encoding !== 'utf8';
  if (modifiers.flags !== '' && modifiers.kind !== 'regex')
    return wrong('flags belong to a regular expression', 'write `|re|i`');
  if (modifiers.kind !== 'text' && transforms)
    return wrong('a transformation of text does not go with this test', 'leave it out');
  if (modifiers.kind !== 'text' && modifiers.kind !== 'fieldref' && modifiers.place !== 'whole')
    return wrong('`contains`, `startswith` and `endswith` do not go with this test', 'leave them out');
  if (modifiers.encoding !== 'utf8' && modifiers.base64 === 'no')
    return wrong('an encoding has a meaning only before `base64` or `base64offset`', 'add `|base64offset|contains`');
  return modifiers;
}

/** Values with placeholders that have none: the test can never hold. */
export const NEVER: SigmaCondition = { kind: 'any', of: [] };

/** Makes tests of the values of a field. */
export class TestMaker {
  constructor(
    readonly reporter: Reporter,
    readonly placeholders: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** The tests, any of which must hold, or all with `|all`; `null` when a value is wrong, which is said. */
  tests(values: readonly ScalarValue[], modifiers: Modifiers): ValueTest[] | null {
    const made = this.#made(values, modifiers);
    return made.includes(null) ? null : made.filter((test) => test !== null);
  }

  #made(values: readonly ScalarValue[], modifiers: Modifiers): (ValueTest | null)[] {
    switch (modifiers.kind) {
      case 'regex': {
        const patterns = values.map(({ text }) => text);
        return [{ kind: 'regex', patterns, flags: [...new Set(modifiers.flags)].join(''), all: modifiers.all }];
      }
      case 'cidr':
        return values.map((value) => this.#network(value));
      case 'exists':
        return values.map((value) =>
          typeof value.value === 'boolean'
            ? { kind: 'exists', present: value.value }
            : this.#wrong(value, '`exists` takes true or false', 'write `true` or `false` without quotes'),
        );
      case 'fieldref':
        return values.map(({ text }) => ({
          kind: 'field',
          other: text,
          part: PARTS[modifiers.place],
          cased: modifiers.cased,
        }));
      case 'compare':
        return values.map((value) => {
          const number = Number(value.text);
          return value.text.trim() === '' || !Number.isFinite(number)
            ? this.#wrong(value, `\`${modifiers.operator}\` compares numbers`, 'write a number')
            : { kind: 'compare', operator: modifiers.operator, number };
        });
      case 'time': {
        const bad = values.find(({ text }) => !/^\d{1,4}$/.test(text));
        if (bad) return [this.#wrong(bad, `\`${modifiers.part}\` takes whole numbers`, 'write a number, as in `3`')];
        return [{ kind: 'time_part', part: modifiers.part, values: values.map(({ text }) => Number(text)) }];
      }
      default:
        return this.#texts(values, modifiers);
    }
  }

  #texts(values: readonly ScalarValue[], modifiers: Modifiers): (ValueTest | null)[] {
    const tests: (ValueTest | null)[] = [];
    const patterns: TextPattern[] = [];
    for (const value of values) {
      if (value.value === null) {
        tests.push({ kind: 'null' });
        continue;
      }
      const variants = this.#patterns(value, modifiers);
      if (variants === null) return [null];
      // With `|all`, any of the ways to write one value will do for that value.
      if (modifiers.all && variants.length !== 1)
        tests.push({ kind: 'text', patterns: variants, all: false, cased: modifiers.cased });
      else patterns.push(...variants);
    }
    if (patterns.length > 0) tests.push({ kind: 'text', patterns, all: modifiers.all, cased: modifiers.cased });
    return tests;
  }

  /** The patterns of one value: several ways to write it. None when a placeholder has no values. */
  #patterns(value: ScalarValue, modifiers: Modifiers): TextPattern[] | null {
    let texts = [value.text];
    if (modifiers.expand) {
      const { values, missing } = expand(value.text, this.placeholders);
      for (const name of missing)
        this.reporter.say(
          'sigma/placeholder',
          value.span,
          `the placeholder \`%${name}%\` has no values`,
          `give them: --placeholder ${name}=VALUE, once for each`,
        );
      texts = values;
    }
    if (modifiers.windash) texts = texts.flatMap(windash);
    const patterns: TextPattern[] = [];
    for (const text of texts) {
      const pieces = parsePattern(text);
      if (modifiers.base64 === 'no') {
        patterns.push(placed(pieces, modifiers.place));
        continue;
      }
      const plain = plainText(pieces);
      if (plain === null) {
        this.#wrong(
          value,
          'wildcards cannot be encoded',
          'escape them with a backslash, or write the value without them',
        );
        return null;
      }
      const octets = encode(plain, modifiers.encoding);
      const encoded = modifiers.base64 === 'offset' ? base64Offsets(octets) : [octets.toString('base64')];
      patterns.push(...encoded.map((one) => placed(octetPieces(Buffer.from(one)), modifiers.place)));
    }
    return patterns;
  }

  #network(value: ScalarValue): ValueTest | null {
    const [address = '', prefix, ...more] = value.text.split('/');
    const version = isIP(address);
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
    return version !== 0 && fits && more.length === 0
      ? { kind: 'cidr', networks: [value.text] }
      : this.#wrong(value, `\`${value.text}\` is no network`, 'write it as `10.0.0.0/8` or `fe80::/10`');
  }

  #wrong(value: ScalarValue, message: string, help: string): null {
    this.reporter.say('sigma/value', value.span, message, help);
    return null;
  }
}
