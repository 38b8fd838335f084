import type { EventSegment } from './answer.js';
import { rowFilter } from './query.js';

/** Lines that a ladder is made of, and how many more there are. */
export interface ConversationLines {
  readonly lines: readonly string[];
  readonly left: number;
}

/** Events that a ladder is drawn of, at most: the first ones. */
const MOST_EVENTS = 6000;

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
    let room: number = most;
    for (const segment of segments) {
      const isWanted = rowFilter(segment.columns, { types, host: one, peer: other });
      const rows = Array.from({ length: segment.columns.length }, (_, row) => row).filter(isWanted);
      lines.push(...(await segment.lines(rows.slice(0, room))));
      left += Math.max(rows.length - room, 0);
      room -= Math.min(rows.length, room);
    }
  }
  return { lines, left };
}
