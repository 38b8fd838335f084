import { aggregate, type Round, type Step } from '../../calls/aggregate.js';
import { type Alarm, addAlarm, type Call, carriage, civil, type Micros } from '../../calls/call.js';
import type { Conversation } from '../../calls/collect.js';
import { callPieces, printable } from '../../calls/wording.js';
import { count, plural, style, type Terminal } from '../terminal.js';

/** How a ladder is drawn. */
export interface LadderOptions {
  /** Arguments uncut. */
  readonly full: boolean;
  /** Calls that only keep objects are folded. */
  readonly quiet: boolean;
  /** Times of day instead of seconds since the first packet. */
  readonly absolute: boolean;
  /** Time of the first packet. */
  readonly start: Micros;
}

const STYLES = {
  interface: 'dim',
  name: 'bold',
  value: 'cyan',
  result: 'green',
  failure: 'red',
  remark: 'yellow',
  plain: [],
  alarm: ['bold', 'red'],
} as const;

type Styled = { readonly text: string; readonly kind: keyof typeof STYLES };

type Part = { readonly characters: readonly string[]; readonly kind: keyof typeof STYLES };

/** Columns that arguments get at the least, however narrow the terminal is. */
const MIN_TEXT = 30;
/** Columns by which a line that goes on is indented. */
const INDENT = 2;

interface Row {
  readonly at: Micros;
  readonly round?: Round;
  readonly alarm?: Alarm;
}

/** The lines of a ladder. */
export function ladder(conversation: Conversation, options: LadderOptions, terminal: Terminal): string[] {
  const { calls } = conversation;
  const over = calls.reduce((most, call) => Math.max(most, carriage(call).length), 4);
  const lines = head(conversation, terminal);
  const rounds = aggregate(calls, options);
  const rows: Row[] = [
    ...rounds.map((round) => ({ at: round.steps[0]?.call.at ?? 0, round })),
    ...conversation.alarms.map((alarm) => ({ at: alarm.at, alarm })),
  ];
  // Sorting is stable: of what begins at the same time, calls stay before alerts.
  rows.sort((a, b) => a.at - b.at);
  let alarms: Alarm[] = [];
  const flush = (): void => {
    for (const alarm of alarms) lines.push(...alarmLines(alarm, time(alarm.at, options), ' ', over, options, terminal));
    alarms = [];
  };
  for (const { round, alarm } of rows) {
    if (alarm !== undefined) addAlarm(alarms, alarm);
    if (round === undefined) continue;
    flush();
    lines.push(...roundLines(round, conversation, over, options, terminal));
  }
  flush();
  return [...lines, ''];
}

function head({ one, other, calls, flows }: Conversation, terminal: Terminal): string[] {
  const title = `${one} -> ${other}`;
  const back = calls.some(({ from }) => from === other) ? `; <- where ${other} calls` : '';
  const [first, last] = [calls[0]?.at ?? 0, calls.at(-1)?.at ?? 0];
  const until = first === last ? '' : ` to ${civil(last).slice(sameDay(first, last) ? 11 : 0)}`;
  const about = `${plural(calls.length, 'call')} on ${plural(flows, 'flow')}, ${civil(first)}${until} UTC${back}`;
  const lines = [style(terminal.color.out, 'bold', title), style(terminal.color.out, 'dim', `  ${about}`)];
  const users = distinct(calls.map(user));
  const clients = distinct(calls.map(client));
  if (users !== '') lines.push(style(terminal.color.out, 'dim', `  as ${users}`));
  if (clients !== '') lines.push(style(terminal.color.out, 'dim', `  by ${clients}`));
  return lines;
}

function sameDay(first: Micros, last: Micros): boolean {
  return civil(first).slice(0, 10) === civil(last).slice(0, 10);
}

/** Names that the head of a conversation tells, at most. */
const MAX_NAMES = 6;

function distinct(names: readonly (string | undefined)[]): string {
  const all = [...new Set(names.filter((name) => name !== undefined))];
  return printable(all.slice(0, MAX_NAMES).join(', ')) + (all.length > MAX_NAMES ? `, +${all.length - MAX_NAMES}` : '');
}

/** Who the caller says it is: `CORP\bob (ntlm)`. */
function user({ record: { auth } }: Call): string | undefined {
  if (auth?.user === undefined) return undefined;
  return `${auth.domain ? `${auth.domain}\\` : ''}${auth.user}${auth.provider ? ` (${auth.provider})` : ''}`;
}

/** The calling process, where the caller told it: `WORKSTATION5, process 3660`. */
function client({ record: { dcom } }: Call): string | undefined {
  const { host, pid } = (dcom?.client ?? {}) as { host?: string; pid?: number };
  return host === undefined && pid === undefined
    ? undefined
    : [host, pid === undefined ? undefined : `process ${pid}`].filter(Boolean).join(', ');
}

