import type { EveEvent, FlowEvent } from '../generated/events.js';
import { type Alarm, addAlarm, alarmOf, type Call, type CallFilter, callOf } from './call.js';

/** Calls that are kept to be shown; the rest is counted. */
const MAX_CALLS = 500_000;

/** What two hosts said to each other. */
export interface Conversation {
  /** Who called first, and the other. */
  readonly one: string;
  readonly other: string;
  /** In the order of their beginnings. */
  readonly calls: readonly Call[];
  /** Alerts between the two that belong to none of the calls. */
  readonly alarms: readonly Alarm[];
  readonly flows: number;
}

interface Pair {
  readonly calls: Call[];
  readonly flows: Set<number>;
  readonly alarms: Alarm[];
}

/** Puts the events of a run in order: calls by pair of hosts, alerts beside their calls. */
export class Collection {
  /** Calls there were, and those that the filter let through. */
  calls = 0;
  shown = 0;
  /** Alerts between hosts of which no call is shown. */
  elsewhere = 0;
  /** Flows by application protocol. */
  readonly flows = new Map<string, number>();
  /** Hosts and interfaces of all calls. */
  readonly hosts = new Set<string>();
  readonly interfaces = new Set<string>();
  readonly #filter: CallFilter | null;
  readonly #keep: boolean;
  readonly #pairs = new Map<string, Pair>();
  /** Alerts on transactions whose call is not over. */
  readonly #waiting = new Map<string, Alarm[]>();
  readonly #loose: Alarm[] = [];

  /** `keep`: calls are wanted for conversations, not only as they come. */
  constructor(filter: CallFilter | null, keep: boolean) {
    this.#filter = filter;
    this.#keep = keep;
  }

  /** Takes an event; the call when it is one that is wanted. */
  take(event: EveEvent): Call | null {
    switch (event.event_type) {
      case 'flow':
        this.#flow(event);
        return null;
      case 'alert': {
        const alarm = alarmOf(event);
        if (event.msrpc === undefined || event.tx_id === undefined) this.#loose.push(alarm);
        else {
          const key = `${event.flow_id}/${event.tx_id}`;
          const alarms = this.#waiting.get(key) ?? [];
          addAlarm(alarms, alarm);
          this.#waiting.set(key, alarms);
        }
        return null;
      }
      case 'msrpc': {
        const key = `${event.flow_id}/${event.tx_id}`;
        const call = callOf(event, this.#waiting.get(key));
        this.#waiting.delete(key);
        return this.#call(call);
      }
      default:
        return null;
    }
  }

  /** Calls that are not in the conversations because there are too many. */
  get tooMany(): number {
    return Math.max(this.shown - MAX_CALLS, 0);
  }

  /** The conversations, by the time of their first call. */
  conversations(): Conversation[] {
    // Alerts whose call was never written stand where they were raised.
    for (const alarm of [...this.#loose, ...[...this.#waiting.values()].flat()]) {
      const pair = this.#pairs.get(pairKey(alarm.from, alarm.to));
      if (pair === undefined) this.elsewhere += 1;
      else pair.alarms.push(alarm);
    }
    this.#loose.length = 0;
    this.#waiting.clear();
    const pairs = [...this.#pairs.values()].filter(({ calls }) => calls.length > 0);
    // Calls are told when they are over; the ladder shows them by when they began.
    for (const { calls } of pairs) calls.sort((a, b) => a.at - b.at);
    return pairs
      .sort((a, b) => (a.calls[0]?.at ?? 0) - (b.calls[0]?.at ?? 0))
      .map((pair) => ({
        ...pair,
        one: pair.calls[0]?.from ?? '?',
        other: pair.calls[0]?.to ?? '?',
        flows: pair.flows.size,
      }));
  }

  #call(call: Call): Call | null {
    this.calls += 1;
    this.hosts.add(call.from).add(call.to);
    const on = call.record.interface ?? call.record.refused?.[0];
    this.interfaces.add(on?.name ?? on?.uuid ?? 'unknown');
    if (this.#filter !== null && !this.#filter(call)) return null;
    this.shown += 1;
    const key = pairKey(call.from, call.to);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = { calls: [], flows: new Set(), alarms: [] };
      this.#pairs.set(key, pair);
    }
    pair.flows.add(call.flow);
    if (this.#keep && this.shown <= MAX_CALLS) pair.calls.push(call);
    return call;
  }

  #flow({ app_proto: protocol, proto }: FlowEvent): void {
    const name = protocol ?? (proto === 'TCP' || proto === 'UDP' ? 'unknown' : String(proto));
    this.flows.set(name, (this.flows.get(name) ?? 0) + 1);
  }
}

function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
