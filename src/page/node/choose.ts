import type { EventSegment } from '../model/answer.js';

/** How much of the events a page keeps. */
export interface PageBudget {
  /** Events, at most. */
  readonly events: number;
  /** Octets of their lines, at most. */
  readonly octets: number;
}

/** Rows of a segment, in their order. */
export interface ChosenRows {
  readonly segment: EventSegment;
  readonly rows: readonly number[];
}

/** Alerts of one rule between two hosts that are kept before those of others are. */
const ALERTS_OF_ONE = 50;

/**
 * What a page keeps of more events than it may hold: incidents before alerts, these before calls and flows, what belongs to a
 * flow with an alert before what does not; of alerts, the first of each rule and pair before more of the same.
 */
export function chooseRows(segments: readonly EventSegment[], budget: PageBudget): ChosenRows[] {
  const alerted = alertedFlows(segments);
  const ranked = segments.map((segment) => ranksOf(segment, alerted));
  let { events, octets } = budget;
  const chosen: number[][] = segments.map(() => []);
  for (let rank = 0; rank < RANKS; rank += 1)
    for (const [index, { columns }] of segments.entries()) {
      const ranks = ranked[index];
      for (let row = 0; row < columns.length && events > 0; row += 1) {
        const size = columns.octets[row] ?? 0;
        if (ranks?.[row] !== rank || size > octets) continue;
        chosen[index]?.push(row);
        events -= 1;
        octets -= size;
      }
    }
  return segments.map((segment, index) => ({ segment, rows: (chosen[index] ?? []).sort((a, b) => a - b) }));
}

const RANKS = 8;

/** For each row, how soon it is chosen: 0 before all others. */
function ranksOf({ columns }: EventSegment, alerted: ReadonlySet<number>): Uint8Array {
  const ofOne = new Map<string, number>();
  return Uint8Array.from({ length: columns.length }, (_, row) => {
    const type = columns.types.text(columns.type[row] ?? 0);
    if (type === 'incident') return 0;
    if (type === 'alert') {
      const key = `${columns.sid[row]} ${columns.from[row]} ${columns.to[row]}`;
      const times = (ofOne.get(key) ?? 0) + 1;
      ofOne.set(key, times);
      return times <= ALERTS_OF_ONE ? 1 : 3;
    }
    const isAlerted = alerted.has(columns.flow[row] ?? 0);
    if (type === 'msrpc' || type === 'flow') return isAlerted ? 2 : type === 'msrpc' ? 4 : 5;
    return isAlerted ? 6 : 7;
  });
}

function alertedFlows(segments: readonly EventSegment[]): Set<number> {
  const flows = new Set<number>();
  for (const { columns } of segments)
    for (let row = 0; row < columns.length; row += 1)
      if (columns.sid[row] && columns.flow[row]) flows.add(columns.flow[row] ?? 0);
  return flows;
}
