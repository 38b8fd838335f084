import type { Micros } from '../../calls/call.js';
import type { IncidentRecord } from '../../generated/events.js';
import { type AlertGroup, AlertGroups } from './alert-groups.js';
import { type EventFacts, factsOf } from './event-facts.js';
import { isIncident } from './event-shape.js';
import type { JsonMembers } from './members.js';

/** Two hosts of which one called the other. */
export interface CallPair {
  readonly one: string;
  readonly other: string;
  readonly calls: number;
  readonly alerts: number;
  readonly first: Micros;
  readonly last: Micros;
}

/** What all events come to, those among them that the page has no lines of. */
export interface PageOverview {
  readonly events: number;
  /** Lines that are no events. */
  readonly broken: number;
  readonly first: Micros;
  readonly last: Micros;
  /** How many of each type, most first. */
  readonly types: readonly (readonly [type: string, count: number])[];
  readonly groups: readonly AlertGroup[];
  /** Alerts that no group here has, because there are too many groups. */
  readonly alertsLeft: number;
  readonly incidents: readonly IncidentRecord[];
  readonly incidentsLeft: number;
  readonly pairs: readonly CallPair[];
  readonly pairsLeft: number;
}

/** Incidents that are kept, and characters of them. */
const MOST_INCIDENTS = 1000;
const INCIDENT_OCTETS = 16 << 20;
/** Types of events that are told apart; others are counted together. */
const MOST_TYPES = 200;
const OTHER_TYPES = 'others';
const MOST_PAIRS = 1000;

type OpenPair = { -readonly [Member in keyof CallPair]: CallPair[Member] };

/** Sums events up, as they come. */
export class OverviewBuilder {
  #events = 0;
  #broken = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = 0;
  readonly #types = new Map<string, number>();
  readonly #groups = new AlertGroups();
  readonly #incidents: IncidentRecord[] = [];
  #incidentsLeft = 0;
  #incidentRoom = INCIDENT_OCTETS;
  readonly #pairs = new Map<string, OpenPair>();
  readonly #pairsLeft = new Set<string>();

  /** Takes an event; what the page finds it by. */
  take(event: JsonMembers): EventFacts {
    const facts = factsOf(event);
    this.#events += 1;
    const type = this.#types.has(facts.type) || this.#types.size < MOST_TYPES ? facts.type : OTHER_TYPES;
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1);
    if (facts.at > 0) {
      this.#first = Math.min(this.#first, facts.at);
      this.#last = Math.max(this.#last, facts.at);
    }
    if (facts.type === 'alert') this.#groups.take(event);
    if (facts.type === 'incident') this.#incident(event);
    if (facts.type === 'msrpc' || event.msrpc !== undefined) this.#pair(facts);
    return facts;
  }

  /** Counts a line that is no event. */
  takeBroken(): void {
    this.#broken += 1;
  }

  get overview(): PageOverview {
    const { groups } = this.#groups;
    return {
      events: this.#events,
      broken: this.#broken,
      first: this.#last === 0 ? 0 : this.#first,
      last: this.#last,
      types: [...this.#types].sort((a, b) => b[1] - a[1]),
      groups,
      alertsLeft: this.#groups.left,
      incidents: [...this.#incidents],
      incidentsLeft: this.#incidentsLeft,
      pairs: [...this.#pairs.values()]
        .map((pair) => ({ ...pair }))
        .sort((a, b) => b.alerts - a.alerts || b.calls - a.calls),
      pairsLeft: this.#pairsLeft.size,
    };
  }

  #incident({ incident }: JsonMembers): void {
    const octets = JSON.stringify(incident ?? null).length;
    const hasRoom = this.#incidents.length < MOST_INCIDENTS && octets <= this.#incidentRoom;
    if (!hasRoom || !isIncident(incident)) {
      this.#incidentsLeft += 1;
      return;
    }
    this.#incidentRoom -= octets;
    this.#incidents.push(incident);
  }

  #pair({ from, to, type, at }: EventFacts): void {
    const [one, other] = from < to ? [from, to] : [to, from];
    const key = `${one} ${other}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) {
        if (this.#pairsLeft.size < MOST_PAIRS) this.#pairsLeft.add(key);
        return;
      }
      pair = { one, other, calls: 0, alerts: 0, first: at, last: at };
      this.#pairs.set(key, pair);
    }
    if (type === 'msrpc') pair.calls += 1;
    else if (type === 'alert') pair.alerts += 1;
    pair.first = Math.min(pair.first, at);
    pair.last = Math.max(pair.last, at);
  }
}
