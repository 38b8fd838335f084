import type { Replayed } from './replay.js';

/** How often a rule is to alert. Without it: at least once. */
export interface AlertExpectation {
  readonly times?: number;
}

/** What a matcher says, as vitest and jest take it. */
export interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Lines of an explanation that a message shows. */
const SHOWN = 12;

/** Whether a rule alerted, and how often. */
export function toAlert(replayed: Replayed, sid: number, { times }: AlertExpectation = {}): Verdict {
  const alerts = replayed.alerts.filter(({ alert }) => alert.signature_id === sid);
  const pass = times === undefined ? alerts.length > 0 : alerts.length === times;
  const wanted = times === undefined ? 'to alert' : `to alert ${times} times`;
  return {
    pass,
    message: () =>
      pass
        ? `Rule ${sid} was expected not ${wanted}, and alerted ${alerts.length} times:\n${shownAlerts(alerts)}`
        : alerts.length > 0
          ? `Rule ${sid} was expected ${wanted}, and alerted ${alerts.length} times:\n${shownAlerts(alerts)}`
          : `Rule ${sid} was expected ${wanted}, and stayed silent.\n${why(replayed, sid)}`,
  };
}

function shownAlerts(alerts: Replayed['alerts']): string {
  return alerts
    .slice(0, SHOWN)
    .map(({ src_ip, src_port, dest_ip, dest_port, pcap_cnt, tx_id, alert }) => {
      const tx = tx_id === undefined ? '' : `, transaction ${tx_id}`;
      return `  packet ${pcap_cnt}: ${src_ip}:${src_port} -> ${dest_ip}:${dest_port}${tx}: ${alert.signature}`;
    })
    .join('\n');
}

function why(replayed: Replayed, sid: number): string {
  const lines = replayed.explained.get(sid);
  const others = [...new Set(replayed.alerts.map(({ alert }) => alert.signature_id))];
  const rest = others.length > 0 ? `Rules that did alert: ${others.join(', ')}.` : 'No rule alerted.';
  if (lines === undefined) return `It is not among the rules, or there are too many to explain each. ${rest}`;
  if (lines.length === 0)
    return `No flow or packet came as far as the rule: its protocol or ports never occur. ${rest}`;
  return [...lines.slice(0, SHOWN).map((line) => `  ${line}`), rest].join('\n');
}
