import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { civil, type Micros } from '../../calls/call.js';
import { printable } from '../../calls/wording.js';
import type { FacetCount, FacetCounts, TimeHistogram } from '../model/answer.js';
import { endsOf, eveMicros } from '../model/event-facts.js';
import { eventWords } from '../model/event-words.js';
import { type JsonMembers, membersOf, numberOf, parsedLine, textOf } from '../model/members.js';
import { type EventQuery, queryOf } from '../model/query.js';
import { change } from './address.js';
import { EventDetail } from './event-detail.js';
import { useKeys } from './keys.js';
import { Filter, Host, Nothing, Severity, Time, useAnswer } from './parts.js';
import type { ViewProps } from './view-props.js';

/** Names of filters that are shown, and can be taken away. */
const FILTERS = [
  'type',
  'host',
  'peer',
  'port',
  'protocol',
  'sid',
  'flow',
  'severity',
  'since',
  'until',
  'text',
] as const;

/** Every event, newest first; or flows alone, with what is known of their ends. */
export function EventsView({ source, overview, parameters, version, only }: ViewProps & { readonly only?: 'flow' }) {
  const address = parameters.toString();
  const query = useMemo((): EventQuery => {
    const asked = queryOf(new URLSearchParams(address));
    return only === undefined ? asked : { ...asked, types: [only] };
  }, [address, only]);
  const before = parameters.get('before') ? Number(parameters.get('before')) : undefined;
  const key = JSON.stringify([query, before]);
  const { answer, error } = useAnswer(() => source.events(query, before), [source, key, version]);
  const open = parameters.get('open');
  useKeys(useMemo(() => ({ Escape: () => change({ open: undefined }, true) }), []));
  const names = useMemo(
    () => new Map(overview.groups.map(({ sid, signature }) => [String(sid), signature])),
    [overview],
  );
  const events = useMemo(
    () =>
      (answer?.lines ?? []).map((line, index) => ({
        number: answer?.numbers[index] ?? 0,
        event: parsedLine(line) ?? {},
      })),
    [answer],
  );
  const chosen = events.find(({ number }) => String(number) === open);
  return (
    <div class="with-facets">
      <Facets counts={answer?.facets} now={parameters} names={names} only={only} />
      <div class={chosen ? 'split is-open' : 'split'}>
        <section class="list" aria-label={only === undefined ? 'Events' : 'Flows'}>
          <div class="toolbar">
            <Filter name="text" label="Text in the event" value={parameters.get('text') ?? ''} />
            <Filter name="host" label="Host" value={parameters.get('host') ?? ''} />
            <Filter name="port" label="Port" value={parameters.get('port') ?? ''} />
            <span class="dim" role="status">
              {answer === null ? 'looking' : `${answer.total.toLocaleString('en')} events`}
            </span>
          </div>
          <ActiveFilters parameters={parameters} />
          {error !== null && <p class="warning">{error}</p>}
          {answer?.searched !== undefined && (
            <p class="warning">{`The text was looked for in the newest ${answer.searched.toLocaleString('en')} of the events; filter further to look into older ones.`}</p>
          )}
          {answer !== null && <Histogram of={answer.histogram} />}
          {answer !== null && events.length === 0 && <Nothing>No event is left by these filters.</Nothing>}
          {events.length > 0 &&
            (only === 'flow' ? <FlowTable rows={events} open={open} /> : <EventTable rows={events} open={open} />)}
          <nav class="pages" aria-label="Pages">
            {before !== undefined && (
              <button type="button" onClick={() => change({ before: undefined }, true)}>
                Newest
              </button>
            )}
            {answer?.before !== undefined && (
              <button type="button" onClick={() => change({ before: String(answer.before) }, true)}>
                Older
              </button>
            )}
          </nav>
        </section>
        {chosen && (
          <section class="detail" aria-label="The chosen event">
            <div class="detail-head">
              <h2>Event</h2>
              <button type="button" class="close" aria-label="Close" onClick={() => change({ open: undefined }, true)}>
                ×
              </button>
            </div>
            <EventDetail source={source} event={chosen.event} />
          </section>
        )}
      </div>
    </div>
  );
}

interface FacetsProps {
  readonly counts: FacetCounts | undefined;
  readonly now: URLSearchParams;
  readonly names: ReadonlyMap<string, string>;
  readonly only: 'flow' | undefined;
}

