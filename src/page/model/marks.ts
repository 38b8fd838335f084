import type { Micros } from '../../calls/call.js';

/** What was decided about a group of alerts or an incident. */
export type MarkState = 'archived' | 'escalated' | 'open';

/** A decision or a note of somebody who read the page. */
export interface PageMark {
  /** Of the group of alerts, or the id of the incident. */
  readonly key: string;
  /** When it was made; ISO 8601. */
  readonly made: string;
  readonly state?: MarkState;
  /** Archived up to the alert of this time: what comes later opens the group again. */
  readonly until?: Micros;
  readonly note?: string;
}

/** All that was decided about one key. */
export interface KeyMarks {
  readonly state: MarkState;
  readonly until: Micros;
  readonly notes: readonly PageMark[];
}

/** Longest note, in characters. */
export const LONGEST_NOTE = 4000;
const LONGEST_KEY = 1000;
const STATES: readonly unknown[] = ['archived', 'escalated', 'open'];

/** The mark that an object is; `null` when it is none. `made` is added where it is missing. */
export function markOf(value: unknown, made = ''): PageMark | null {
  if (typeof value !== 'object' || value === null) return null;
  const { key, state, until, note, made: when = made } = value as Record<string, unknown>;
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY || typeof when !== 'string') return null;
  if (state !== undefined && !STATES.includes(state)) return null;
  if (until !== undefined && !(typeof until === 'number' && Number.isFinite(until))) return null;
  if (note !== undefined && !(typeof note === 'string' && note.trim() !== '' && note.length <= LONGEST_NOTE))
    return null;
  if (state === undefined && note === undefined) return null;
  return {
    key,
    made: when,
    ...(state === undefined ? {} : { state: state as MarkState }),
    ...(until === undefined ? {} : { until }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Marks by key, in the order they were made: of states, the last one counts. */
export function marksByKey(marks: readonly PageMark[]): Map<string, KeyMarks> {
  const byKey = new Map<string, KeyMarks>();
  for (const mark of marks) {
    const known = byKey.get(mark.key) ?? { state: 'open', until: 0, notes: [] };
    byKey.set(mark.key, {
      state: mark.state ?? known.state,
      until: mark.state === undefined ? known.until : (mark.until ?? 0),
      notes: mark.note === undefined ? known.notes : [...known.notes, mark],
    });
  }
  return byKey;
}

/** The state of something that was last seen at a time. */
export function stateAt(marks: KeyMarks | undefined, last: Micros): MarkState {
  if (marks === undefined) return 'open';
  return marks.state === 'archived' && last > marks.until ? 'open' : marks.state;
}
