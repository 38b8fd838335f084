/** The first stage at which a rule failed; `matched` when it did not. */
export type Stage =
  | 'protocol'
  | 'address'
  | 'port'
  | 'flow'
  | 'application'
  | 'no_data'
  | 'condition'
  | 'check'
  | 'matched';

/** How far one rule came on one flow, transaction or packet: the evaluation that came farthest. */
export interface Result {
  readonly gid: number;
  readonly sid: number;
  readonly tx_id?: number;
  readonly stage: Stage;
  /** Position in the rule's conditions, and of the check inside that condition. */
  readonly condition?: number;
  readonly check?: number;
  /** Where it was looked for, and what stood there. */
  readonly offset?: number;
  readonly found?: string;
  readonly found_hex?: string;
}

export interface FlowTrace {
  readonly flow_id: number;
  readonly client: string;
  readonly server: string;
  /** IP protocol number. */
  readonly protocol: number;
  readonly app_proto?: string;
  readonly results: readonly Result[];
}

/** What `explain` knows of one rule and some captures. */
export interface Trace {
  readonly flows: readonly FlowTrace[];
  /** Results on packets without a flow. */
  readonly packets: readonly Result[];
  /** Flows beyond what is kept. */
  readonly left_out: number;
}

const STAGES: Readonly<Record<Stage, string>> = {
  protocol: 'another protocol than the rule asks for',
  address: 'the addresses are not those of the rule',
  port: 'the ports are not those of the rule',
  flow: 'the `flow` keyword does not hold (direction, or no established session)',
  application: 'another application protocol than the rule asks for',
  no_data: 'the buffer the rule looks into was never filled',
  condition: 'a condition does not hold',
  check: 'a check does not hold',
  matched: 'matched',
};

/** One result in words. */
export function resultText(result: Result): string {
  const parts = [STAGES[result.stage]];
  if (result.condition !== undefined) parts.push(`condition ${result.condition + 1}`);
  if (result.check !== undefined) parts.push(`check ${result.check + 1}`);
  if (result.offset !== undefined) parts.push(`at offset ${result.offset}`);
  if (result.found) parts.push(`there stood ${JSON.stringify(result.found)} (${result.found_hex})`);
  const tx = result.tx_id === undefined ? '' : `transaction ${result.tx_id}: `;
  return tx + parts.join(', ');
}

/** A trace in words, farthest first, at most `limit` lines. */
export function traceText(trace: Trace, limit = 20): string[] {
  const order = Object.keys(STAGES);
  const lines = [
    ...trace.flows.flatMap((flow) =>
      flow.results.map((result) => ({
        result,
        text: `${flow.client} -> ${flow.server} (${[protocolName(flow.protocol), flow.app_proto].filter(Boolean).join(', ')}): ${resultText(result)}`,
      })),
    ),
    ...trace.packets.map((result) => ({ result, text: `packet without a flow: ${resultText(result)}` })),
  ]
    .sort((a, b) => order.indexOf(b.result.stage) - order.indexOf(a.result.stage))
    .map(({ text }) => text);
  const more = lines.length - limit;
  return more > 0 ? [...lines.slice(0, limit), `... and ${more} more`] : lines;
}

/** The name of an IP protocol number. */
export function protocolName(number: number): string {
  return { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' }[number] ?? `IP protocol ${number}`;
}
