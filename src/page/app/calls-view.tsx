import { useEffect, useMemo, useState } from 'preact/hooks';
import { civil } from '../../calls/call.js';
import { callPieces, printable } from '../../calls/wording.js';
import { type CallRow, type LadderPicture, type LadderRow, ladderEvents, ladderPicture } from '../model/ladder.js';
import type { JsonMembers } from '../model/members.js';
import type { CallPair } from '../model/overview.js';
import { addressOf, change, go } from './address.js';
import { EventDetail } from './event-detail.js';
import { useKeys } from './keys.js';
import { HatchPattern, LaneHeads, laneName, laneWidth, RowDrawing } from './ladder-drawing.js';
import type { PageSource } from './page-source.js';
import { Facts, Host, Long, Nothing, Severity, useAnswer } from './parts.js';
import type { ViewProps } from './view-props.js';

/** Rows that are drawn before more are asked for. */
const SHOWN = 400;

/** Pairs of hosts of which one called the other, and the ladder of the chosen pair. */
export function CallsView({ source, overview, parameters, version }: ViewProps) {
  const { pairs } = overview;
  const [one, other] = [parameters.get('one') ?? pairs[0]?.one, parameters.get('other') ?? pairs[0]?.other];
  if (one === undefined || other === undefined)
    return <Nothing>No remote procedure call is among the events, so that there is no ladder to draw.</Nothing>;
  const isNow = (pair: CallPair) =>
    (pair.one === one && pair.other === other) || (pair.one === other && pair.other === one);
  return (
    <>
      <div class="toolbar">
        <label class="field wide">
          <span>Between</span>
          <select
            data-filter="pair"
            value={String(pairs.findIndex(isNow))}
            onChange={({ currentTarget }) => {
              const pair = pairs[Number(currentTarget.value)];
              if (pair) go('calls', { one: pair.one, other: pair.other });
            }}
          >
            {!pairs.some(isNow) && <option value="-1">{printable(`${one} and ${other}`)}</option>}
            {pairs.map((pair, index) => (
              <option key={`${pair.one} ${pair.other}`} value={String(index)}>
                {printable(pairText(pair))}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={parameters.get('full') === 'yes'}
            onChange={({ currentTarget }) => change({ full: currentTarget.checked ? 'yes' : undefined })}
          />{' '}
          calls that only keep objects, and whole arguments
        </label>
        {overview.pairsLeft > 0 && <span class="dim">{`${overview.pairsLeft} more pairs are not listed`}</span>}
      </div>
      <Ladder {...{ source, one, other, parameters, version }} isFull={parameters.get('full') === 'yes'} />
    </>
  );
}

function pairText({ one, other, calls, alerts }: CallPair): string {
  const alerted = alerts > 0 ? `, ${alerts} ${alerts === 1 ? 'alert' : 'alerts'}` : '';
  return `${one} and ${other}: ${calls.toLocaleString('en')} ${calls === 1 ? 'call' : 'calls'}${alerted}`;
}

interface LadderProps extends Pick<ViewProps, 'source' | 'parameters' | 'version'> {
  readonly one: string;
  readonly other: string;
  readonly isFull: boolean;
}

function Ladder({ source, one, other, isFull, parameters, version }: LadderProps) {
  const { answer, error } = useAnswer(() => source.conversation(one, other), [source, one, other, version]);
  const events = useMemo(() => answer && ladderEvents(answer.lines), [answer]);
  const picture = useMemo(() => events && ladderPicture(events, isFull), [events, isFull]);
  const undrawn = (answer?.lines.length ?? 0) - (events?.length ?? 0);
  useKeys(useMemo(() => ({ Escape: () => change({ open: undefined }, true) }), []));
  const room = useWindowWidth();
  if (error !== null) return <p class="warning">{error}</p>;
  if (answer === null || picture === null) return <Nothing>Drawing</Nothing>;
  if (picture.rows.length === 0)
    return (
      <Nothing>
        No call between <Host ip={one} /> and <Host ip={other} /> is in this page.
      </Nothing>
    );
  const shown = Number(parameters.get('rows') ?? SHOWN);
  const open = picture.rows[Number(parameters.get('open') ?? -1)];
  // Beside what is open the ladder has half of the room.
  const width = laneWidth(picture.lanes.length, open && room >= 1100 ? room / 2 : room);
  return (
    <div class={open ? 'split is-open' : 'split'}>
      <section class="list ladder" aria-label={`Ladder of ${picture.calls} calls`}>
        <HatchPattern />
        <div class="ladder-head">
          <span class="dim at" title={`seconds since ${civil(picture.start)} UTC`}>
            seconds
          </span>
          <LaneHeads lanes={picture.lanes} width={width} />
          <Legend />
        </div>
        <ol>
          {picture.rows.slice(0, shown).map((row, index) => (
            <LadderLine key={index} {...{ picture, row, index, width, isFull }} isOpen={row === open} />
          ))}
        </ol>
        {picture.rows.length > shown && (
          <button type="button" onClick={() => change({ rows: String(shown + SHOWN) })}>
            {`Show more of ${picture.rows.length.toLocaleString('en')} rows`}
          </button>
        )}
        {undrawn > 0 && (
          <p class="warning">{`${undrawn.toLocaleString('en')} events between the two are not as docs/EVE.md says, and not drawn; the list of events has them.`}</p>
        )}
        {answer.left > 0 && (
          <p class="warning">{`${answer.left.toLocaleString('en')} later calls and alerts between the two are not drawn: there are too many.`}</p>
        )}
      </section>
      {open && <RowDetail source={source} row={open} picture={picture} />}
    </div>
  );
}

function Legend() {
  return (
    <p class="legend dim">
      <svg width="34" height="12" aria-hidden="true">
        <rect class="sealed" x="0" y="1" width="34" height="10" fill="url(#hatch)" />
      </svg>{' '}
      sealed{' '}
      <svg width="26" height="12" aria-hidden="true">
        <rect class="effect-box" x="1" y="1" width="24" height="10" rx="3" />
      </svg>{' '}
      a process that started{' '}
      <svg width="14" height="12" aria-hidden="true">
        <path class="alert-mark s1" d="M7 0 l7 12 h-14 Z" />
      </svg>{' '}
      alert
    </p>
  );
}

interface LineProps {
  readonly picture: LadderPicture;
  readonly row: LadderRow;
  readonly index: number;
  readonly width: number;
  readonly isFull: boolean;
  readonly isOpen: boolean;
}

function LadderLine({ picture, row, index, width, isFull, isOpen }: LineProps) {
  const seconds = (row.at - picture.start) / 1_000_000;
  const name = (lane: number) => laneName(picture.lanes[lane]);
  const ends = row.kind === 'effect' ? `on ${name(row.lane)}` : `from ${name(row.from)} to ${name(row.to)}`;
  return (
    <li class={`ladder-row ${row.kind}${isOpen ? ' is-chosen' : ''}`}>
      <span class="at" title={row.kind === 'effect' ? undefined : `${civil(row.at)} UTC`}>
        {row.kind === 'effect' ? '' : seconds.toFixed(6)}
      </span>
      <RowDrawing picture={picture} row={row} width={width} />
      <div class="what">
        <button
          type="button"
          class="row"
          data-row={String(index)}
          aria-expanded={isOpen}
          onClick={() => change({ open: isOpen ? undefined : String(index) }, true)}
        >
          <span class="hidden">{printable(`${row.kind} ${ends}: `)}</span>
          <RowWords row={row} isFull={isFull} />
        </button>
        {row.kind === 'call' && <CallAlerts row={row} />}
        {row.kind === 'call' && row.times !== undefined && (
          <p class="rounds">{`these ${row.roundLength} calls ${row.times.toLocaleString('en')} times`}</p>
        )}
      </div>
    </li>
  );
}

function RowWords({ row, isFull }: { readonly row: LadderRow; readonly isFull: boolean }) {
  if (row.kind === 'effect') {
    const { command_line, image, pid } = row.effect;
    return <>{printable(cut(`ran ${command_line ?? image}${pid === undefined ? '' : ` [${pid}]`}`))}</>;
  }
  if (row.kind === 'alarm') {
    const { msg, sid, priority, count } = row.alarm;
    return (
      <>
        <Severity of={priority} /> {printable(msg)} <span class="dim">{`${sid}${count > 1 ? ` × ${count}` : ''}`}</span>
      </>
    );
  }
  const { step, over } = row;
  if (step.quiet)
    return (
      <span class="dim">
        {printable([...step.quiet].map(([name, count]) => (count > 1 ? `${name} × ${count}` : name)).join(', '))}
      </span>
    );
  return (
    <>
      <span class="over">{printable(over)}</span>{' '}
      {callPieces(step.call.record, { full: isFull, differs: step.differs, sizes: step.sizes }).map(
        ({ text, kind }, index) => (
          <span key={index} class={`piece ${kind}`}>
            {printable(text)}
          </span>
        ),
      )}
      {step.count > 1 && <b>{` × ${step.count.toLocaleString('en')}`}</b>}
    </>
  );
}

function CallAlerts({ row }: { readonly row: CallRow }) {
  const counts = new Map<string, { severity: number; sid: number; count: number }>();
  for (const { alert } of row.alerts) {
    const known = counts.get(alert.signature) ?? { severity: alert.severity, sid: alert.signature_id, count: 0 };
    counts.set(alert.signature, { ...known, count: known.count + 1 });
  }
  return (
    <>
      {[...counts].map(([signature, { severity, sid, count }]) => (
        <p class="alert-line" key={signature}>
          <Severity of={severity} />{' '}
          <a href={addressOf('alerts', { q: String(sid), state: 'all' })}>{printable(signature)}</a>
          {count > 1 && <span class="dim">{` × ${count}`}</span>}
        </p>
      ))}
    </>
  );
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

interface DetailProps {
  readonly source: PageSource;
  readonly row: LadderRow;
  readonly picture: LadderPicture;
}

function RowDetail({ source, row, picture }: DetailProps) {
  const name = (lane: number) => laneName(picture.lanes[lane]);
  const events = eventsOf(row);
  return (
    <section class="detail" aria-label="The chosen row">
      <div class="detail-head">
        <h2>{row.kind === 'effect' ? 'What ran' : row.kind === 'alarm' ? 'Alert' : 'Call'}</h2>
        <button type="button" class="close" aria-label="Close" onClick={() => change({ open: undefined }, true)}>
          ×
        </button>
      </div>
      {row.kind === 'effect' ? (
        <EffectDetail row={row} />
      ) : (
        <Facts
          of={[
            ['caller', printable(name(row.from))],
            ['called', printable(name(row.to))],
            [
              'how often',
              row.kind === 'call' && row.step.count > 1 && `${row.step.count} equal calls; the first is shown`,
            ],
          ]}
        />
      )}
      {events.map((event, index) => (
        <EventDetail key={index} source={source} event={event} hasCall={row.kind === 'alarm' || index === 0} />
      ))}
    </section>
  );
}

/** The call of a row, and its alerts. */
function eventsOf(row: LadderRow): JsonMembers[] {
  if (row.kind === 'effect') return [];
  const events = row.kind === 'alarm' ? [row.event] : [row.event, ...row.alerts];
  return events.filter((event) => event !== undefined).map((event) => ({ ...event }));
}

function EffectDetail({ row: { effect, incident } }: { readonly row: Extract<LadderRow, { kind: 'effect' }> }) {
  const { command_line = '', image, pid, parent, joined_by, after_ms } = effect;
  return (
    <>
      <p class="effect">
        <Long text={command_line || image} most={4000} />
      </p>
      <Facts
        of={[
          ['program', printable(image)],
          ['process', pid === undefined ? 'lost by the log' : String(pid)],
          ['parent', printable(parent)],
          ['known by', joined_by.join(', ')],
          ['after the call', `${after_ms} ms, by the measured clock of the host`],
          ['grade', incident.grade],
          [
            'incident',
            <a key="i" href={addressOf('incidents', { open: incident.id, state: 'all' })}>
              {printable(incident.says.slice(0, 200))}
            </a>,
          ],
        ]}
      />
    </>
  );
}

function useWindowWidth(): number {
  const [width, set] = useState(innerWidth);
  useEffect(() => {
    const changed = () => set(innerWidth);
    addEventListener('resize', changed);
    return () => removeEventListener('resize', changed);
  }, []);
  return width;
}
