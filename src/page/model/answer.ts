import type { Micros } from '../../calls/call.js';
import type { EventColumns, TextTable } from './columns.js';
import { type EventQuery, lineFilter, rowFilter } from './query.js';

/** Events that lie together: their columns, and where their lines are had. */
export interface EventSegment {
  readonly columns: EventColumns;
  /** Number of the first of them among all events there were. */
  readonly first: number;
  /** The lines of some rows, in the order of the rows. */
  lines(rows: readonly number[]): Promise<string[]>;
}

/** How often a value occurs. */
export type FacetCount = readonly [value: string, count: number];

/** What the wanted events have, most frequent first. */
export interface FacetCounts {
  readonly type: readonly FacetCount[];
  readonly host: readonly FacetCount[];
  readonly protocol: readonly FacetCount[];
  readonly sid: readonly FacetCount[];
}

/** Events by time, in spans of the same length. */
export interface TimeHistogram {
  readonly start: Micros;
  /** Microseconds. */
  readonly span: Micros;
  /** All events, and the alerts among them. */
  readonly all: readonly number[];
  readonly alerts: readonly number[];
}

/** Some of the wanted events, newest first, and what all of them have. */
export interface EventPage {
  /** How many are wanted. */
  readonly total: number;
  readonly lines: readonly string[];
  /** Number of each line among all events there were. */
  readonly numbers: readonly number[];
  /** Where the next page begins; absent on the last one. */
  readonly before?: number;
  readonly facets: FacetCounts;
  readonly histogram: TimeHistogram;
  /** A text was looked for in this many events only, the newest: there are too many. */
  readonly searched?: number;
}

/** Events of one page. */
export const PAGE_EVENTS = 200;
/** Lines that are looked into for a text, at most. */
const MOST_SEARCHED = 100_000;
/** Lines that are looked into at once. */
const BATCH = 2000;
/** Values of a facet that are told. */
const MOST_VALUES = 12;
const BARS = 60;

/** Rows of a segment that are wanted, newest first. */
interface FoundRows {
  readonly segment: EventSegment;
  readonly rows: readonly number[];
}

/** The page of wanted events before an event's number (from the newest without one). `segments` are in the order of time. */
export async function answerQuery(
  segments: readonly EventSegment[],
  query: EventQuery,
  before = Number.POSITIVE_INFINITY,
): Promise<EventPage> {
  const { found, searched } = await findRows(segments, query);
  const lines: string[] = [];
  const numbers: number[] = [];
  for (const { segment, rows } of found) {
    const room = PAGE_EVENTS - lines.length;
    if (room <= 0) break;
    const wanted = rows.filter((row) => segment.first + row < before).slice(0, room);
    lines.push(...(await segment.lines(wanted)));
    numbers.push(...wanted.map((row) => segment.first + row));
  }
  const last = numbers.at(-1);
  const hasMore = last !== undefined && found.some(({ segment, rows }) => segment.first + (rows.at(-1) ?? last) < last);
  return {
    total: found.reduce((sum, { rows }) => sum + rows.length, 0),
    lines,
    numbers,
    ...(hasMore ? { before: last } : {}),
    facets: facetsOf(found),
    histogram: histogramOf(found),
    ...(searched === undefined ? {} : { searched }),
  };
}

async function findRows(
  segments: readonly EventSegment[],
  query: EventQuery,
): Promise<{ readonly found: readonly FoundRows[]; readonly searched?: number }> {
  const found: FoundRows[] = [];
  const holdsText = query.text ? lineFilter(query.text) : null;
  let left = MOST_SEARCHED;
  let isWhole = true;
  for (const segment of segments.toReversed()) {
    const rows = wantedRows(segment.columns, query);
    if (holdsText === null) found.push({ segment, rows });
    else {
      isWhole &&= rows.length <= left;
      found.push({ segment, rows: await rowsWithText(segment, rows.slice(0, left), holdsText) });
      left -= Math.min(left, rows.length);
    }
  }
  return isWhole ? { found } : { found, searched: MOST_SEARCHED };
}

function wantedRows(columns: EventColumns, query: EventQuery): number[] {
  const isWanted = rowFilter(columns, query);
  const rows: number[] = [];
  for (let row = columns.length - 1; row >= 0; row -= 1) if (isWanted(row)) rows.push(row);
  return rows;
}

async function rowsWithText(
  segment: EventSegment,
  rows: readonly number[],
  holdsText: (line: string) => boolean,
): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const lines = await segment.lines(batch);
    found.push(...batch.filter((_, index) => holdsText(lines[index] ?? '')));
  }
  return found;
}

function facetsOf(found: readonly FoundRows[]): FacetCounts {
  const [type, host, protocol, sid] = [new Counts(), new Counts(), new Counts(), new Counts()];
  for (const { segment, rows } of found) {
    const { columns } = segment;
    type.addColumn(columns.types, columns.type, rows);
    protocol.addColumn(columns.protocols, columns.protocol, rows);
    host.addColumn(columns.hosts, columns.from, rows);
    host.addColumn(
      columns.hosts,
      columns.to,
      rows.filter((row) => columns.to[row] !== columns.from[row]),
    );
    for (const row of rows) if (columns.sid[row]) sid.add(String(columns.sid[row]), 1);
  }
  return { type: type.most(), host: host.most(), protocol: protocol.most(), sid: sid.most() };
}

/** Values and how often they occur. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(value: string, times: number): void {
    if (value !== '') this.#counts.set(value, (this.#counts.get(value) ?? 0) + times);
  }

  addColumn(table: TextTable, column: Uint32Array, rows: readonly number[]): void {
    const times = new Uint32Array(table.texts.length);
    for (const row of rows) {
      const value = column[row] ?? 0;
      times[value] = (times[value] ?? 0) + 1;
    }
    for (const [value, count] of times.entries()) if (count > 0) this.add(table.text(value), count);
  }

  most(): FacetCount[] {
    return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_VALUES);
  }
}

function histogramOf(found: readonly FoundRows[]): TimeHistogram {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { segment, rows } of found)
    for (const row of rows) {
      const at = segment.columns.at[row] ?? 0;
      if (at === 0) continue;
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
  if (last === 0) return { start: 0, span: 0, all: [], alerts: [] };
  const span = Math.max(Math.ceil((last - first + 1) / BARS), 1);
  const all = new Array<number>(BARS).fill(0);
  const alerts = new Array<number>(BARS).fill(0);
  for (const { segment, rows } of found)
    for (const row of rows) {
      const at = segment.columns.at[row] ?? 0;
      if (at === 0) continue;
      const bar = Math.floor((at - first) / span);
      all[bar] = (all[bar] ?? 0) + 1;
      if (segment.columns.sid[row]) alerts[bar] = (alerts[bar] ?? 0) + 1;
    }
  return { start: first, span, all, alerts };
}
