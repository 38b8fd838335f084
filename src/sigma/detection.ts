import { didYouMean } from '../diagnostics/suggest.js';
import type { SigmaCondition, ValueTest } from '../generated/sigma.js';
import type { Span } from '../source/span.js';
import { type Condition, ConditionError, identifiersOf, parseCondition } from './condition.js';
import type { Reporter } from './document.js';
import { NEVER, readModifiers, TestMaker } from './modifiers.js';
import { type Entry, type ListValue, type MapValue, member, type ScalarValue, type Value } from './values.js';

/** Members of `detection` that are no search identifiers. */
const NOT_SEARCHES = ['condition', 'timeframe'];

/** The search identifiers of a detection, and its conditions. */
export interface Detection {
  readonly searches: ReadonlyMap<string, SigmaCondition>;
  readonly condition: SigmaCondition;
}

/** Lowers a detection; `null` when it has an error, which is said. */
export function readDetection(
  map: MapValue,
  reporter: Reporter,
  placeholders: ReadonlyMap<string, readonly string[]>,
): Detection | null {
  const lowering = new Lowering(reporter, new TestMaker(reporter, placeholders));
  const searches = new Map<string, SigmaCondition>();
  const places = new Map<string, Span>();
  for (const entry of map.entries) {
    if (NOT_SEARCHES.includes(entry.key)) continue;
    places.set(entry.key, entry.keySpan);
    const lowered = lowering.search(entry.value);
    if (lowered) searches.set(entry.key, lowered);
    else if (!reporter.failed)
      lowering.fail(entry.value.span, `\`${entry.key}\` is empty`, 'give it fields or keywords');
  }
  const timeframe = member(map, 'timeframe');
  if (timeframe)
    reporter.say(
      'sigma/timeframe',
      timeframe.keySpan,
      '`timeframe` belonged to aggregations and has no effect',
      'write a correlation with `timespan`',
    );
  const condition = member(map, 'condition');
  if (!condition) {
    lowering.fail(map.span, 'there is no `condition`', 'add one, as in `condition: selection`');
    return null;
  }
  const used = new Set<string>();
  const parsed = conditionsOf(condition, reporter);
  const resolver = new Resolver(reporter, searches, [...places.keys()], used);
  const of = parsed.map(({ condition, offset }) => resolver.resolve(condition, offset));
  for (const [name, span] of places)
    if (!used.has(name) && !name.startsWith('_') && !reporter.failed)
      reporter.say('sigma/unused', span, `no condition names \`${name}\``, 'name it, or remove it');
  if (reporter.failed || of.length === 0) return null;
  const [only] = of;
  return { searches, condition: of.length === 1 && only ? only : { kind: 'any', of } };
}

/** The conditions of a detection: a list of them is any of them. */
function conditionsOf({ value }: Entry, reporter: Reporter): { condition: Condition; offset: number }[] {
  const texts = value.kind === 'list' ? value.items : [value];
  return texts.flatMap((text) => {
    if (text.kind !== 'scalar' || text.value === null) {
      reporter.say(
        'sigma/condition',
        text.span,
        'a condition is a text',
        'write it as `condition: selection and not filter`',
      );
      return [];
    }
    const offset = textOffset(text, reporter);
    try {
      return [{ condition: parseCondition(text.text), offset }];
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      const code = error.aggregation ? 'sigma/aggregation' : 'sigma/condition';
      reporter.say(code, moved(error.span, offset, text.span), error.message, error.help);
      return [];
    }
  });
}

/** Where the text of a scalar begins in the file: behind its quote, where it is plain in between. */
function textOffset({ span, text }: ScalarValue, reporter: Reporter): number {
  const at = reporter.source.text.indexOf(text, span.start);
  return at >= 0 && at < span.end ? at : -1;
}

function moved(span: Span, offset: number, whole: Span): Span {
  return offset < 0 ? whole : { start: span.start + offset, end: Math.max(span.end, span.start + 1) + offset };
}

/** Puts search identifiers into a condition. */
class Resolver {
  constructor(
    readonly reporter: Reporter,
    readonly searches: ReadonlyMap<string, SigmaCondition>,
    readonly names: readonly string[],
    readonly used: Set<string>,
  ) {}

  resolve(condition: Condition, offset: number): SigmaCondition {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return {
          kind: condition.kind === 'and' ? 'all' : 'any',
          of: condition.of.map((one) => this.resolve(one, offset)),
        };
      case 'not':
        return { kind: 'not', of: this.resolve(condition.of, offset) };
      case 'identifier':
        if (!this.names.includes(condition.name)) this.#missing(condition.name, condition.span, offset);
        return this.#search(condition.name);
      case 'quantified': {
        const names = identifiersOf(condition.pattern, this.names);
        if (names.length === 0) this.#missing(condition.pattern ?? 'them', condition.span, offset);
        return { kind: condition.all ? 'all' : 'any', of: names.map((name) => this.#search(name)) };
      }
    }
  }

  #search(name: string): SigmaCondition {
    this.used.add(name);
    return { kind: 'search', name, of: this.searches.get(name) ?? NEVER };
  }