function roundLines(
  { steps, times, until }: Round,
  conversation: Conversation,
  over: number,
  options: LadderOptions,
  terminal: Terminal,
): string[] {
  const lines = steps.flatMap((step) => stepLines(step, conversation, over, options, terminal, times > 1));
  if (times > 1) {
    const number = steps.reduce((sum, step) => sum + step.count, 0);
    const text = `these ${number} calls ${count(times)} times, the last at ${time(until, options).trim()}`;
    lines.push(style(terminal.color.out, 'bold', `${' '.repeat(timeWidth(options))}  '- ${text}`));
  }
  return lines;
}

function stepLines(
  step: Step,
  conversation: Conversation,
  over: number,
  options: LadderOptions,
  terminal: Terminal,
  inRound: boolean,
): string[] {
  const { call } = step;
  const pieces: Styled[] = step.quiet
    ? [{ text: quietText(step.quiet), kind: 'interface' }]
    : callPieces(call.record, { full: options.full, differs: step.differs, sizes: step.sizes });
  if (step.count > 1 && !step.quiet)
    pieces.push({ text: `  x ${count(step.count)}, the last at ${time(step.until, options).trim()}`, kind: 'name' });
  const arrow = step.quiet ? '..' : call.from === conversation.one ? '->' : '<-';
  const bar = inRound ? '|' : ' ';
  const before = `${time(call.at, options)} ${bar}${arrow} ${carriage(call).padEnd(over)}  `;
  const blank = ' '.repeat(timeWidth(options));
  const alarms = call.alerts.flatMap((alarm) => alarmLines(alarm, blank, bar, over, options, terminal));
  return [...wrapped(before, bar, pieces, options, terminal), ...alarms];
}

function quietText(quiet: ReadonlyMap<string, number>): string {
  return [...quiet].map(([name, number]) => (number > 1 ? `${name} x ${number}` : name)).join(', ');
}

function alarmLines(
  alarm: Alarm,
  stamp: string,
  bar: string,
  over: number,
  options: LadderOptions,
  terminal: Terminal,
): string[] {
  const { msg, sid, priority, detections, count: times, until } = alarm;
  const before = `${stamp} ${bar}!! ${''.padEnd(over)}  `;
  const last = until > alarm.at ? `, the last at ${time(until, options).trim()}` : '';
  const often = times > 1 ? `  x ${count(times)}${last}` : '';
  const text = `${printable(msg)}  [${[sid, `priority ${priority}`, ...detections].join(', ')}]${often}`;
  return wrapped(before, bar, [{ text, kind: 'alarm' }], options, terminal);
}

/** Pieces behind a margin; on a terminal, what does not fit goes on below, indented. Elsewhere a call is one line. */
function wrapped(
  before: string,
  bar: string,
  pieces: readonly Styled[],
  options: LadderOptions,
  terminal: Terminal,
): string[] {
  const room = terminal.wraps ? Math.max(terminal.width - before.length, MIN_TEXT) : Number.POSITIVE_INFINITY;
  const margin = `${' '.repeat(timeWidth(options) + 1)}${bar}`.padEnd(before.length + INDENT);
  const parts = pieces.map(({ text, kind }) => ({ characters: [...text], kind }));
  const characters = parts.flatMap((part) => part.characters);
  const lines: string[] = [];
  for (let from = 0; from < characters.length || lines.length === 0; ) {
    const to = lineEnd(characters, from, lines.length === 0 ? room : Math.max(room - INDENT, MIN_TEXT));
    lines.push((lines.length === 0 ? before : margin) + styled(parts, from, to, terminal));
    from = to;
  }
  return lines;
}

/** Where a line ends that begins at `from`: after the last white space that fits, else where the room is over. */
function lineEnd(characters: readonly string[], from: number, room: number): number {
  if (characters.length - from <= room) return characters.length;
  const space = characters.lastIndexOf(' ', from + room);
  return space > from ? space + 1 : from + room;
}

/** The characters `from` to `to` of pieces, each with its style. */
function styled(parts: readonly Part[], from: number, to: number, terminal: Terminal): string {
  let at = 0;
  let line = '';
  for (const { characters, kind } of parts) {
    const part = characters.slice(Math.max(from - at, 0), Math.max(to - at, 0)).join('');
    at += characters.length;
    if (part !== '') line += style(terminal.color.out, [...[STYLES[kind]].flat()], part);
  }
  return line;
}

function time(at: Micros, { absolute, start }: LadderOptions): string {
  if (absolute) return civil(at);
  const since = at - start;
  return `${since < 0 ? '-' : ''}${(Math.abs(since) / 1_000_000).toFixed(6)}`.padStart(12);
}

function timeWidth(options: LadderOptions): number {
  return options.absolute ? 26 : 12;
}
