import type { EveEvent } from '../../engine/index.js';

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
    let event: EveEvent;
    try {
      event = JSON.parse(text) as EveEvent;
    } catch {
      return;
    }
    if (typeof event !== 'object' || event === null) return;
    if (event.event_type === 'stats') this.count(event.stats, Date.parse(event.timestamp) / 1000);
    else if (event.event_type === 'flow' && 'flow' in event) this.#flow(event);
    else if (event.event_type === 'alert' && 'alert' in event) this.#alert(event);
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

  #flow(event: EveEvent): void {
    const { bytes_toserver = 0, bytes_toclient = 0 } = (event as { flow?: Record<string, number> }).flow ?? {};
    const pair = this.#pair(event);
    pair.flows += 1;
    pair.bytes += bytes_toserver + bytes_toclient;
  }

  #alert(event: EveEvent): void {
    const { alert } = event as { alert: { signature_id: number; severity: number; signature: string } };
    this.#pair(event).alerts += 1;
    this.#alerts.push({
      time: event.timestamp.slice(11, 19),
      sid: alert.signature_id,
      severity: alert.severity,
      text: printable(String(alert.signature)),
      from: address(event, 'src_ip'),
      to: address(event, 'dest_ip'),
    });
    if (this.#alerts.length > ALERTS) this.#alerts.shift();
  }

  #pair(event: EveEvent): TalkerPair {
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

function address(event: EveEvent, key: 'src_ip' | 'dest_ip'): string {
  return printable(String((event as unknown as Record<string, unknown>)[key] ?? '-'));
}

/** Without what would move a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function flatten(value: unknown, prefix = '', into: Record<string, number> = {}): FlatCounters {
  if (typeof value === 'number') into[prefix] = value;
  else if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [key, child] of Object.entries(value)) flatten(child, prefix === '' ? key : `${prefix}.${key}`, into);
  return into;
}
