/** A range of whole numbers, both ends included. */
export interface Interval {
  readonly from: bigint;
  readonly to: bigint;
}

/** Ranges sorted, disjoint and not touching. */
export type IntervalSet = readonly Interval[];

/** Sorts and joins ranges. */
export function union(ranges: readonly Interval[]): IntervalSet {
  const sorted = [...ranges].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const out: Interval[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last === undefined || range.from > last.to + 1n) out.push(range);
    else if (range.to > last.to) out[out.length - 1] = { from: last.from, to: range.to };
  }
  return out;
}

/** What is in `set` and not in `without`. */
export function subtract(set: IntervalSet, without: IntervalSet): IntervalSet {
  if (without.length === 0) return set;
  const out: Interval[] = [];
  let at = 0;
  for (const range of set) {
    let from = range.from;
    while (at < without.length && (without[at]?.to ?? 0n) < from) at += 1;
    for (let hole = at; from <= range.to; hole += 1) {
      const next = without[hole];
      if (next === undefined || next.from > range.to) {
        out.push({ from, to: range.to });
        break;
      }
      if (next.from > from) out.push({ from, to: next.from - 1n });
      from = next.to + 1n;
    }
  }
  return out;
}
