import { aggregate, type Step } from '../../calls/aggregate.js';
import { type Alarm, addAlarm, carriage, type Micros, micros } from '../../calls/call.js';
import { Collection } from '../../calls/collect.js';
import { sealed } from '../../calls/wording.js';
import type {
  AlertEvent,
  EveEvent,
  FlowEvent,
  IncidentRecord,
  MsrpcEvent,
  MsrpcRecord,
} from '../../generated/events.js';
import { drawnEvents } from './event-shape.js';
import { parsedLines } from './members.js';

/** A host, or a process on it: a vertical line of the ladder. */
export interface LadderLane {
  readonly ip: string;
  /** As its log names it. */
  readonly host?: string;
  readonly pid?: number;
  /** Program, without its folder. Absent for the host itself. */
  readonly image?: string;
}

/** What a row of the ladder has beside its kind. */
interface RowBase {
  readonly at: Micros;
}

/** Calls that are shown as one arrow. */
export interface CallRow extends RowBase {
  readonly kind: 'call';
  readonly step: Step;
  /** Numbers of lanes. */
  readonly from: number;
  readonly to: number;
  readonly over: string;
  readonly isSealed: boolean;
  readonly hasFailed: boolean;
  readonly isQuiet: boolean;
  readonly event: MsrpcEvent | undefined;
  readonly alerts: readonly AlertEvent[];
  /** How often the last `roundLength` calls, this one among them, follow one another. */
  readonly times?: number;
  readonly roundLength?: number;
}

/** An alert between two hosts that belongs to none of their calls. */
export interface AlarmRow extends RowBase {
  readonly kind: 'alarm';
  readonly alarm: Alarm;
  readonly from: number;
  readonly to: number;
  readonly event: AlertEvent | undefined;
}

/** A process that started because of a call. */
export interface EffectRow extends RowBase {
  readonly kind: 'effect';
  readonly lane: number;
  readonly incident: IncidentRecord;
  readonly effect: StartedProcess;
}

export type LadderRow = CallRow | AlarmRow | EffectRow;

/** What two hosts did with each other, from above to below. */
export interface LadderPicture {
  readonly lanes: readonly LadderLane[];
  readonly rows: readonly LadderRow[];
  readonly calls: number;
  /** Time of the first row. */
  readonly start: Micros;
}

/** Lanes of one host. Further processes are shown on the lane of the host itself. */
const MOST_LANES = 6;

/** The events of lines that a ladder can be made of: those that are what their type says. */
export function ladderEvents(lines: readonly string[]): EveEvent[] {
  return drawnEvents(parsedLines(lines));
}

/** The ladder of two hosts, of the events between them. Calls that only keep objects are folded unless `isFull`. */
export function ladderPicture(events: readonly EveEvent[], isFull: boolean): LadderPicture {
  const seen = new Collection(null, true);
  const known = new KnownEvents();
  for (const event of events) {
    known.take(event);
    seen.take(event);
  }
  const lanes = new Lanes(known);
  const rows: LadderRow[] = seen.conversations().flatMap(({ calls, alarms }) => [
    ...aggregate(calls, { quiet: !isFull }).flatMap(({ steps, times }) =>
      steps.map((step, index): CallRow => {
        const isLast = index === steps.length - 1;
        return { ...callRow(step, lanes, known), ...(times > 1 && isLast ? { times, roundLength: steps.length } : {}) };
      }),
    ),
    ...foldedAlarms(alarms).map((alarm): AlarmRow => {
      const [from, to] = [lanes.of(alarm.from), lanes.of(alarm.to)];
      return { kind: 'alarm', at: alarm.at, alarm, from, to, event: known.alarm(alarm) };
    }),
  ]);
  // Sorting is stable: steps of a round stay together where their times are equal, calls stay before alerts.
  rows.sort((a, b) => a.at - b.at);
  for (const incident of known.incidents) placeEffects(incident, rows, lanes);
  const order = lanes.byHost();
  const places = order.map((_, number) => order.indexOf(number));
  return {
    lanes: order.flatMap((number) => lanes.all[number] ?? []),
    rows: rows.map((row) => inPlace(row, places)),
    calls: seen.calls,
    start: rows[0]?.at ?? 0,
  };
}

/** A row with its lanes where they are shown. */
function inPlace(row: LadderRow, places: readonly number[]): LadderRow {
  if (row.kind === 'effect') return { ...row, lane: places[row.lane] ?? 0 };
  return { ...row, from: places[row.from] ?? 0, to: places[row.to] ?? 0 };
}

function callRow(step: Step, lanes: Lanes, known: KnownEvents): CallRow {
  const { call } = step;
  const { from, to } = lanes.ofCall(call);
  const event = known.call(call.record);
  return {
    kind: 'call',
    at: call.at,
    step,
    from,
    to,
    over: carriage(call),
    isSealed: sealed(call.record),
    hasFailed: call.record.response?.fault !== undefined || call.record.refused !== undefined,
    isQuiet: step.quiet !== undefined,
    event,
    alerts: event === undefined ? [] : known.alertsOf(event),
  };
}

function foldedAlarms(alarms: readonly Alarm[]): Alarm[] {
  const folded: Alarm[] = [];
  for (const alarm of alarms) addAlarm(folded, alarm);
  return folded;
}

/** What ran stands behind the call that it came of: times of logs are not those of the capture. */
function placeEffects(incident: IncidentRecord, rows: LadderRow[], lanes: Lanes): void {
  const last = micros(incident.last);
  for (const effect of incident.effect ?? []) {
    let place = causeOf(effect, incident, rows);
    if (place < 0) place = rows.findLastIndex(({ at }) => at <= last);
    // What came of one call stands in the order of the log.
    while (rows[place + 1]?.kind === 'effect') place += 1;
    const { ip, host } = incident.to;
    const lane = lanes.add({ ip, ...(host ? { host } : {}), ...processOf(effect) });
    rows.splice(place + 1, 0, { kind: 'effect', at: rows[place]?.at ?? last, lane, incident, effect });
  }
}

