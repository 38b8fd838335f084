import type { ComponentChildren } from 'preact';
import { printable } from '../../calls/wording.js';
import type { LadderLane, LadderPicture, LadderRow } from '../model/ladder.js';

/** Where the arrow of a row is, from its upper edge; in pixels. */
const ARROW = 15;
const HEAD = 7;

/** Pixels of a lane: as the window lets. */
export function laneWidth(lanes: number, window: number): number {
  return Math.max(Math.min((window * 0.42) / Math.max(lanes, 1), 150), window < 700 ? 34 : 52);
}

/** What drawings of rows share: how what is sealed is filled. */
export function HatchPattern() {
  return (
    <svg width="0" height="0" class="hatch-pattern" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="2.5" height="6" />
        </pattern>
      </defs>
    </svg>
  );
}

/** The names of lanes, those of one host below its name. */
export function LaneHeads({ lanes, width }: { readonly lanes: readonly LadderLane[]; readonly width: number }) {
  const hosts = [...new Set(lanes.map(({ ip }) => ip))];
  return (
    <div class="lane-heads" style={{ width: `${lanes.length * width}px` }}>
      {hosts.map((ip) => {
        const own = lanes.filter((lane) => lane.ip === ip);
        const host = own.find((lane) => lane.host !== undefined)?.host;
        return (
          <div key={ip} class="lane-host" style={{ width: `${own.length * width}px` }}>
            <b title={printable(host ? `${host} (${ip})` : ip)}>{printable(host ?? ip)}</b>
            {host !== undefined && <span class="dim">{printable(ip)}</span>}
            <div class="lane-processes">
              {own.map((lane) => (
                <span key={laneName(lane)} style={{ width: `${width}px` }} title={printable(laneName(lane))}>
                  {printable(processName(lane).replace(/\.exe\b/i, ''))}
                </span>
              ))}
            </div>
          </div>
        );
      })}
    </div>
  );
}

function processName({ image, pid }: LadderLane): string {
  if (image === undefined) return pid === undefined ? '' : `process ${pid}`;
  return pid === undefined ? image : `${image} ${pid}`;
}

/** A lane in words. */
export function laneName(lane: LadderLane | undefined): string {
  if (lane === undefined) return '?';
  const process = processName(lane);
  return process === '' ? (lane.host ?? lane.ip) : `${process} on ${lane.host ?? lane.ip}`;
}

interface DrawingProps {
  readonly picture: LadderPicture;
  readonly row: LadderRow;
  readonly width: number;
}

/** The lanes beside a row, and its arrow or box. It says nothing that the words of the row do not. */
export function RowDrawing({ picture, row, width }: DrawingProps) {
  const middle = (lane: number) => (lane + 0.5) * width;
  return (
    <div class="drawing" style={{ width: `${picture.lanes.length * width}px` }}>
      <svg aria-hidden="true" width="100%" height="100%">
        {picture.lanes.map((lane, index) => (
          <line key={laneName(lane)} class="lifeline" x1={middle(index)} x2={middle(index)} y1="0" y2="100%" />
        ))}
        {row.kind === 'effect' ? (
          <EffectBox x={middle(row.lane)} width={width} />
        ) : (
          <Arrow row={row} from={middle(row.from)} to={middle(row.to)} width={width} />
        )}
      </svg>
    </div>
  );
}

function EffectBox({ x, width }: { readonly x: number; readonly width: number }) {
  const wide = Math.min(width - 6, 96);
  return (
    <>
      <rect class="effect-box" x={x - wide / 2} y={5} width={wide} height={20} rx={3} />
      <path class="effect-mark" d={`M${x - 4} 10 L${x + 5} 15 L${x - 4} 20 Z`} />
    </>
  );
}

interface ArrowProps {
  readonly row: Exclude<LadderRow, { kind: 'effect' }>;
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

function Arrow({ row, from, to, width }: ArrowProps) {
  if (row.kind === 'alarm') return <AlertMark x={(from + to) / 2} severity={row.alarm.priority} />;
  const { isSealed, hasFailed, isQuiet, alerts } = row;
  const kind = `arrow${hasFailed ? ' failed' : ''}${isQuiet ? ' quiet' : ''}`;
  const severity = Math.min(...alerts.map(({ alert }) => alert.severity || 4), 9);
  const mark: ComponentChildren = severity < 9 && <AlertMark x={(from + to) / 2} severity={severity} />;
  if (from === to) {
    const wide = Math.min(width / 2 - 4, 24);
    return (
      <>
        <path class={kind} d={`M${from} ${ARROW - 6} h${wide} v12 h${-wide + HEAD}`} fill="none" />
        <path class={`${kind} head`} d={`M${from} ${ARROW + 6} l${HEAD} -4 v8 Z`} />
        {mark}
      </>
    );
  }
  const back = to > from ? -HEAD : HEAD;
  const [left, right] = [Math.min(from, to + back), Math.max(from, to + back)];
  return (
    <>
      {isSealed && <rect class="sealed" x={left} y={ARROW - 5} width={right - left} height={10} fill="url(#hatch)" />}
      <line class={kind} x1={from} x2={to + back} y1={ARROW} y2={ARROW} />
      <circle class={`${kind} head`} cx={from} cy={ARROW} r={2.5} />
      <path class={`${kind} head`} d={`M${to} ${ARROW} l${back} -4.5 v9 Z`} />
      {mark}
    </>
  );
}

function AlertMark({ x, severity }: { readonly x: number; readonly severity: number }) {
  return (
    <path
      class={`alert-mark s${Math.min(Math.max(severity, 0), 4)}`}
      d={`M${x} ${ARROW - 10} l10 17 h-20 Z M${x} ${ARROW - 4} v5 M${x} ${ARROW + 3} v1.5`}
    />
  );
}
