import type { SigmaRuleset } from '../engine/hunt.js';
import { type KnownKeys, refuseUnknown } from '../engine/known-keys.js';
import type { AlertEvent } from '../generated/events.js';
import type { Hunted } from './hunt.js';
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

const EXPECTATION: KnownKeys<AlertExpectation> = { times: true };

/** Lines of an explanation that a message shows. */
const SHOWN = 12;

/** What an expectation is about: a rule's alerts, and why there are none. */
interface Subject {
  readonly name: string;
  readonly alerts: readonly string[];
  readonly others: readonly (string | number)[];
  readonly why: readonly string[] | undefined;
  /** Why nobody can say that the rule stayed silent; `null` when one can. */
  readonly untold: string | null;
}

/**
 * Whether a rule alerted, and how often: a network rule by its sid, a Sigma rule by its id, name or title. Whatever would make
 * `not.toAlert` pass without testing anything is thrown.
 * @throws {Error} when no rule has the name, the rule never alerts, or what was read says nothing about silence
 */
export function toAlert(
  received: Replayed | Hunted,
  rule: number | string,
  expectation: AlertExpectation = {},
): Verdict {
  refuseUnknown('What is expected of an alert', expectation, EXPECTATION);
  const { times } = expectation;
  if (times !== undefined && !(Number.isInteger(times) && times >= 0))
    throw new TypeError(`\`times\` is a whole number from 0, not ${String(times)}.`);
  const { name, alerts, others, why, untold } = subjectOf(received, rule);
  if (alerts.length === 0 && untold !== null) throw new Error(untold);
  const pass = times === undefined ? alerts.length > 0 : alerts.length === times;
  const wanted = times === undefined ? 'to alert' : `to alert ${times} times`;
  const lines = alerts.slice(0, SHOWN).join('\n');
  const silence = () => {
    const rest = others.length > 0 ? `Rules that did alert: ${others.join(', ')}.` : 'No rule alerted.';
    if (why === undefined) return `There are too many rules to explain each. ${rest}`;
    return [...why.slice(0, SHOWN).map((line) => `  ${line}`), rest].join('\n');
  };
  return {
    pass,
    message: () =>
      pass
        ? `Rule ${name} was expected not ${wanted}, and alerted ${alerts.length} times:\n${lines}`
        : alerts.length > 0
          ? `Rule ${name} was expected ${wanted}, and alerted ${alerts.length} times:\n${lines}`
          : `Rule ${name} was expected ${wanted}, and stayed silent.\n${silence()}`,
  };
}

function subjectOf(received: unknown, rule: number | string): Subject {
  if (received instanceof Promise)
    throw new TypeError('toAlert was given a promise: write `expect(await replay(...)).toAlert(...)`.');
  const given = received as Partial<Replayed> & Partial<Hunted>;
  if (Array.isArray(given?.alerts) && given.summary) return ofReplay(received as Replayed, rule);
  if (Array.isArray(given?.alerts) && given.report) return ofHunt(received as Hunted, rule);
  throw new TypeError('toAlert takes what `replay` or `hunt` of sidewire/testing gave.');
}

function ofReplay(replayed: Replayed, rule: number | string): Subject {
  const { summary } = replayed;
  const [error] = summary.errors;
  const reason = `There is no packet in what was replayed${error ? ` (${error.message})` : ''}: no rule can alert.`;
  const untold = summary.packets > 0 ? null : reason;
  if (typeof rule === 'number') return { ...ofNetworkRule(replayed, rule), untold };
  if (replayed.sigma) return { ...ofSigmaRule(replayed, replayed.sigma, rule), untold };
  throw new TypeError(`A network rule is named by its sid, a number, not ${JSON.stringify(rule)}.`);
}

function ofNetworkRule({ alerts, explained, sids, silent }: Replayed, sid: number): Omit<Subject, 'untold'> {
  if (!sids.includes(sid)) {
    const shown = sids.slice(0, SHOWN).join(', ');
    const known = sids.length > 0 ? `there are ${shown}${sids.length > SHOWN ? ' and more' : ''}` : 'there are none';
    throw new Error(`No rule has the sid ${sid}: ${known}.`);
  }
  if (silent.includes(sid))
    throw new Error(
      `Rule ${sid} never alerts (\`noalert\`, \`pass\` or \`config\`): expect the alert of a rule beside it.`,
    );
  const lines = explained.get(sid);
  return {
    name: String(sid),
    alerts: alerts.filter(({ alert }) => alert.signature_id === sid).map(packetLine),
    others: [...new Set(alerts.map(({ alert }) => alert.signature_id))],
    why:
      lines?.length === 0 ? ['No flow or packet came as far as the rule: its protocol or ports never occur.'] : lines,
  };
}

function packetLine({ src_ip, src_port, dest_ip, dest_port, pcap_cnt, tx_id, alert }: AlertEvent): string {
  const tx = tx_id === undefined ? '' : `, transaction ${tx_id}`;
  return `  packet ${pcap_cnt}: ${src_ip}:${src_port} -> ${dest_ip}:${dest_port}${tx}: ${alert.signature}`;
}

function ofHunt(hunted: Hunted, rule: number | string): Subject {
  return { ...ofSigmaRule(hunted, hunted.rules, String(rule)), untold: untoldBy(hunted.report) };
}

function ofSigmaRule(
  { alerts, explained }: Pick<Replayed, 'alerts' | 'explained'>,
  rules: SigmaRuleset,
  name: string,
): Omit<Subject, 'untold'> {
  const found = rules.named(name);
  const [rule] = found;
  const known = rules.loaded.slice(0, SHOWN).map((one) => `${one.rule.head.id} (${one.rule.head.title})`);
  if (!rule)
    throw new Error(`No rule is ${JSON.stringify(name)}, by id, name or title: there are ${known.join(', ')}.`);
  if (found.length > 1) throw new Error(`${found.length} rules are ${JSON.stringify(name)}: name one by its id.`);
  const { id, title } = rule.head;
  if (!rule.alerts)
    throw new Error(`Rule ${id} is there for a correlation alone and never alerts: expect the correlation's alert.`);
  if ('sources' in rule && rule.sources.length === 0)
    throw new Error(`Rule ${id} never alerts: no event log of Windows is of its log source.`);
  return {
    name: `${id} (${title})`,
    alerts: alerts.filter(({ alert }) => alert.metadata?.sigma_id?.[0] === id).map(recordLine),
    others: [...new Set(alerts.flatMap(({ alert }) => alert.metadata?.sigma_id ?? []))],
    why: explained.get(id),
  };
}

function recordLine(event: AlertEvent): string {
  const { winlog, alert } = event;
  return winlog
    ? `  record ${winlog.position}: ${winlog.channel} ${winlog.event_id}: ${alert.signature}`
    : packetLine(event);
}

/** Why a silent rule says nothing: nothing was read, or not everything was. */
function untoldBy({ records, problems, problem_count }: Hunted['report']): string | null {
  const [problem] = problems;
  if (records === 0)
    return `There is no record in what was searched${problem ? ` (${problem})` : ''}: no rule can alert.`;
  return problem_count > 0 && problem ? `Not everything could be read, so silence says nothing: ${problem}` : null;
}
