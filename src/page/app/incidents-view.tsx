import { useMemo } from 'preact/hooks';
import { micros } from '../../calls/call.js';
import { printable } from '../../calls/wording.js';
import type { IncidentRecord } from '../../generated/events.js';
import { stateAt } from '../model/marks.js';
import { addressOf, change } from './address.js';
import { focusedRow, useKeys } from './keys.js';
import { MarksPanel, STATE_CHOICES, StateTag, toggled } from './marks-panel.js';
import { Choice, Facts, Filter, Host, Long, Nothing, Severity, Technique } from './parts.js';
import type { ViewProps } from './view-props.js';

const GRADES = [
  ['', 'all'],
  ['confirmed', 'confirmed'],
  ['probable', 'probable'],
  ['network only', 'network only'],
] as const;

const RANKS: readonly string[] = GRADES.map(([grade]) => grade);

/** What callers did on hosts: a card each. */
export function IncidentsView({ source, overview, marks, mark, parameters }: ViewProps) {
  const state = parameters.get('state') ?? 'open';
  const grade = parameters.get('grade') ?? '';
  const text = (parameters.get('q') ?? '').toLowerCase();
  const { incidents } = overview;
  const shown = useMemo(
    () =>
      incidents
        .filter((incident) => {
          const is = stateAt(marks.get(incident.id), micros(incident.last));
          if (state === 'open' ? is === 'archived' : state !== 'all' && is !== state) return false;
          if (grade !== '' && incident.grade !== grade) return false;
          return text === '' || JSON.stringify(incident).toLowerCase().includes(JSON.stringify(text).slice(1, -1));
        })
        .sort((a, b) => RANKS.indexOf(a.grade) - RANKS.indexOf(b.grade) || (a.first < b.first ? -1 : 1)),
    [incidents, marks, state, grade, text],
  );
  useKeys(
    useMemo(() => {
      const markFocused = (as: 'archived' | 'escalated') => {
        const incident = incidents.find(({ id }) => id === focusedRow());
        if (incident) mark(toggled(incident.id, micros(incident.last), marks.get(incident.id), as));
      };
      return { e: () => markFocused('archived'), s: () => markFocused('escalated') };
    }, [incidents, marks, mark]),
  );
  if (incidents.length === 0)
    return (
      <Nothing>
        No incident: nothing that one host did on another by remote calls was put together here.{' '}
        <a href={addressOf('alerts')}>The alerts</a> stand by themselves.
      </Nothing>
    );
  return (
    <section aria-label="Incidents">
      <div class="toolbar">
        <Filter name="q" label="Filter" value={parameters.get('q') ?? ''} />
        <Choice name="state" label="State" value={state} options={STATE_CHOICES} />
        <Choice name="grade" label="Grade" value={grade} options={GRADES} />
        <span class="dim" role="status">{`${shown.length} of ${incidents.length}`}</span>
      </div>
      {shown.length === 0 && <Nothing>No incident is left by these filters.</Nothing>}
      <ol class="cards">
        {shown.map((incident) => (
          <li key={incident.id}>
            <IncidentCard {...{ source, incident, marks, mark }} isOpen={parameters.get('open') === incident.id} />
          </li>
        ))}
      </ol>
      {overview.incidentsLeft > 0 && (
        <p class="warning">{`${overview.incidentsLeft.toLocaleString('en')} more incidents are counted and not shown.`}</p>
      )}
    </section>
  );
}

type CardProps = Pick<ViewProps, 'source' | 'marks' | 'mark'> & {
  readonly incident: IncidentRecord;
  readonly isOpen: boolean;
};

