import { type Call, carriage, type Micros } from './call.js';
import { sealed } from './wording.js';

/** The smallest and the greatest of some numbers. */
export interface Range {
  least: number;
  most: number;
}

/** One call, or several that are shown as one. */
export interface Step {
  readonly call: Call;
  /** How many. */
  count: number;
  /** When the last of them began. */
  until: Micros;
  /** Arguments in which they differ. */
  readonly differs: Set<string>;
  /** What makes a call the same as its neighbour. */
  readonly key: string;
  /** Sizes of sealed requests and responses, the smallest and the greatest; in octets. */
  readonly sizes: readonly [Range, Range];
  /** Procedures with their numbers, when this stands for calls that only keep objects. */
  readonly quiet?: ReadonlyMap<string, number>;
}

/** Steps, and how often they follow one another. */
export interface Round {
  readonly steps: readonly Step[];
  readonly times: number;
  /** When the last step of the last round began. */
  readonly until: Micros;
}

/** How calls are put together. */
export interface AggregateOptions {
  /** Also what only keeps objects: see {@link isQuiet}. */
  readonly quiet: boolean;
}

/** Steps that one round may have: a challenge, an answer and the look-up before them are three. */
const LONGEST = 8;

/** What differs from call to call although the call is the same: nonces, and identifiers of objects. */
const FLEETING = new Set([
  'client_challenge',
  'client_credential',
  'ipid',
  'ipids',
  'oid',
  'oxid',
  'references',
  'rem_unknown',
  'returned',
  'server_challenge',
  'server_credential',
]);

/** Interfaces that do nothing but keep objects and tell of types, and procedures of others that do. */
const QUIET_INTERFACES = new Set([
  'IInspectable',
  'IManagedObject',
  'IProvideClassInfo',
  'IRemUnknown',
  'IRemUnknown2',
  'ITypeInfo',
]);
const QUIET_PROCEDURES = new Set(['ComplexPing', 'GetTypeInfo', 'GetTypeInfoCount', 'SimplePing']);

/** Whether a call only keeps objects: DCOM makes many for each that does something. Never one that a rule or a fault marks. */
export function isQuiet({ record, alerts }: Call): boolean {
  if (alerts.length > 0 || record.response?.fault !== undefined || record.procedure === undefined) return false;
  return QUIET_INTERFACES.has(record.interface?.name ?? '') || QUIET_PROCEDURES.has(record.procedure);
}

/** Folds what repeats: equal calls first, then rounds of several. Calls are in the order of time. */
export function aggregate(calls: readonly Call[], { quiet }: AggregateOptions): Round[] {
  const steps = quiet ? quieted(calls) : merged(calls.map(stepOf));
  const rounds: Round[] = [];
  for (let at = 0; at < steps.length; ) {
    const { length, times } = repetition(steps, at);
    const first = steps.slice(at, at + length);
    for (let nth = 1; nth < times; nth += 1)
      for (const [index, step] of first.entries()) note(step, steps[at + nth * length + index]);
    rounds.push({ steps: first, times, until: steps[at + length * times - 1]?.until ?? 0 });
    at += length * times;
  }
  return rounds;
}

function stepOf(call: Call): Step {
  const { record } = call;
  const lasting = Object.entries(record.arguments ?? {}).filter(([name]) => !FLEETING.has(name));
  const key = JSON.stringify([
    call.from,
    call.to,
    carriage(call),
    record.interface?.uuid,
    record.opnum,
    record.known,
    record.stub,
    record.request?.incomplete,
    record.response === undefined,
    record.response?.incomplete,
    record.response?.result,
    record.response?.fault,
    record.dcom?.method,
    record.dcom?.class,
    lasting,
    call.alerts.map(({ sid }) => sid),
  ]);
  return { call, count: 1, until: call.at, differs: new Set(), key, sizes: sizesOf(call) };
}

function sizesOf({ record }: Call): readonly [Range, Range] {
  const range = (size = 0): Range => (sealed(record) ? { least: size, most: size } : { least: 0, most: 0 });
  return [range(record.request?.size), range(record.response?.size)];
}

/** Neighbours that are the same as one. */
function merged(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  for (const step of steps) {
    const last = out.at(-1);
    if (last === undefined || last.key !== step.key) out.push(step);
    else {
      note(last, step);
      for (const [side, range] of last.sizes.entries()) {
        range.least = Math.min(range.least, step.sizes[side]?.least ?? range.least);
        range.most = Math.max(range.most, step.sizes[side]?.most ?? range.most);
      }
      last.count += step.count;
      last.until = step.until;
    }
  }
  return out;
}

const NO_SIZES: readonly [Range, Range] = [
  { least: 0, most: 0 },
  { least: 0, most: 0 },
];

/** Runs of quiet calls as one step each, between the others. */
function quieted(calls: readonly Call[]): Step[] {
  const steps: Step[] = [];
  let run: Call[] = [];
  const flush = (): void => {
    const [call] = run;
    if (call === undefined) return;
    const quiet = new Map<string, number>();
    for (const { record } of run) quiet.set(record.procedure ?? '', (quiet.get(record.procedure ?? '') ?? 0) + 1);
    const key = JSON.stringify([call.from, call.to, carriage(call), [...quiet]]);
    steps.push({
      call,
      count: run.length,
      until: run.at(-1)?.at ?? call.at,
      differs: new Set(),
      key,
      quiet,
      sizes: NO_SIZES,
    });
    run = [];
  };
  for (const call of calls) {
    const [first] = run;
    const goesOn =
      isQuiet(call) && (first === undefined || (first.from === call.from && carriage(first) === carriage(call)));
    if (!goesOn) flush();
    if (isQuiet(call)) run.push(call);
    else steps.push(stepOf(call));
  }
  flush();
  return merged(steps);
}

/** The shortest round from here that covers most, at least three times; else one step once. */
function repetition(steps: readonly Step[], at: number): { length: number; times: number } {
  let best = { length: 1, times: 1 };
  for (let length = 2; length <= LONGEST; length += 1) {
    let same = 0;
    while (isSame(steps[at + same], steps[at + same + length])) same += 1;
    const times = Math.floor(same / length) + 1;
    if (times >= 3 && times * length > best.times * best.length) best = { length, times };
  }
  return best;
}

/** In a round, sealed calls of different sizes are different calls: their size is all that is known of them. */
function isSame(one: Step | undefined, other: Step | undefined): boolean {
  if (one === undefined || one.key !== other?.key || one.count !== other.count) return false;
  return one.sizes.every(
    ({ least, most }, side) => least === other.sizes[side]?.least && most === other.sizes[side]?.most,
  );
}

/** Notes in which arguments two steps differ that are the same otherwise. */
function note(one: Step, other: Step | undefined): void {
  const [mine, theirs] = [one.call.record.arguments, other?.call.record.arguments];
  for (const name of FLEETING)
    if (JSON.stringify(mine?.[name]) !== JSON.stringify(theirs?.[name])) one.differs.add(name);
}
