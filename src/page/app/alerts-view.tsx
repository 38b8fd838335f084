import { useMemo } from 'preact/hooks';
import { printable } from '../../calls/wording.js';
import type { AlertGroup } from '../model/alert-groups.js';
import { stateAt } from '../model/marks.js';
import { parsedLines } from '../model/members.js';
import { addressOf, change } from './address.js';
import { EventDetail } from './event-detail.js';
import { focusedRow, useKeys } from './keys.js';
import { MarksPanel, STATE_CHOICES, StateTag, toggled } from './marks-panel.js';
import { Choice, Facts, Filter, Host, Nothing, Severity, Technique, Time, useAnswer } from './parts.js';
import type { ViewProps } from './view-props.js';

/** Rows that are drawn before more are asked for. */
const SHOWN = 300;

/** Orders of the list; the first unless the address says another. */
const ORDERS: Readonly<Record<string, (a: AlertGroup, b: AlertGroup) => number>> = {
  severity: (a, b) => (a.severity || 255) - (b.severity || 255) || b.last - a.last,
  newest: (a, b) => b.last - a.last,
  oldest: (a, b) => a.first - b.first,
  count: (a, b) => b.count - a.count,
  signature: (a, b) => (a.signature < b.signature ? -1 : 1),
  from: (a, b) => (a.from < b.from ? -1 : 1),
  to: (a, b) => (a.to < b.to ? -1 : 1),
};
const ORDER_NAMES = Object.keys(ORDERS);

/** Alerts, grouped by signature and pair. */
export function AlertsView({ source, overview, marks, mark, parameters, version }: ViewProps) {
  const order = parameters.get('sort') ?? 'severity';
  const state = parameters.get('state') ?? 'open';
  const text = (parameters.get('q') ?? '').toLowerCase();
  const severity = Number(parameters.get('severity') ?? 255);
  const groups = useMemo(() => {
    const isWanted = (group: AlertGroup) => {
      const is = stateAt(marks.get(group.key), group.last);
      if (state === 'open' ? is === 'archived' : state !== 'all' && is !== state) return false;
      return group.severity <= severity && (text === '' || groupText(group).includes(text));
    };
    return overview.groups.filter(isWanted).sort(ORDERS[order] ?? ORDERS.severity);
  }, [overview, marks, order, state, text, severity]);
  const open = overview.groups.find(({ key }) => key === parameters.get('open'));
  useGroupKeys({ overview, marks, mark }, order, open?.key);
  const shown = Number(parameters.get('rows') ?? SHOWN);
  return (
    <div class={open ? 'split is-open' : 'split'}>
      <section class="list" aria-label="Groups of alerts">
        <div class="toolbar">
          <Filter name="q" label="Filter" value={parameters.get('q') ?? ''} />
          <Choice name="state" label="State" value={state} options={STATE_CHOICES} />
          <Choice name="severity" label="Severity" value={parameters.get('severity') ?? ''} options={SEVERITIES} />
          <Choice name="sort" label="Order" value={order} options={ORDER_NAMES.map((name) => [name, name] as const)} />
          <span
            class="dim"
            role="status"
          >{`${groups.length.toLocaleString('en')} of ${overview.groups.length.toLocaleString('en')} groups`}</span>
        </div>
        {groups.length === 0 ? (
          <Nothing>
            {overview.groups.length === 0 ? 'No rule alerted.' : 'No group of alerts is left by these filters.'}
          </Nothing>
        ) : (
          <GroupTable {...{ groups: groups.slice(0, shown), order, marks }} open={open?.key} />
        )}
        {groups.length > shown && (
          <button type="button" onClick={() => change({ rows: String(shown + SHOWN) })}>
            {`Show more of ${groups.length.toLocaleString('en')}`}
          </button>
        )}
        {overview.alertsLeft > 0 && (
          <p class="warning">{`${overview.alertsLeft.toLocaleString('en')} alerts of more groups are counted and not shown: there are too many groups.`}</p>
        )}
      </section>
      {open && <GroupDetail key={open.key} {...{ source, group: open, marks, mark, version }} />}
    </div>
  );
}

/** Keys that mark groups and order them: of the group that has the focus, or else of the one that is open. */
function useGroupKeys(
  { overview, marks, mark }: Pick<ViewProps, 'overview' | 'marks' | 'mark'>,
  order: string,
  open: string | undefined,
): void {
  useKeys(
    useMemo(() => {
      const markFocused = (as: 'archived' | 'escalated') => {
        const key = focusedRow() ?? open;
        const group = overview.groups.find((one) => one.key === key);
        if (group) mark(toggled(group.key, group.last, marks.get(group.key), as));
      };
      const next = ORDER_NAMES[(ORDER_NAMES.indexOf(order) + 1) % ORDER_NAMES.length];
      return {
        e: () => markFocused('archived'),
        s: () => markFocused('escalated'),
        o: () => change({ sort: next }),
        Escape: () => change({ open: undefined }, true),
      };
    }, [overview, marks, mark, order, open]),
  );
}

