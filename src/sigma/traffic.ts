import type { EventSource, SigmaCondition } from '../generated/sigma.js';
import { TRAFFIC, type TrafficRow } from './traffic-sources.js';

/** Provider of events about traffic, which name none. */
const PROVIDER = 'eve';

/** Products whose logs are of traffic. */
export const TRAFFIC_PRODUCTS: ReadonlySet<string> = new Set(TRAFFIC.flatMap(({ product }) => product ?? []));

/** Types of the events that rules may look at. */
export const TRAFFIC_EVENTS: readonly string[] = [...new Set(TRAFFIC.map(({ event }) => event))];

/** The logs of traffic that a log source is. */
export function trafficRows(
  product: string | null,
  categories: readonly string[],
  services: readonly string[],
): TrafficRow[] {
  return TRAFFIC.filter(
    (row) =>
      (row.product ?? null) === (product?.toLowerCase() ?? null) &&
      (row.category === undefined ? categories.length === 0 : categories.includes(row.category)) &&
      (row.service === undefined ? services.length === 0 : services.includes(row.service)),
  );
}

/** The events of a log of traffic. */
export function trafficSource({ event, only, given, fields }: TrafficRow): EventSource {
  return {
    channels: [event],
    providers: [PROVIDER],
    event_ids: [],
    only: Object.entries(only ?? {}).map(([field, value]) => ({ field, value })),
    aliases: Object.entries(fields).flatMap(([rule, paths]) => paths.map((event) => ({ rule, event }))),
    given: Object.entries(given ?? {}).map(([field, value]) => ({ field, value })),
  };
}

/** Whether events of a source are about traffic. */
export function isTraffic({ providers }: EventSource): boolean {
  return providers.includes(PROVIDER);
}

/** A field of a rule that no event about traffic has. */
export interface MissingField {
  readonly field: string;
  /** The rule asks that something does not hold of it: that would hold always. */
  readonly isExcluded: boolean;
}

/** The fields of a condition that are never on the wire. A field may be named by its path in the event, too. */
export function missingFields(condition: SigmaCondition, rows: readonly TrafficRow[]): MissingField[] {
  const known = new Set(rows.flatMap(({ fields }) => Object.keys(fields).map((name) => name.toLowerCase())));
  const events = rows.map(({ event }) => `${event}.`);
  const isKnown = (field: string): boolean =>
    known.has(field.toLowerCase()) || events.some((event) => field.startsWith(event));
  const found = new Map<string, MissingField>();
  const walk = (part: SigmaCondition, isExcluded: boolean): void => {
    switch (part.kind) {
      case 'all':
      case 'any':
        for (const one of part.of) walk(one, isExcluded);
        break;
      case 'not':
        walk(part.of, !isExcluded);
        break;
      case 'search':
        walk(part.of, isExcluded);
        break;
      case 'field':
        if (!isKnown(part.field))
          found.set(part.field, {
            field: part.field,
            isExcluded: isExcluded || (found.get(part.field)?.isExcluded ?? false),
          });
        break;
      case 'keywords':
        break;
    }
  };
  walk(condition, false);
  return [...found.values()];
}
