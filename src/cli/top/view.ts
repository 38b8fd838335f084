import { count, octets, style, table } from '../terminal.js';
import type { SensorState } from './state.js';

/** How a view is drawn. */
export interface ViewOptions {
  readonly title: string;
  readonly color: boolean;
  readonly width: number;
  readonly height: number;
}

/** A line, and how it stands out. */
type ViewLine = readonly [text: string, look?: 'head' | 'bad'];

/** A sensor as lines of text, as many as there is room for. */
export function sensorView(state: SensorState, { title, color, width, height }: ViewOptions): string[] {
  const room = Math.max(Math.floor((height - 12) / 2), 3);
  const lines: ViewLine[] = [
    [title, 'head'],
    ...plain(rates(state)),
    ...losses(state),
    [''],
    ['Top talkers (flows that are over)', 'head'],
    ...plain(talkers(state, room)),
    [''],
    ['Alerts', 'head'],
    ...plain(alerts(state, room)),
  ];
  return lines.slice(0, height).map(([text, look]) => {
    const shown = [...text].slice(0, width).join('');
    return look === undefined ? shown : style(color, look === 'head' ? 'bold' : ['bold', 'red'], shown);
  });
}

function plain(lines: readonly string[]): ViewLine[] {
  return lines.map((text): ViewLine => [text]);
}

function rates(state: SensorState): string[] {
  if (!state.hasCounters) return ['  counters are not there yet'];
  const rate = (name: string, shown: (value: number) => string) => {
    const value = state.rate(name);
    return value === null ? '-' : `${shown(value)}/s`;
  };
  const whole = (value: number) => count(Math.round(value));
  return table([
    ['packets', rate('decoder.pkts', whole), count(state.value('decoder.pkts'))],
    ['traffic', rate('decoder.bytes', octets), octets(state.value('decoder.bytes'))],
    ['alerts', rate('detect.alert', whole), count(state.value('detect.alert'))],
    ['flows', rate('flow.total', whole), `${count(state.value('flow.active'))} open`],
    ['memory caps', '', `${state.value('memcap.pressure')} % full`],
  ]);
}

function losses(state: SensorState): ViewLine[] {
  const found = state.losses();
  if (found.length > 0)
    return [[`  lost: ${found.map(([name, value]) => `${name} ${count(value)}`).join(', ')}`, 'bad']];
  return state.hasCounters ? [['  nothing was lost']] : [];
}

function talkers(state: SensorState, most: number): string[] {
  const rows = state
    .talkers(most)
    .map(({ from, to, flows, bytes, alerts }) => [from, to, flows, octets(bytes), alerts]);
  return rows.length === 0 ? ['  none yet'] : table([['client', 'server', 'flows', 'data', 'alerts'], ...rows]);
}

function alerts(state: SensorState, most: number): string[] {
  const rows = state
    .alerts(most)
    .map(({ time, sid, severity, from, to, text }) => [time, sid, `p${severity}`, from, to, text]);
  return rows.length === 0 ? ['  none yet'] : table(rows);
}