interface GroupRows {
  readonly groups: readonly AlertGroup[];
  readonly order: string;
  readonly marks: ViewProps['marks'];
  /** Key of the group that is open. */
  readonly open: string | undefined;
}

function GroupTable({ groups, order, marks, open }: GroupRows) {
  return (
    <table class="rows alerts">
      <thead>
        <tr>
          <SortHead order={order} name="severity" label="Sev" />
          <SortHead order={order} name="count" label="Count" />
          <SortHead order={order} name="signature" label="Signature" />
          <SortHead order={order} name="from" label="From" />
          <SortHead order={order} name="to" label="To" />
          <SortHead order={order} name="newest" label="Last" />
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.key} class={group.key === open ? 'is-chosen' : ''}>
            <td>
              <Severity of={group.severity} />
            </td>
            <td class="number" data-label="Count">
              {group.count.toLocaleString('en')}
            </td>
            <td class="main">
              <button
                type="button"
                class="row"
                data-row={group.key}
                aria-expanded={group.key === open}
                onClick={() => change({ open: group.key === open ? undefined : group.key }, true)}
              >
                {printable(group.signature)}
              </button>{' '}
              <StateTag marks={marks.get(group.key)} last={group.last} />
            </td>
            <td class="end" data-label="From">
              <Host ip={group.from} />
            </td>
            <td class="end" data-label="To">
              <Host ip={group.to} />
            </td>
            <td class="time" data-label="Last">
              <Time at={group.last} hasDate />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const SEVERITIES = [
  ['', 'all'],
  ['1', '1'],
  ['2', '1 and 2'],
  ['3', '1 to 3'],
] as const;

function groupText({ signature, sid, from, to, techniques, detections, category }: AlertGroup): string {
  return [signature, sid, from, to, category, ...techniques, ...detections].join(' ').toLowerCase();
}

function SortHead({ order, name, label }: { readonly order: string; readonly name: string; readonly label: string }) {
  return (
    <th
      scope="col"
      aria-sort={order === name ? (name === 'count' || name === 'newest' ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" class="sort" onClick={() => change({ sort: name })}>
        {label}
        {order === name && <span aria-hidden="true"> ▾</span>}
      </button>
    </th>
  );
}

/** What finds the alerts of a group: those of Sigma rules are about a computer alone. */
function endsOf({ from, to }: AlertGroup): { readonly host?: string; readonly peer?: string } {
  if (from !== '' && to !== '') return { host: from, peer: to };
  const host = from || to;
  return host === '' ? {} : { host };
}

type GroupProps = Pick<ViewProps, 'source' | 'marks' | 'mark' | 'version'> & { readonly group: AlertGroup };

function GroupDetail({ source, group, marks, mark, version }: GroupProps) {
  const { key, sid, from, to, signature, count, first, last, techniques, detections, category } = group;
  const ends = endsOf(group);
  const { answer, error } = useAnswer(() => source.events({ types: ['alert'], sid, ...ends }), [source, key, version]);
  const events = parsedLines(answer?.lines ?? []);
  return (
    <section class="detail" aria-label="The chosen group">
      <div class="detail-head">
        <h2>{printable(signature)}</h2>
        <button type="button" class="close" aria-label="Close" onClick={() => change({ open: undefined }, true)}>
          ×
        </button>
      </div>
      <Facts
        of={[
          ['alerts', count.toLocaleString('en')],
          ['first', <Time key="f" at={first} hasDate />],
          ['last', <Time key="l" at={last} hasDate />],
          ['category', printable(category)],
          ['technique', techniques.length > 0 && techniques.map((id) => <Technique key={id} id={id} />)],
          ['detection', printable(detections.join(', '))],
          [
            'see',
            from !== '' && to !== '' && (
              <>
                <a href={addressOf('calls', { one: from, other: to })}>their calls</a>{' '}
                <a href={addressOf('events', { host: from, peer: to })}>their events</a>
              </>
            ),
          ],
        ]}
      />
      <MarksPanel of={key} last={last} marks={marks.get(key)} mark={mark} isKept={source.keepsMarks} />
      {error !== null && <p class="warning">{error}</p>}
      {answer !== null && answer.total < count && (
        <p class="dim">{`${answer.total.toLocaleString('en')} of these alerts are in this page; the others are counted only.`}</p>
      )}
      {events.slice(0, 20).map((event, index) => (
        <details key={index} open={index === 0} class="one-alert">
          <summary>{`Alert of ${printable(String(event.timestamp).slice(11, 26))}`}</summary>
          <EventDetail source={source} event={event} />
        </details>
      ))}
      {events.length > 20 && (
        <p>
          <a
            href={addressOf('events', {
              type: 'alert',
              sid: String(sid),
              ...ends,
            })}
          >
            {`All ${answer?.total.toLocaleString('en')} in the list of events`}
          </a>
        </p>
      )}
    </section>
  );
}
