import type { ExplainedRule, FlowResults, RuleResult, RuleTrace, Stage } from '../generated/explain.js';
import type { RuleOrigins, RulePart } from '../rules/suricata/index.js';

export type { ExplainedRule, Stage };

/** How far one rule came on one flow, transaction or packet: the evaluation that came farthest. */
export interface Result extends RuleResult {
  /** What failed, as the rule has it: an option, a content with its modifiers, a part of the header. */
  readonly predicate?: string;
}

export interface FlowTrace extends Omit<FlowResults, 'results'> {
  readonly results: readonly Result[];
}

/** What `explain` knows of one rule and some captures. */
export interface Trace extends Omit<RuleTrace, 'flows' | 'packets'> {
  readonly flows: readonly FlowTrace[];
  /** Results on packets without a flow. */
  readonly packets: readonly Result[];
}

const STAGES: Readonly<Record<Stage, string>> = {
  protocol: 'another protocol than the rule asks for',
  address: 'the addresses are not those of the rule',
  port: 'the ports are not those of the rule',
  flow: 'the `flow` keyword does not hold (direction, or no established session)',
  application: 'another application protocol than the rule asks for',
  no_data: 'the buffer the rule looks into was never filled',
  condition: 'does not hold',
  check: 'does not hold',
  matched: 'matched',
};

/** Stages at which a part of the rule that is no condition fails. */
const PARTS: Readonly<Partial<Record<Stage, RulePart>>> = {
  protocol: 'protocol',
  address: 'address',
  port: 'port',
  flow: 'flow',
  application: 'protocol',
};

/** Adds to each result what failed as its rule has it. `originsOf` reads a rule's text. */
export function withPredicates(trace: RuleTrace, originsOf: (text: string) => RuleOrigins | null): Trace {
  const origins = new Map(trace.rules.map(({ gid, sid, text }) => [`${gid}:${sid}`, originsOf(text)]));
  const add = (result: RuleResult): Result => {
    const rule = origins.get(`${result.gid}:${result.sid}`);
    const part = PARTS[result.stage];
    const predicate =
      result.condition === undefined ? part && rule?.part(part) : rule?.condition(result.condition, result.check);
    return predicate === undefined ? result : { ...result, predicate };
  };
  return {
    ...trace,
    flows: trace.flows.map((flow) => ({ ...flow, results: flow.results.map(add) })),
    packets: trace.packets.map(add),
  };
}

/** One result in words. */
export function resultText(result: Result): string {
  const { stage, predicate, condition, check } = result;
  const unit = unitText(result);
  if (condition === undefined) return `${unit}${STAGES[stage]}${predicate === undefined ? '' : ` (\`${predicate}\`)`}`;
  const place = check === undefined ? `condition ${condition + 1}` : `condition ${condition + 1}, check ${check + 1}`;
  const parts = [`${predicate === undefined ? place : `\`${predicate}\``} ${STAGES[stage]}`];
  if (result.offset !== undefined) parts.push(`looked for from offset ${result.offset}`);
  if (result.found) parts.push(`there stands ${JSON.stringify(result.found)} (${result.found_hex})`);
  return unit + parts.join(', ');
}

/** What the rule was tried on, where that is a part of the flow. */
function unitText({ tx_id, frame }: Result): string {
  if (frame !== undefined) {
    const { type, id, direction } = frame;
    return `frame ${id} (${type}, to the ${direction === 'toserver' ? 'server' : 'client'}): `;
  }
  return tx_id === undefined ? '' : `transaction ${tx_id}: `;
}

/** A trace in words, farthest first, at most `limit` lines. */
export function traceText(trace: Trace, limit = 20): string[] {
  const order = Object.keys(STAGES);
  const untried = untriedText(trace.rules);
  const lines = [
    ...trace.flows.flatMap((flow) => {
      const head = `${flow.client} -> ${flow.server} (${[protocolName(flow.protocol), flow.app_proto].filter(Boolean).join(', ')})`;
      const results = flow.results.map((result) => ({
        rank: order.indexOf(result.stage),
        text: `${head}: ${resultText(result)}`,
      }));
      return results.length > 0 ? results : [{ rank: -1, text: `${head}: ${untried}` }];
    }),
    ...trace.packets.map((result) => ({
      rank: order.indexOf(result.stage),
      text: `packet without a flow: ${resultText(result)}`,
    })),
  ]
    .sort((a, b) => b.rank - a.rank)
    .map(({ text }) => text);
  const more = lines.length - limit;
  return more > 0 ? [...lines.slice(0, limit), `... and ${more} more`] : lines;
}

/** Why a rule has no result on a flow: rules wait at their protocol and ports, so nothing else of it was looked at. */
function untriedText(rules: readonly ExplainedRule[]): string {
  const header = rules[0]?.text.slice(0, Math.max(0, rules[0].text.indexOf('('))).trim() ?? '';
  return `not tried: nothing of the protocol and ports that the rule waits for${header && ` (\`${header}\`)`}`;
}

/** The name of an IP protocol number. */
export function protocolName(number: number): string {
  return { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' }[number] ?? `IP protocol ${number}`;
}