type StartedProcess = NonNullable<IncidentRecord['effect']>[number];

/**
 * The row of the call that a process came of: the one that says most of its command line, else the first with an alert of the
 * incident that no other exceeds; -1 for none.
 */
function causeOf(effect: StartedProcess, incident: IncidentRecord, rows: readonly LadderRow[]): number {
  const line = (effect.command_line ?? '').toLowerCase();
  const told = rows.map((row) => (row.kind === 'call' ? longestIn(line, row.step.call.record.arguments) : 0));
  const most = Math.max(...told, 0);
  if (most > 0) return told.indexOf(most);
  const ids = new Set(incident.alerts?.map(({ signature_id }) => signature_id));
  const severities = rows.map((row) => {
    const own = row.kind === 'call' ? row.alerts.filter(({ alert }) => ids.has(alert.signature_id)) : [];
    return Math.min(...own.map(({ alert }) => alert.severity), NO_SEVERITY);
  });
  const worst = Math.min(...severities, NO_SEVERITY);
  return worst === NO_SEVERITY ? -1 : severities.indexOf(worst);
}

const NO_SEVERITY = 256;
/** Characters that a text must have to say whose it is. */
const SHORTEST_MARK = 8;

/** Characters of the longest text among arguments that a line holds. */
function longestIn(line: string, value: unknown): number {
  if (typeof value === 'string')
    return value.length >= SHORTEST_MARK && line.includes(value.toLowerCase()) ? value.length : 0;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map((member) => longestIn(line, member)));
}

interface ProcessFacts {
  readonly pid?: number;
  readonly image?: string;
}

function processOf({ pid, image }: ProcessFacts): ProcessFacts {
  const program = image?.split(/[\\/]/).at(-1);
  return { ...(pid === undefined ? {} : { pid }), ...(program ? { image: program } : {}) };
}

/** Events by what refers to them. */
class KnownEvents {
  readonly incidents: IncidentRecord[] = [];
  readonly flows = new Map<number, FlowEvent>();
  readonly #calls = new Map<MsrpcRecord, MsrpcEvent>();
  readonly #alerts = new Map<string, AlertEvent[]>();
  readonly #loose = new Map<string, AlertEvent>();

  take(event: EveEvent): void {
    if (event.event_type === 'msrpc') this.#calls.set(event.msrpc, event);
    else if (event.event_type === 'flow') this.flows.set(event.flow_id ?? 0, event);
    else if (event.event_type === 'incident') this.incidents.push(event.incident);
    else if (event.event_type === 'alert') {
      const key = `${event.flow_id}/${event.tx_id}`;
      this.#alerts.set(key, [...(this.#alerts.get(key) ?? []), event]);
      this.#loose.set(`${micros(event.timestamp)} ${event.alert.signature}`, event);
    }
  }

  call(record: MsrpcRecord): MsrpcEvent | undefined {
    return this.#calls.get(record);
  }

  alertsOf({ flow_id, tx_id }: MsrpcEvent): readonly AlertEvent[] {
    return this.#alerts.get(`${flow_id}/${tx_id}`) ?? [];
  }

  alarm({ at, msg }: Alarm): AlertEvent | undefined {
    return this.#loose.get(`${at} ${msg}`);
  }
}

interface CallEnds {
  readonly from: string;
  readonly to: string;
  readonly flow: number;
  readonly record: MsrpcRecord;
}

/** The lanes there are, each once, in the order they come. */
class Lanes {
  readonly #lanes: LadderLane[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(private readonly known: KnownEvents) {}

  get all(): readonly LadderLane[] {
    return this.#lanes;
  }

  /** Numbers of lanes, those of one host side by side. */
  byHost(): number[] {
    const hosts = [...new Set(this.#lanes.map(({ ip }) => ip))];
    const numbers = [...this.#lanes.keys()];
    return hosts.flatMap((host) => numbers.filter((number) => this.#lanes[number]?.ip === host));
  }

  /** The lane of a host. */
  of(ip: string): number {
    return this.add({ ip });
  }

  /** The lanes of a call's ends: processes where a log or the capture names them. */
  ofCall({ from, to, flow, record }: CallEnds): { readonly from: number; readonly to: number } {
    const event = this.known.flows.get(flow);
    const isForward = event === undefined || event.src_ip === from;
    const { client, server } = event?.endpoint ?? {};
    const [caller, called] = isForward ? [client, server] : [server, client];
    const named = record.dcom?.client;
    const pid = record.dcom?.server_pid;
    return {
      from: this.add({
        ip: from,
        ...hostOf(caller?.host ?? named?.host),
        ...processOf(caller ?? (named?.pid === undefined ? {} : { pid: named.pid })),
      }),
      to: this.add({ ip: to, ...hostOf(called?.host), ...processOf(called ?? (pid === undefined ? {} : { pid })) }),
    };
  }

  /** The number of a lane, which is made when it is new. */
  add(lane: LadderLane): number {
    const key = `${lane.ip} ${lane.pid ?? ''} ${lane.image?.toLowerCase() ?? ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const siblings = this.#lanes.filter(({ ip }) => ip === lane.ip);
    const isProcess = lane.pid !== undefined || lane.image !== undefined;
    if (isProcess && siblings.length >= MOST_LANES) return this.of(lane.ip);
    this.#numbers.set(key, this.#lanes.length);
    this.#lanes.push(lane);
    return this.#lanes.length - 1;
  }
}

function hostOf(host: string | undefined): { readonly host?: string } {
  return host ? { host } : {};
}
