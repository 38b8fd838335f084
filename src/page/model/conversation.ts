import type { EventSegment } from './answer.js';
import { rowFilter } from './query.js';

/** Lines that a ladder is made of, and how many more there are. */
export interface ConversationLines {
  readonly lines: readonly string[];
  readonly left: number;
}

/** Events that a ladder is drawn of, at most, and octets of their lines: the first ones. */
const MOST_EVENTS = 6000;
const MOST_OCTETS = 16 << 20;

/** The calls, alerts, flows and incidents between two hosts, in the order they came. */
export async function conversationLines(
  segments: readonly EventSegment[],
  one: string,
  other: string,
): Promise<ConversationLines> {
  const lines: string[] = [];
  let left = 0;
  // Incidents and flows come last and say who the processes are: they are never what is left out.
  for (const [types, most] of [
    [['incident', 'flow'], MOST_EVENTS / 2],
    [['msrpc', 'alert'], MOST_EVENTS],
  ] as const) {
    let [events, octets] = [most as number, MOST_OCTETS];
    for (const segment of segments) {
      const { columns } = segment;
      const isWanted = rowFilter(columns, { types, host: one, peer: other });
      const rows: number[] = [];
      for (let row = 0; row < columns.length; row += 1) {
        if (!isWanted(row)) continue;
        octets -= columns.octets[row] ?? 0;
        events -= 1;
        if (events < 0 || octets < 0) left += 1;
        else rows.push(row);
      }
      lines.push(...(await segment.lines(rows)));
    }
  }
  return { lines, left };
}
