import type { Span } from '../source/span.js';

/** A value of YAML with its place. */
export type Value = ScalarValue | ListValue | MapValue;

/** A text, a number, a truth value, or nothing. */
export interface ScalarValue {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly value: string | number | boolean | null;
  /** As it is written, without quotes. */
  readonly text: string;
}

export interface ListValue {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly Value[];
}

export interface MapValue {
  readonly kind: 'map';
  readonly span: Span;
  readonly entries: readonly Entry[];
}

/** A member of a map. */
export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Value;
}

/** A value that is not there. */
export function nothing(span: Span): ScalarValue {
  return { kind: 'scalar', span, value: null, text: '' };
}

/** A member of a map. */
export function member(map: MapValue, key: string): Entry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** The text of a member that is a scalar. */
export function textOf(map: MapValue, key: string): string | null {
  const value = member(map, key)?.value;
  return value?.kind === 'scalar' && value.value !== null ? value.text : null;
}

/** The texts of a member that is a scalar or a list of them. */
export function textsOf(value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (value.kind === 'scalar') return value.value === null ? [] : [value.text];
  return value.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : [])) : [];
}

/** A value without its places, as JSON: the same for the same content. */
export function content(value: Value | undefined): string {
  const plain = (one: Value): unknown =>
    one.kind === 'scalar'
      ? one.value
      : one.kind === 'list'
        ? one.items.map(plain)
        : one.entries.map(({ key, value: inner }) => [key, plain(inner)]);
  return JSON.stringify(value === undefined ? null : plain(value));
}
