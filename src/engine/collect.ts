import type { AlertEvent, EveEvent, EventOf, EventType } from './events.js';
import type { Run } from './run.js';
import type { Summary } from './summary.js';

/** Everything a run gave. */
export interface Collected {
  readonly events: readonly EveEvent[];
  readonly alerts: readonly AlertEvent[];
  readonly summary: Summary;
  /** The events of one type. */
  of<T extends EventType>(type: T): EventOf<T>[];
}

/** Runs to the end and keeps every event: for tests and small captures. */
export async function collect(run: Run): Promise<Collected> {
  const events: EveEvent[] = [];
  for await (const event of run) events.push(event);
  const of = <T extends EventType>(type: T) => events.filter((event): event is EventOf<T> => event.event_type === type);
  return { events, alerts: of('alert'), summary: await run.summary(), of };
}