function Facets({ counts, now, names, only }: FacetsProps) {
  return (
    <aside class="facets" aria-label="What these events have">
      {counts !== undefined && (
        <>
          {only === undefined && <Facet name="type" title="Type" counts={counts.type} now={now} />}
          <Facet name="host" title="Host" counts={counts.host} now={now} />
          <Facet name="protocol" title="Protocol" counts={counts.protocol} now={now} />
          {only === undefined && <Facet name="sid" title="Rule" counts={counts.sid} now={now} names={names} />}
        </>
      )}
    </aside>
  );
}

interface NumberedEvent {
  readonly number: number;
  readonly event: JsonMembers;
}

interface TableProps {
  readonly rows: readonly NumberedEvent[];
  readonly open: string | null;
}

interface RowButtonProps {
  readonly number: number;
  readonly open: string | null;
  readonly children: ComponentChildren;
}

function RowButton({ number, open, children }: RowButtonProps) {
  const isOpen = open === String(number);
  return (
    <button
      type="button"
      class="row"
      data-row={String(number)}
      aria-expanded={isOpen}
      onClick={() => change({ open: isOpen ? undefined : String(number) }, true)}
    >
      {children}
    </button>
  );
}

function EventTable({ rows, open }: TableProps) {
  return (
    <table class="rows events">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Type</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ number, event }) => (
          <tr key={number} class={open === String(number) ? 'is-chosen' : ''}>
            <td class="time">
              <Time at={eveMicros(event.timestamp)} />
            </td>
            <td>
              <span class={`type ${event.event_type === 'alert' ? 'is-alert' : ''}`}>
                {printable(textOf(event.event_type))}
              </span>
            </td>
            <td class="end" data-label="From">
              <End ip={endsOf(event).from} port={event.src_port} />
            </td>
            <td class="end" data-label="To">
              <End ip={endsOf(event).to} port={event.dest_port} />
            </td>
            <td class="main">
              <RowButton number={number} open={open}>
                {event.event_type === 'alert' && <Severity of={numberOf(membersOf(event.alert).severity)} />}{' '}
                {cut(printable(eventWords(event)) || 'look at it')}
              </RowButton>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function FlowTable({ rows, open }: TableProps) {
  return (
    <table class="rows events">
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col">Client</th>
          <th scope="col">Server</th>
          <th scope="col">Protocol</th>
          <th scope="col" class="number">
            Octets
          </th>
          <th scope="col">Client process</th>
          <th scope="col">Server process</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ number, event }) => {
          const flow = membersOf(event.flow);
          const { client, server } = membersOf(event.endpoint);
          const octets = numberOf(flow.bytes_toserver) + numberOf(flow.bytes_toclient);
          const application = textOf(event.app_proto);
          const protocol = [textOf(event.proto).toLowerCase(), application === 'failed' ? '' : application];
          return (
            <tr key={number} class={open === String(number) ? 'is-chosen' : ''}>
              <td class="time">
                <Time at={eveMicros(flow.start)} />
              </td>
              <td class="end" data-label="Client">
                <End ip={event.src_ip} port={event.src_port} />
              </td>
              <td class="end" data-label="Server">
                <End ip={event.dest_ip} port={event.dest_port} />
              </td>
              <td class="main">
                <RowButton number={number} open={open}>
                  {printable(protocol.filter(Boolean).join(' ') || 'unknown')}
                </RowButton>{' '}
                {flow.alerted === true && <span class="tag escalated">alerted</span>}
              </td>
              <td class="number" data-label="Octets">
                {octets.toLocaleString('en')}
              </td>
              <td class="program" data-label="Client process">
                {programOf(client)}
              </td>
              <td class="program" data-label="Server process">
                {programOf(server)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function programOf(end: unknown): string {
  const { image, pid } = membersOf(end);
  const name = textOf(image).split(/[\\/]/).at(-1) ?? '';
  return printable(name === '' ? '' : `${name}${numberOf(pid) > 0 ? ` [${numberOf(pid)}]` : ''}`);
}

function End({ ip, port }: { readonly ip: unknown; readonly port: unknown }) {
  if (textOf(ip) === '') return null;
  return (
    <>
      <Host ip={textOf(ip)} />
      {numberOf(port) > 0 && <span class="dim port">{`:${numberOf(port)}`}</span>}
    </>
  );
}

function cut(text: string): string {
  return text.length > 220 ? `${text.slice(0, 220)}…` : text;
}

function ActiveFilters({ parameters }: { readonly parameters: URLSearchParams }) {
  const active = FILTERS.flatMap((name) => {
    const value = parameters.get(name);
    return value ? [[name, value] as const] : [];
  });
  if (active.length === 0) return null;
  return (
    <ul class="filters" aria-label="Filters">
      {active.map(([name, value]) => (
        <li key={name}>
          <button type="button" class="tag" onClick={() => change({ [name]: undefined, before: undefined }, true)}>
            {`${name}: ${printable(name === 'since' || name === 'until' ? civil(Number(value)).slice(0, 19) : value)}`}
            <span aria-hidden="true"> ×</span>
            <span class="hidden">, take away</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Facet(props: {
  readonly name: string;
  readonly title: string;
  readonly counts: readonly FacetCount[];
  readonly now: URLSearchParams;
  readonly names?: ReadonlyMap<string, string>;
}) {
  const { name, title, counts, now, names } = props;
  if (counts.length === 0) return null;
  const most = counts[0]?.[1] ?? 1;
  return (
    <details open class="facet">
      <summary>{title}</summary>
      <ul>
        {counts.map(([value, count]) => {
          const isOn = now.get(name) === value;
          return (
            <li key={value}>
              <button
                type="button"
                aria-pressed={isOn}
                title={printable(names?.get(value) ?? value)}
                onClick={() => change({ [name]: isOn ? undefined : value, before: undefined, open: undefined }, true)}
              >
                <span class="facet-name">{printable(names?.get(value) ?? value)}</span>
                <span class="facet-count">{count.toLocaleString('en')}</span>
                <svg class="facet-bar" aria-hidden="true" width="100%" height="2">
                  <rect width={`${(count / most) * 100}%`} height="2" />
                </svg>
              </button>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

const HEIGHT = 48;

/** Events by time; a bar is a button that takes its span for a filter. */
function Histogram({ of: { start, span, all, alerts } }: { readonly of: TimeHistogram }) {
  const bars = all.length;
  if (bars === 0 || all.every((count) => count === 0)) return null;
  const most = Math.max(...all);
  const height = (count: number) => (count === 0 ? 0 : Math.max((count / most) * HEIGHT, 2));
  const time = (at: Micros) => civil(at).slice(0, 19);
  return (
    <fieldset class="histogram">
      <legend class="hidden">Events by time</legend>
      <svg viewBox={`0 0 ${bars * 10} ${HEIGHT}`} preserveAspectRatio="none">
        <title>Events by time</title>
        {all.map((count, bar) => {
          if (count === 0) return null;
          const from = start + bar * span;
          const alarmed = alerts[bar] ?? 0;
          const label = `${count.toLocaleString('en')} events${alarmed > 0 ? `, ${alarmed.toLocaleString('en')} alerts` : ''} from ${time(from)}`;
          const choose = () => change({ since: String(from), until: String(from + span - 1), before: undefined }, true);
          return (
            // biome-ignore lint/a11y/useSemanticElements: a bar of a drawing cannot be a button of HTML
            <g
              key={from}
              role="button"
              tabIndex={0}
              aria-label={label}
              onClick={choose}
              onKeyDown={(event: KeyboardEvent) => {
                if (event.key === 'Enter' || event.key === ' ') choose();
              }}
            >
              <title>{label}</title>
              <rect class="hit" x={bar * 10} y={0} width={10} height={HEIGHT} />
              <rect class="bar" x={bar * 10 + 1} y={HEIGHT - height(count)} width={8} height={height(count)} />
              {alarmed > 0 && (
                <rect
                  class="bar alarmed"
                  x={bar * 10 + 1}
                  y={HEIGHT - height(alarmed)}
                  width={8}
                  height={height(alarmed)}
                />
              )}
            </g>
          );
        })}
      </svg>
      <div class="dim histogram-ends">
        <span>{time(start)}</span>
        <span>{time(start + bars * span)}</span>
      </div>
    </fieldset>
  );
}