function IncidentCard({ source, incident, marks, mark, isOpen }: CardProps) {
  const {
    id,
    grade,
    says,
    first,
    last,
    from,
    to,
    technique = [],
    detection = [],
    alerts = [],
    effect = [],
    stub,
  } = incident;
  return (
    <article class={`card ${grade.replace(' ', '-')}`}>
      <h2>
        <span class="grade">{grade}</span>{' '}
        <button
          type="button"
          class="row"
          data-row={id}
          aria-expanded={isOpen}
          onClick={() => change({ open: isOpen ? undefined : id }, true)}
        >
          {printable(says)}
        </button>{' '}
        <StateTag marks={marks.get(id)} last={micros(last)} />
      </h2>
      <p class="dim">
        {printable(`${first.slice(0, 19).replace('T', ' ')} to ${last.slice(11, 19)} UTC`)}{' '}
        {technique.map((one) => (
          <Technique key={one} id={one} />
        ))}
        {detection.length > 0 && <span class="tag">{printable(detection.join(' '))}</span>}
        {stub === 'sealed' && <span class="tag">some calls are sealed</span>}
      </p>
      <div class="ends">
        <IncidentEnd title="from" end={from} />
        <IncidentEnd title="to" end={to} />
      </div>
      {effect.map((one) => (
        <p class="effect" key={`${one.pid} ${one.image} ${one.after_ms} ${one.parent}`}>
          <b>ran</b> <Long text={one.command_line ?? one.image} />
          {one.pid !== undefined && <span class="dim">{` [${one.pid}]`}</span>}
          <span class="dim">{` by ${printable(one.parent)}, ${one.after_ms} ms after the call; known by ${one.joined_by.join(', ')}`}</span>
        </p>
      ))}
      {alerts.map(({ signature_id, signature, severity, count }) => (
        <p class="alert-line" key={signature_id}>
          <Severity of={severity} />{' '}
          <a href={addressOf('alerts', { q: String(signature_id), state: 'all' })}>{printable(signature)}</a>
          {count > 1 && <span class="dim">{` × ${count}`}</span>}
        </p>
      ))}
      <p>
        <a class="button" href={addressOf('calls', { one: from.ip, other: to.ip })}>
          Calls between the two
        </a>
      </p>
      {isOpen && <IncidentMore {...{ source, incident, marks, mark }} />}
    </article>
  );
}

function IncidentEnd({ title, end }: { readonly title: string; readonly end: IncidentRecord['from'] }) {
  const { ip, host, process, logon, known_by = [] } = end;
  return (
    <Facts
      of={[
        [title, <Host key="h" ip={ip} name={host} />],
        ['process', process && printable(`${process.image}${process.pid === undefined ? '' : ` [${process.pid}]`}`)],
        ['logon', logon && printable(`${logon.user} (${logon.id})`)],
        ['known by', printable(known_by.join(', '))],
      ]}
    />
  );
}

function IncidentMore({ source, incident, marks, mark }: Omit<CardProps, 'isOpen'>) {
  const { id, last, clock = {}, evidence } = incident;
  return (
    <div class="more-of-it">
      <MarksPanel of={id} last={micros(last)} marks={marks.get(id)} mark={mark} isKept={source.keepsMarks} />
      <Facts
        of={Object.entries(clock).map(([host, { offset_ms, from }]) => [
          `clock of ${printable(host)}`,
          `${offset_ms} ms ahead of the capture's, by ${from} connections`,
        ])}
      />
      <table class="data">
        <caption>What it rests on</caption>
        <tbody>
          {evidence.map(({ flow_id, pcap_cnt, capture, log, channel, record_id, position }, index) => (
            <tr key={index}>
              <th scope="row">{log === undefined ? 'flow' : 'record'}</th>
              <td>
                {log === undefined ? (
                  <>
                    <a href={addressOf('events', { flow: String(flow_id) })}>{String(flow_id)}</a>
                    {pcap_cnt !== undefined && `, packet ${pcap_cnt}`} {printable(capture ?? '')}
                  </>
                ) : (
                  printable(`${channel ?? ''} record ${record_id ?? '?'} (number ${position ?? '?'} of ${log})`)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
