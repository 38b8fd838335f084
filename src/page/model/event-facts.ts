import { type Micros, micros } from '../../calls/call.js';
import { type JsonMembers, membersOf, nameOf, numberOf, textOf } from './members.js';

/** What events are found by. What an event does not say is empty, or 0. */
export interface EventFacts {
  readonly at: Micros;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly flow: number;
  /** Of an alert's rule. */
  readonly sid: number;
  /** Of an alert: 1 is the highest. */
  readonly severity: number;
  /** Application protocol, or the one below. */
  readonly protocol: string;
}

/** The facts of an event. Nothing of it is trusted: the file may be of another program, or damaged. */
export function factsOf(event: JsonMembers): EventFacts {
  const alert = membersOf(event.alert);
  const { from, to } = endsOf(event);
  return {
    at: eveMicros(event.timestamp),
    type: nameOf(event.event_type) || 'unknown',
    from,
    to,
    fromPort: portOf(event.src_port),
    toPort: portOf(event.dest_port),
    flow: numberOf(event.flow_id),
    sid: numberOf(alert.signature_id),
    severity: Math.min(Math.max(numberOf(alert.severity), 0), 255),
    protocol: protocolOf(event),
  };
}

/** Who did something to whom, by address: as the event says, or as the log that it is from. */
export function endsOf(event: JsonMembers): { readonly from: string; readonly to: string } {
  const { from: caller, to: called } = membersOf(event.incident);
  const from = nameOf(event.src_ip) || nameOf(membersOf(caller).ip);
  const to = nameOf(event.dest_ip) || nameOf(membersOf(called).ip) || nameOf(membersOf(event.winlog).computer);
  return { from, to };
}

/** Microseconds since 1970 of EVE's time, whatever zone it is written in; 0 for what is no time. */
export function eveMicros(value: unknown): Micros {
  const text = textOf(value);
  const at = micros(text);
  if (!Number.isFinite(at)) return 0;
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(text.slice(19)) ?? [];
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000_000;
  return sign === '-' ? at + ahead : at - ahead;
}

function portOf(value: unknown): number {
  const port = numberOf(value);
  return port >= 0 && port <= 65_535 ? port : 0;
}

/** Types of events that are no protocol. */
const GENERAL_TYPES: readonly string[] = [
  'alert',
  'anomaly',
  'drop',
  'fileinfo',
  'flow',
  'frame',
  'incident',
  'metadata',
  'netflow',
  'packet',
  'stats',
];

function protocolOf(event: JsonMembers): string {
  const application = nameOf(event.app_proto);
  if (application !== '' && application !== 'failed') return application;
  const type = nameOf(event.event_type);
  if (type === 'msrpc') return 'dcerpc';
  if (type !== '' && !GENERAL_TYPES.includes(type)) return type;
  return nameOf(membersOf(event.winlog).channel) || nameOf(event.proto).toLowerCase();
}
