import { didYouMean } from '../diagnostics/suggest.js';
import type { EventSource } from '../generated/sigma.js';
import type { Reporter } from './document.js';
import { CATEGORIES, type CategoryRow, PROVIDERS, SERVICES } from './log-sources.js';
import { trafficRows, trafficSource } from './traffic.js';
import { TRAFFIC, type TrafficRow } from './traffic-sources.js';
import { type Entry, type MapValue, member, textOf, textsOf } from './values.js';

/** The log source of a rule. */
export interface LogSource {
  readonly product: string | null;
  readonly categories: readonly string[];
  readonly services: readonly string[];
  /** The events it is, of event logs and of traffic; none when neither is of it. */
  readonly sources: readonly EventSource[];
  /** The logs of traffic among them. */
  readonly traffic: readonly TrafficRow[];
}

/** Reads a log source; `null` when it cannot be read, which is said. What applies to nothing is said too, unless `quiet`. */
export function readLogSource(
  entry: Entry | undefined,
  rule: MapValue,
  reporter: Reporter,
  quiet = false,
): LogSource | null {
  if (entry?.value.kind !== 'map') {
    const help = 'add one, as in `logsource: {product: windows, category: process_creation}`';
    reporter.say('sigma/logsource', entry?.keySpan ?? rule.span, 'a rule needs a log source', help);
    return null;
  }
  const map = entry.value;
  const [product, category, service] = ['product', 'category', 'service'].map((key) => member(map, key));
  if (!product && !category && !service) {
    reporter.say(
      'sigma/logsource',
      entry.keySpan,
      'a log source names a product, a category or a service',
      'add `category:`, `product:` or `service:`',
    );
    return null;
  }
  for (const one of [product, category, service])
    if (one && one.value.kind !== 'scalar' && !quiet)
      reporter.say(
        'sigma/logsource-list',
        one.value.span,
        `\`${one.key}\` is a list, which other tools refuse`,
        'any of it is taken; for other tools write a rule for each',
      );
  const categories = textsOf(category?.value);
  const services = textsOf(service?.value);
  const windows = product === undefined || textOf(map, 'product')?.toLowerCase() === 'windows';
  const traffic = trafficRows(textOf(map, 'product'), categories, services);
  const logs = windows ? sourcesOf(categories, services, product !== undefined) : [];
  const sources = [...logs, ...traffic.map(trafficSource)];
  if (sources.length === 0 && !quiet) tellUnknown(entry, windows, categories, services, reporter);
  return { product: textOf(map, 'product'), categories, services, sources, traffic };
}

function tellUnknown(
  entry: Entry,
  windows: boolean,
  categories: readonly string[],
  services: readonly string[],
  reporter: Reporter,
): void {
  const unknown = [
    ...categories.filter((name) => !(name in CATEGORIES)),
    ...services.filter((name) => !(name in SERVICES)),
  ];
  const [first = ''] = unknown;
  const known = [
    ...Object.keys(CATEGORIES),
    ...Object.keys(SERVICES),
    ...TRAFFIC.flatMap(({ category, service }) => [category ?? [], service ?? []].flat()),
  ];
  const help = windows && first !== '' ? didYouMean(first, known) : null;
  reporter.say(
    'sigma/logsource-unknown',
    entry.keySpan,
    first === '' || !windows
      ? 'neither an event log of Windows nor traffic is of this log source'
      : `neither an event log of Windows nor traffic is \`${first}\``,
    help ?? 'the rule is passed over; docs/SIGMA.md, "Log sources", has those that are read',
  );
}

/** The events of a log source: a category of any of the services, if some are named. */
function sourcesOf(categories: readonly string[], services: readonly string[], bound: boolean): EventSource[] {
  if (categories.length === 0 && services.length === 0) return bound ? [source({})] : [];
  if (categories.length === 0)
    return services.flatMap((name) => (SERVICES[name] ? [source({ channels: SERVICES[name] ?? [] })] : []));
  return categories
    .flatMap((name) => CATEGORIES[name] ?? [])
    .filter(({ service }) => services.length === 0 || services.includes(service))
    .map(categorySource);
}

function categorySource({ service, ids, only, aliases }: CategoryRow): EventSource {
  return source({
    channels: SERVICES[service] ?? [],
    providers: PROVIDERS[service] ?? [],
    event_ids: ids,
    only: Object.entries(only ?? {}).map(([field, value]) => ({ field, value })),
    aliases: Object.entries(aliases ?? {}).map(([rule, event]) => ({ rule, event })),
  });
}

function source(parts: { readonly [Key in keyof EventSource]?: readonly EventSource[Key][number][] }): EventSource {
  const { channels = [], providers = [], event_ids = [], only = [], aliases = [], given = [] } = parts;
  return {
    channels: [...channels],
    providers: [...providers],
    event_ids: [...event_ids],
    only: [...only],
    aliases: [...aliases],
    given: [...given],
  };
}
