import { printable } from '../../calls/wording.js';

/** Pairs that are kept; those with the fewest octets go first. */
const PAIRS = 4096;
const ALERTS = 200;

/** What two hosts have said to each other in flows that are over. */
export interface TalkerPair {
  readonly from: string;
  readonly to: string;
  flows: number;
  bytes: number;
  alerts: number;
}

/** An alert, as it is shown. */
export interface ShownAlert {
  readonly time: string;
  readonly sid: number;
  readonly severity: number;
  readonly text: string;
  readonly from: string;
  readonly to: string;
}

/** The members of something that was read from a file. */
type Members = Readonly<Record<string, unknown>>;

/** Counters by dotted names. */
export type FlatCounters = Readonly<Record<string, number>>;

/** What is known of a sensor: its counters now and before, who talks, what alerted. */
export class SensorState {
  readonly #pairs = new Map<string, TalkerPair>();
  readonly #alerts: ShownAlert[] = [];
  #before: { at: number; counters: FlatCounters } | null = null;
  #now: { at: number; counters: FlatCounters } | null = null;

  /** Takes the counters of a moment, in seconds. */
  count(counters: unknown, at: number): void {
    this.#before = this.#now;
    this.#now = { at, counters: flatten(counters) };
  }

  /** Takes a line of EVE; what is none is passed over. */
  line(text: string): void {
    const event = membersOf(parsed(text));
    if (event.event_type === 'stats') this.count(event.stats, Date.parse(String(event.timestamp)) / 1000);
    else if (event.event_type === 'flow') this.#flow(event, membersOf(event.flow));
    else if (event.event_type === 'alert') this.#alert(event, membersOf(event.alert));
  }

  /** A counter as it stands. */
  value(name: string): number {
    return this.#now?.counters[name] ?? 0;
  }

  /** How much a counter grows a second; `null` before there are two moments. */
  rate(name: string): number | null {
    if (this.#before === null || this.#now === null || this.#now.at <= this.#before.at) return null;
    const grown = this.value(name) - (this.#before.counters[name] ?? 0);
    return Math.max(grown, 0) / (this.#now.at - this.#before.at);
  }

  get hasCounters(): boolean {
    return this.#now !== null;
  }

  /** Counters of losses that are not 0. */
  losses(): [string, number][] {
    const lossy =
      /(?:kernel_drops|_dropped|\.drops?|drops_|memcap_drop|fs_errors|reassembly_gap|_overflow|_evicted|engine\.bugs)/;
    return Object.entries(this.#now?.counters ?? {}).filter(([name, value]) => value > 0 && lossy.test(name));
  }

  talkers(most: number): TalkerPair[] {
    return [...this.#pairs.values()].sort((a, b) => b.bytes - a.bytes).slice(0, most);
  }

  /** The last alerts, newest first. */
  alerts(most: number): ShownAlert[] {
    return this.#alerts.slice(-most).reverse();
  }

  #flow(event: Members, flow: Members): void {
    const pair = this.#pair(event);
    pair.flows += 1;
    pair.bytes += (Number(flow.bytes_toserver) || 0) + (Number(flow.bytes_toclient) || 0);
  }

  #alert(event: Members, alert: Members): void {
    this.#pair(event).alerts += 1;
    this.#alerts.push({
      time: printable(String(event.timestamp)).slice(11, 19),
      sid: Number(alert.signature_id) || 0,
      severity: Number(alert.severity) || 0,
      text: printable(String(alert.signature)),
      from: address(event, 'src_ip'),
      to: address(event, 'dest_ip'),
    });
    if (this.#alerts.length > ALERTS) this.#alerts.shift();
  }

  #pair(event: Members): TalkerPair {
    const [from, to] = [address(event, 'src_ip'), address(event, 'dest_ip')];
    const key = `${from} ${to}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      if (this.#pairs.size >= PAIRS) this.#forget();
      pair = { from, to, flows: 0, bytes: 0, alerts: 0 };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  /** Makes room: half of the pairs go. */
  #forget(): void {
    const least = [...this.#pairs].sort(([, a], [, b]) => a.bytes - b.bytes).slice(0, PAIRS / 2);
    for (const [key] of least) this.#pairs.delete(key);
  }
}

function address(event: Members, key: 'src_ip' | 'dest_ip'): string {
  return printable(String(event[key] ?? '-'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The members of an object; of anything else, none: a file may hold what it likes. */
function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function flatten(value: unknown, prefix = '', into: Record<string, number> = {}): FlatCounters {
  if (typeof value === 'number') into[prefix] = value;
  else if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [key, child] of Object.entries(value)) flatten(child, prefix === '' ? key : `${prefix}.${key}`, into);
  return into;
}
