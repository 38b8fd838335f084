import { didYouMean } from '../../../diagnostics/suggest.js';
import type { Action, HeaderProtocol, Rule, RuleDirection } from '../../../generated/ir.js';
import { isSuricataProtocol } from '../catalog/suricata.js';
import type { HeaderNode, Word } from '../syntax/ast.js';
import type { RuleContext } from './context.js';
import type { BatchSetTable, Resolved, SetResolver } from './sets.js';

const ACTIONS: ReadonlySet<string> = new Set<Action>([
  'alert',
  'pass',
  'drop',
  'reject',
  'rejectsrc',
  'rejectdst',
  'rejectboth',
  'config',
]);

/** Actions that may say `:packet` or `:flow`; to a passive engine both are the same. */
const SCOPED: ReadonlySet<string> = new Set(['drop', 'pass', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth']);
const FIREWALL_ACTIONS: ReadonlySet<string> = new Set(['accept']);

const DIRECTIONS: ReadonlyMap<string, RuleDirection> = new Map([
  ['->', 'one_way'],
  ['<>', 'both'],
  ['=>', 'transaction'],
]);

const PROTOCOLS: ReadonlyMap<string, Exclude<HeaderProtocol['kind'], 'application'>> = new Map([
  ['ip', 'ip'],
  ['ip4', 'ipv4'],
  ['ipv4', 'ipv4'],
  ['ip6', 'ipv6'],
  ['ipv6', 'ipv6'],
  ['tcp', 'tcp'],
  ['tcp-pkt', 'tcp_packet'],
  ['tcp-stream', 'tcp_stream'],
  ['udp', 'udp'],
  ['icmp', 'icmp'],
  ['icmpv4', 'icmpv4'],
  ['icmpv6', 'icmpv6'],
  ['sctp', 'sctp'],
  ['ether', 'ethernet'],
  ['arp', 'arp'],
  ['pkthdr', 'pkthdr'],
]);

/** Hooks of packets rather than transactions. */
const PACKET_HOOKS = ['flow_start', 'pre_flow', 'pre_stream', 'all'] as const;

/** Writes what stands before the parenthesis into the rule. */
export function lowerHeader(header: HeaderNode, cx: RuleContext, resolver: SetResolver, sets: BatchSetTable): void {
  const { rule } = cx;
  const [action = '', scope] = header.action.text.toLowerCase().split(':');
  if (ACTIONS.has(action)) {
    rule.action = action as Action;
    if (scope !== undefined && (!SCOPED.has(action) || (scope !== 'packet' && scope !== 'flow'))) {
      cx.report(
        'header/action',
        header.action,
        `\`${action}\` has no scope \`${scope}\``,
        'scopes are `packet` and `flow`, for `drop`, `pass` and `reject`',
      );
    }
  } else if (FIREWALL_ACTIONS.has(action)) {
    cx.report(
      'header/action',
      header.action,
      `\`${action}\` belongs to firewall rules, which are not supported`,
      'use `pass` in detection rules',
    );
  } else {
    cx.report(
      'header/action',
      header.action,
      `no action \`${header.action.text}\``,
      didYouMean(action, ACTIONS) ?? `actions are ${[...ACTIONS].join(', ')}`,
    );
  }
  const direction = DIRECTIONS.get(header.direction.text);
  if (direction !== undefined) rule.direction = direction;
  else {
    cx.report(
      'header/direction',
      header.direction,
      `\`${header.direction.text}\` is no direction`,
      header.direction.text === '<-' ? 'swap both sides and write `->`' : 'write `->`, `<>` or `=>`',
    );
  }
  lowerProtocol(header, cx);
  rule.source = settle(header.source, resolver.addresses(header.source.text), (set) => sets.addresses(set), cx);
  rule.source_port = settle(header.sourcePort, resolver.ports(header.sourcePort.text), (set) => sets.ports(set), cx);
  rule.destination = settle(
    header.destination,
    resolver.addresses(header.destination.text),
    (set) => sets.addresses(set),
    cx,
  );
  rule.destination_port = settle(
    header.destinationPort,
    resolver.ports(header.destinationPort.text),
    (set) => sets.ports(set),
    cx,
  );
}

function lowerProtocol(header: HeaderNode, cx: RuleContext): void {
  const { protocol, hook } = header;
  const name = protocol.text.toLowerCase();
  const packet = PROTOCOLS.get(name);
  let hooks: readonly string[];
  if (packet !== undefined) {
    cx.rule.protocol = { kind: packet };
    hooks = PACKET_HOOKS;
  } else {
    const row = cx.catalog.protocol(name);
    if (row === undefined) {
      const known = isSuricataProtocol(name);
      const all = known ? [] : [...PROTOCOLS.keys(), ...cx.catalog.rows.protocols.map((one) => one.name)];
      cx.report(
        'header/protocol',
        protocol,
        known ? `the protocol \`${name}\` is not supported yet` : `no protocol \`${protocol.text}\``,
        known
          ? 'rules on it load once the engine has the protocol'
          : (didYouMean(name, all) ?? `protocols are ${all.join(', ')}`),
        known ? name : '',
      );
      cx.incomplete = true;
      return;
    }
    cx.rule.protocol = { kind: 'application', name: row.name };
    hooks = [...row.to_server_stages, ...row.to_client_stages];
  }
  if (hook === null) return;
  if (!hooks.includes(hook.text)) {
    cx.report(
      'header/hook',
      hook.text === '' ? protocol : hook,
      `\`${protocol.text}\` has no hook \`${hook.text}\``,
      didYouMean(hook.text, hooks) ?? (hooks.length === 0 ? 'it has none' : `hooks are ${hooks.join(', ')}`),
    );
    return;
  }
  cx.rule.hook = { stage: hook.text };
}

function settle<Set>(
  word: Word,
  resolved: Resolved<Set>,
  intern: (set: Set) => number,
  cx: RuleContext,
): Rule['source'] {
  if (resolved.problem === null) return intern(resolved.set);
  const { code, span, message, help } = resolved.problem;
  cx.report(code, { start: word.start + span.start, end: word.start + span.end }, message, help);
  return 0;
}
