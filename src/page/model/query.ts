import type { Micros } from '../../calls/call.js';
import type { EventColumns, TextTable } from './columns.js';

/** Which events are wanted; what is absent does not matter. It is written into the address of the page. */
export interface EventQuery {
  readonly types?: readonly string[];
  /** An address on either end, or how it begins when `*` stands behind. */
  readonly host?: string;
  /** A second address, on the other end. */
  readonly peer?: string;
  /** A port on either end. */
  readonly port?: number;
  readonly flow?: number;
  /** Of the alert's rule. */
  readonly sid?: number;
  /** The lowest of the alert: 2 takes 1 and 2. */
  readonly severity?: number;
  readonly protocol?: string;
  readonly since?: Micros;
  readonly until?: Micros;
  /** Anywhere in the line of the event, upper and lower case alike. */
  readonly text?: string;
}

const NUMBERS = ['port', 'flow', 'sid', 'severity', 'since', 'until'] as const;
const TEXTS = ['host', 'peer', 'protocol', 'text'] as const;

/** The query that parameters of an address say. What cannot be read does not matter. */
export function queryOf(parameters: URLSearchParams): EventQuery {
  const query: { -readonly [Key in keyof EventQuery]: EventQuery[Key] } = {};
  const types = parameters.get('type')?.split(',').filter(Boolean);
  if (types?.length) query.types = types;
  for (const name of TEXTS) {
    const value = parameters.get(name);
    if (value) query[name] = value;
  }
  for (const name of NUMBERS) {
    const value = parameters.get(name);
    if (value && Number.isFinite(Number(value))) query[name] = Number(value);
  }
  return query;
}

/** The parameters that say a query. */
export function parametersOf(query: EventQuery): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query.types?.length) parameters.set('type', query.types.join(','));
  for (const name of [...TEXTS, ...NUMBERS]) {
    const value = query[name];
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return parameters;
}

/** Which rows a query wants, as far as columns say it; its text is another matter. */
export function rowFilter(columns: EventColumns, query: EventQuery): (row: number) => boolean {
  const filters: ((row: number) => boolean)[] = [];
  const { types, host, peer, protocol, port, since, until, severity } = query;
  if (types?.length) {
    const wanted = chosen(columns.types, (text) => types.includes(text));
    filters.push((row) => wanted[columns.type[row] ?? 0] === 1);
  }
  if (protocol) {
    const wanted = chosen(columns.protocols, (text) => text === protocol);
    filters.push((row) => wanted[columns.protocol[row] ?? 0] === 1);
  }
  const ends = [host, peer].filter((name) => name !== undefined).map((name) => chosen(columns.hosts, naming(name)));
  const [one, other] = ends;
  if (one && other) filters.push(between(columns, one, other));
  else if (one) filters.push((row) => one[columns.from[row] ?? 0] === 1 || one[columns.to[row] ?? 0] === 1);
  if (port !== undefined) filters.push((row) => columns.fromPort[row] === port || columns.toPort[row] === port);
  if (query.flow !== undefined) filters.push((row) => columns.flow[row] === query.flow);
  if (query.sid !== undefined) filters.push((row) => columns.sid[row] === query.sid);
  if (severity !== undefined)
    filters.push((row) => columns.severity[row] !== 0 && (columns.severity[row] ?? 0) <= severity);
  if (since !== undefined) filters.push((row) => (columns.at[row] ?? 0) >= since);
  if (until !== undefined) filters.push((row) => (columns.at[row] ?? 0) <= until);
  return (row) => filters.every((filter) => filter(row));
}

function between(columns: EventColumns, one: Uint8Array, other: Uint8Array): (row: number) => boolean {
  return (row) => {
    const [from, to] = [columns.from[row] ?? 0, columns.to[row] ?? 0];
    return (one[from] === 1 && other[to] === 1) || (one[to] === 1 && other[from] === 1);
  };
}

/** For each text of a table, 1 where it is wanted. */
function chosen({ texts }: TextTable, isWanted: (text: string) => boolean): Uint8Array {
  return Uint8Array.from(texts, (text) => (isWanted(text) ? 1 : 0));
}

function naming(name: string): (text: string) => boolean {
  const start = name.slice(0, -1);
  return name.endsWith('*') ? (text) => text.startsWith(start) : (text) => text === name;
}

/** Whether a line holds a text, upper and lower case alike. JSON writes some characters otherwise than people do. */
export function lineFilter(text: string): (line: string) => boolean {
  const wanted = JSON.stringify(text).slice(1, -1).toLowerCase();
  return (line) => line.toLowerCase().includes(wanted);
}
