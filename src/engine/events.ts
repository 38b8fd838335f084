import type { EveEvent } from '../generated/events.js';

export type * from '../generated/events.js';

/** The event of one type. */
export type EventOf<T extends EveEvent['event_type']> = Extract<EveEvent, { event_type: T }>;

/** The events in a batch of EVE lines. */
export function parseLines(batch: Buffer): EveEvent[] {
  return batch
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EveEvent);
}
