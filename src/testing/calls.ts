import type { EveEvent, MsrpcEvent } from '../engine/events.js';

/** What became of the calls of a capture in a damaged copy of it. */
export interface Survival {
  /** Calls of the original. */
  readonly calls: number;
  /** Of these, found in the copy. */
  readonly found: number;
  /** Of these, with the same interface. */
  readonly named: number;
  /** Calls of the copy that name an interface no call of the original has under the same ends, call id and number. */
  readonly invented: readonly string[];
}

/** Compares the `msrpc` events of two replays. A call is known by its ends, its call id and its operation number. */
export function survival(original: readonly EveEvent[], copy: readonly EveEvent[]): Survival {
  // Over HTTP a connection is two: either may tell of a call when the other, or its beginning, was not seen.
  const split = new Set(original.filter(isOverHttp).map((event) => known(event, false)));
  const before = callsOf(original, split);
  const after = callsOf(copy, split);
  let [calls, found, named] = [0, 0, 0];
  for (const [key, interfaces] of before) {
    calls += interfaces.length;
    const left = [...(after.get(key) ?? [])];
    found += Math.min(left.length, interfaces.length);
    for (const uuid of interfaces) {
      const at = left.indexOf(uuid);
      if (at >= 0) left.splice(at, 1);
      named += Number(at >= 0);
    }
  }
  const invented = [...after].flatMap(([key, interfaces]) =>
    interfaces.filter((uuid) => uuid !== '' && !before.get(key)?.includes(uuid)).map((uuid) => `${key} ${uuid}`),
  );
  return { calls, found, named, invented };
}

/** The interfaces of calls by what they are known by; the empty text stands for one that is not known. */
function callsOf(events: readonly EveEvent[], split: ReadonlySet<string>): Map<string, string[]> {
  const calls = new Map<string, string[]>();
  for (const event of events) {
    if (event.event_type !== 'msrpc') continue;
    const hosts = known(event, false);
    const key = split.has(hosts) ? hosts : known(event, true);
    calls.set(key, [...(calls.get(key) ?? []), event.msrpc.interface?.uuid ?? '']);
  }
  return calls;
}

const isOverHttp = (event: EveEvent): event is MsrpcEvent =>
  event.event_type === 'msrpc' && event.msrpc.transport === 'http';

/** What a call is known by: hosts, with or without ports, and its numbers. */
function known({ src_ip, src_port, dest_ip, dest_port, msrpc }: MsrpcEvent, ports: boolean): string {
  const end = (ip: string | undefined, port: number | undefined) => (ports ? `${ip}:${port}` : `${ip}`);
  const ends = [end(src_ip, src_port), end(dest_ip, dest_port)].sort().join(' ');
  return `${ends} call ${msrpc.call_id} number ${msrpc.opnum}`;
}
