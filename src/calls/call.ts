import type { AlertEvent, MsrpcEvent, MsrpcRecord } from '../generated/events.js';

/** Microseconds since 1970. */
export type Micros = number;

/** A call as the ladder shows it. */
export interface Call {
  /** When it began. */
  readonly at: Micros;
  /** Addresses of who calls and who is called. */
  readonly from: string;
  readonly to: string;
  /** Port of who is called; 0 without one. */
  readonly port: number;
  readonly flow: number;
  readonly record: MsrpcRecord;
  /** What rules said about it. */
  readonly alerts: readonly Alarm[];
}

/** Whether a call is wanted. */
export type CallFilter = (call: Call) => boolean;

/** An alert as the ladder shows it. */
export interface Alarm {
  readonly at: Micros;
  readonly from: string;
  readonly to: string;
  /** `2027189`; with its generator when that is not 1: `3:42`. */
  readonly sid: string;
  readonly priority: number;
  readonly msg: string;
  /** The detections its rule names in `metadata: detection`. */
  readonly detections: readonly string[];
  /** How often, and when the last time. */
  readonly count: number;
  readonly until: Micros;
}

/** The call of an event. */
export function callOf(event: MsrpcEvent, alerts: readonly Alarm[] = []): Call {
  return {
    at: micros(event.msrpc.started ?? event.timestamp),
    from: event.src_ip ?? '?',
    to: event.dest_ip ?? '?',
    port: event.dest_port ?? 0,
    flow: event.flow_id ?? 0,
    record: event.msrpc,
    alerts,
  };
}

/** The alarm of an alert. */
export function alarmOf(event: AlertEvent): Alarm {
  const { gid, signature_id, severity, signature, metadata } = event.alert;
  const at = micros(event.timestamp);
  return {
    at,
    count: 1,
    until: at,
    from: event.src_ip ?? '?',
    to: event.dest_ip ?? '?',
    sid: gid === 1 ? String(signature_id) : `${gid}:${signature_id}`,
    priority: severity,
    msg: signature,
    detections: metadata?.detection ?? [],
  };
}

/** Adds an alarm to others in the order of time; one of the same rule as the last is counted there. */
export function addAlarm(alarms: Alarm[], alarm: Alarm): void {
  const last = alarms.at(-1);
  if (last?.sid !== alarm.sid) alarms.push(alarm);
  else alarms[alarms.length - 1] = { ...last, count: last.count + alarm.count, until: alarm.until };
}

/** EVE's time: `2026-11-21T08:00:00.000000+0000`, always in UTC. */
export function micros(timestamp: string): Micros {
  return Date.parse(`${timestamp.slice(0, 19)}Z`) * 1000 + Number(timestamp.slice(20, 26));
}

/** A time as people read it: `2026-11-21 08:00:00.000000`. */
export function civil(at: Micros): string {
  const seconds = Math.floor(at / 1_000_000);
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${String(at - seconds * 1_000_000).padStart(6, '0')}`;
}

/** What carries a call, in one word or two: `tcp 49154`, `pipe svcctl`. */
export function carriage({ record, port }: Call): string {
  if (record.transport === 'smb') return record.pipe === undefined ? 'smb' : `pipe ${record.pipe}`;
  return `${record.transport} ${port}`;
}
