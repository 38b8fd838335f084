import type { RefObject } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { civil } from '../../calls/call.js';
import { printable } from '../../calls/wording.js';
import { marksByKey, type PageMark } from '../model/marks.js';
import type { PageOverview } from '../model/overview.js';
import { addressOf, go, useAddress, VIEWS, type ViewName } from './address.js';
import { AlertsView } from './alerts-view.js';
import { CallsView } from './calls-view.js';
import { CoverageView } from './coverage-view.js';
import { EventsView } from './events-view.js';
import { Fence } from './fence.js';
import { IncidentsView } from './incidents-view.js';
import { focusFilter, moveFocus, useKeys } from './keys.js';
import type { PageSource } from './page-source.js';
import type { ViewProps } from './view-props.js';

/** Least time between two looks at what a server has, in milliseconds. */
const PAUSE = 1500;

/** The page: its head, the views, and the keys that work everywhere. */
export function Shell({ source, first }: { readonly source: PageSource; readonly first: PageOverview }) {
  const { overview, marks, mark, version, isLive, trouble } = usePageData(source, first);
  const start: ViewName = overview.incidents.length > 0 ? 'incidents' : 'alerts';
  const { view, parameters } = useAddress(start);
  const help = useRef<HTMLDialogElement>(null);
  useKeys(
    useMemo(
      () => ({
        j: () => moveFocus(1),
        k: () => moveFocus(-1),
        ArrowDown: () => moveFocus(1),
        ArrowUp: () => moveFocus(-1),
        '/': focusFilter,
        '?': () => help.current?.showModal(),
        ...Object.fromEntries(VIEWS.map((name, index) => [String(index + 1), () => go(name)])),
      }),
      [],
    ),
  );
  const props: ViewProps = { source, overview, marks, mark, parameters, version };
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        To the content
      </button>
      <PageHead
        source={source}
        overview={overview}
        view={view}
        isLive={isLive}
        showHelp={() => help.current?.showModal()}
      />
      <Remarks source={source} trouble={trouble} overview={overview} />
      <main id="main" tabIndex={-1}>
        <Fence key={view}>
          <View view={view} props={props} />
        </Fence>
      </main>
      <footer class="dim">
        This page holds command lines, names of accounts and octets of the wire, and perhaps passwords among them: treat
        it as you treat the capture.{' '}
        {printable(`Made ${source.about.made.slice(0, 16).replace('T', ' ')} UTC by sidewire ${source.about.release}.`)}
      </footer>
      <Help dialog={help} />
    </>
  );
}

function View({ view, props }: { readonly view: ViewName; readonly props: ViewProps }) {
  switch (view) {
    case 'incidents':
      return <IncidentsView {...props} />;
    case 'alerts':
      return <AlertsView {...props} />;
    case 'calls':
      return <CallsView {...props} />;
    case 'events':
      return <EventsView key="events" {...props} />;
    case 'flows':
      return <EventsView key="flows" {...props} only="flow" />;
    case 'coverage':
      return <CoverageView {...props} />;
  }
}

interface HeadProps {
  readonly source: PageSource;
  readonly overview: PageOverview;
  readonly view: ViewName;
  readonly isLive: boolean | null;
  readonly showHelp: () => void;
}

function PageHead({ source, overview, view, isLive, showHelp }: HeadProps) {
  const count = (type: string) => overview.types.find(([name]) => name === type)?.[1] ?? 0;
  const counts: Readonly<Record<ViewName, number | null>> = {
    incidents: count('incident'),
    alerts: count('alert'),
    calls: count('msrpc'),
    events: overview.events,
    flows: count('flow'),
    coverage: null,
  };
  const span =
    overview.last === 0 ? '' : `${civil(overview.first).slice(0, 19)} to ${civil(overview.last).slice(0, 19)} UTC`;
  return (
    <header>
      <div class="title">
        <h1>{printable(source.about.title)}</h1>
        <p class="dim">
          {span}
          {isLive !== null && (
            <span class={isLive ? 'live' : 'live is-off'} role="status">
              {isLive ? 'live' : 'connection lost, trying again'}
            </span>
          )}
          <button type="button" class="help" onClick={showHelp} aria-label="Keys">
            ?
          </button>
        </p>
      </div>
      <nav aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={addressOf(name)} aria-current={name === view ? 'page' : undefined}>
            {name[0]?.toUpperCase()}
            {name.slice(1)}
            {counts[name] !== null && <span class="count">{counts[name]?.toLocaleString('en')}</span>}
          </a>
        ))}
      </nav>
    </header>
  );
}

/** What was left out, and what went wrong. */
function Remarks(props: {
  readonly source: PageSource;
  readonly trouble: string | null;
  readonly overview: PageOverview;
}) {
  const { source, trouble, overview } = props;
  const left = source.left;
  return (
    <>
      {left > 0 && (
        <p class="warning" role="note">
          {`This page was cut: it has ${(overview.events - left).toLocaleString('en')} of ${overview.events.toLocaleString('en')} events. Numbers of alerts and types are those of all; lists, ladders and histograms are of what is here.`}
        </p>
      )}
      {overview.broken > 0 && (
        <p
          class="warning"
          role="note"
        >{`${overview.broken.toLocaleString('en')} lines are no events and were passed over.`}</p>
      )}
      {source.about.remarks.map((remark) => (
        <p class="warning" role="note" key={remark}>
          {printable(remark)}
        </p>
      ))}
      {trouble !== null && (
        <p class="warning" role="alert">
          {trouble}
        </p>
      )}
    </>
  );
}

const KEYS = [
  ['j, k', 'the next row, the one before'],
  ['Enter', 'open the row'],
  ['Escape', 'close it'],
  ['e', 'archive the group of alerts or the incident, until something new comes'],
  ['s', 'escalate it'],
  ['o', 'alerts: another order'],
  ['/', 'filter'],
  ['1 to 6', 'incidents, alerts, calls, events, flows, coverage'],
  ['?', 'these keys'],
] as const;

function Help({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-label="Keys">
      <h2>Keys</h2>
      <dl class="facts">
        {KEYS.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="dim">The address of the page says what it shows: keep it to come back, or pass it on.</p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

/** What the page shows, as it comes. */
function usePageData(source: PageSource, first: PageOverview) {
  const [overview, setOverview] = useState(first);
  const [marks, setMarks] = useState<readonly PageMark[]>([]);
  const [version, setVersion] = useState(0);
  const [isLive, setLive] = useState<boolean | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const readMarks = useCallback(async () => setMarks([...(await source.marks())]), [source]);
  const attempt = useCallback(async (what: () => Promise<unknown>) => {
    try {
      await what();
      setTrouble(null);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  }, []);
  useEffect(() => {
    void attempt(readMarks);
    let timer = 0;
    const look = () => {
      timer = 0;
      void attempt(async () => {
        setOverview(await source.overview());
        await readMarks();
        setVersion((count) => count + 1);
      });
    };
    source.listen(() => {
      if (timer === 0) timer = setTimeout(look, PAUSE) as unknown as number;
    }, setLive);
    return () => clearTimeout(timer);
  }, [source, attempt, readMarks]);
  const mark = useCallback(
    (one: Omit<PageMark, 'made'>) =>
      void attempt(async () => {
        await source.mark(one);
        await readMarks();
      }),
    [source, attempt, readMarks],
  );
  return { overview, marks: useMemo(() => marksByKey(marks), [marks]), mark, version, isLive, trouble };
}