  #missing(name: string, span: Span, offset: number): void {
    const help = didYouMean(name, this.names) ?? `there are ${this.names.join(', ') || 'none'}`;
    this.reporter.say('sigma/identifier', moved(span, offset, span), `there is no search identifier \`${name}\``, help);
  }
}

/** Lowers search identifiers. */
class Lowering {
  constructor(
    readonly reporter: Reporter,
    readonly maker: TestMaker,
  ) {}

  fail(span: Span, message: string, help: string): null {
    this.reporter.say('sigma/detection', span, message, help);
    return null;
  }

  /** A map: all of its fields. A list: any of its maps and keywords. */
  search(value: Value): SigmaCondition | null {
    if (value.kind === 'map') return this.#map(value);
    if (value.kind === 'scalar') return this.#keywords([value], false);
    const keywords = value.items.filter((item) => item.kind === 'scalar');
    const others = value.items.flatMap((item) => (item.kind === 'scalar' ? [] : [this.search(item)]));
    const of = [...(keywords.length > 0 ? [this.#keywords(keywords, false)] : []), ...others];
    return joined('any', of);
  }

  #map(map: MapValue): SigmaCondition | null {
    return joined(
      'all',
      map.entries.map((entry) => this.#field(entry)),
    );
  }

  #keywords(values: readonly ScalarValue[], all: boolean): SigmaCondition | null {
    const modifiers = readModifiers(all ? ['contains', 'all'] : ['contains'], entryOf(values), this.reporter);
    const tests = modifiers && this.maker.tests(values, modifiers);
    return (
      tests &&
      joined(
        all ? 'all' : 'any',
        tests.map((test): SigmaCondition => ({ kind: 'keywords', test })),
      )
    );
  }

  #field(entry: Entry): SigmaCondition | null {
    const [field = '', ...names] = entry.key.split('|');
    if (entry.value.kind === 'map')
      return this.fail(entry.value.span, 'a field takes a value or a list of values', 'write the values as a list');
    const values = scalarsOf(entry.value);
    if (values === null)
      return this.fail(
        entry.value.span,
        'the values of a field are texts and numbers',
        'write maps as a list of the identifier',
      );
    if (field === '') return this.#unbound(entry, names, values);
    const modifiers = readModifiers(names, entry, this.reporter);
    if (!modifiers) return null;
    if (values.length === 0)
      return this.fail(entry.value.span, `\`${field}\` has no values`, 'give it some, or remove it');
    const tests = this.maker.tests(values, modifiers);
    if (!tests) return null;
    const of = tests.map((test): SigmaCondition => ({ kind: 'field', field, test }));
    const whole = this.#isNever(of, modifiers.all) ? NEVER : joined(modifiers.all ? 'all' : 'any', of);
    return modifiers.negated && whole ? { kind: 'not', of: whole } : whole;
  }

  /** Keywords with modifiers: `'|all': [a, b]`. */
  #unbound(entry: Entry, names: readonly string[], values: readonly ScalarValue[]): SigmaCondition | null {
    if (names.length === 0)
      return this.fail(entry.keySpan, 'a field has no name', 'write keywords as a list, or give the field a name');
    const modifiers = readModifiers(names, entry, this.reporter);
    if (!modifiers) return null;
    if (modifiers.kind === 'text' && modifiers.place === 'whole') modifiers.place = 'inside';
    const tests = this.maker.tests(values, modifiers);
    return (
      tests &&
      joined(
        modifiers.all ? 'all' : 'any',
        tests.map((test): SigmaCondition => ({ kind: 'keywords', test })),
      )
    );
  }

  #isNever(of: readonly SigmaCondition[], all: boolean): boolean {
    const isEmpty = ({ test }: { test: ValueTest }) => test.kind === 'text' && test.patterns.length === 0;
    const empty = of.filter((one) => one.kind === 'field' && isEmpty(one));
    return of.length === 0 || (all && empty.length > 0);
  }
}

function joined(kind: 'all' | 'any', of: readonly (SigmaCondition | null)[]): SigmaCondition | null {
  const known = of.filter((one) => one !== null);
  const [only] = known;
  if (known.length !== of.length || !only) return null;
  return known.length === 1 ? only : { kind, of: known };
}

function scalarsOf(value: ScalarValue | ListValue): readonly ScalarValue[] | null {
  if (value.kind === 'scalar') return [value];
  return value.items.every((item) => item.kind === 'scalar') ? value.items : null;
}

function entryOf(values: readonly ScalarValue[]): Entry {
  const [value] = values;
  const span = value?.span ?? { start: 0, end: 1 };
  return { key: '', keySpan: span, value: value ?? { kind: 'scalar', span, value: null, text: '' } };
}
