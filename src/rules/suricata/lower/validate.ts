import type { Check, Condition, Number as NumberTest } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import type { HeaderNode } from '../syntax/ast.js';
import { BASE64_DATA, type CheckRun, PAYLOAD, type RuleContext } from './context.js';

/** What a whole rule must be: conditions no single keyword can see. */
export function validate(cx: RuleContext, header: HeaderNode): void {
  const whole: Span = header.action;
  if (!cx.seen.has('sid')) {
    cx.report(
      'rule/no-sid',
      whole,
      'the rule has no `sid`',
      'give it a number of its own, from 1000000 on for local rules',
    );
    return;
  }
  validateFrames(cx, header);
  if (cx.failed) return;
  validateProtocols(cx, header);
  validateDirections(cx, header);
  validatePackets(cx, header);
  for (const run of cx.runs) validateRun(run, cx);
  validateDsize(cx);
}

/** Runs whose buffers belong to application protocols. */
function applicationRuns(cx: RuleContext): readonly (CheckRun & { row: NonNullable<CheckRun['row']> })[] {
  return cx.runs.filter(
    (run): run is CheckRun & { row: NonNullable<CheckRun['row']> } =>
      run.row !== null && run.row.protocols.length > 0 && run.condition.checks.length > 0,
  );
}

/** Headers whose packets are of no stream, nor datagrams. */
const WITHOUT_FRAMES: ReadonlySet<string> = new Set(['icmp', 'icmpv4', 'icmpv6', 'sctp', 'arp', 'tcp_packet']);

/** Do packets of a header have frames over one of these transports? */
function hasFrames(kind: string, transports: readonly string[]): boolean {
  const over =
    kind === 'tcp' || kind === 'udp' ? transports.includes(kind) : kind !== 'tcp_stream' || transports.includes('tcp');
  return over && !WITHOUT_FRAMES.has(kind);
}

const SPLIT = 'split the rule in two and join them with `flowbits`';

/** A rule that looks into a kind of frame looks into that kind, and into nothing else. */
function validateFrames(cx: RuleContext, header: HeaderNode): void {
  const frame = cx.runs.find(({ condition }) => condition.kind === 'frame');
  if (frame === undefined) return;
  const { buffer } = frame.condition;
  for (const run of cx.runs) if (!goesWithFrame(run, buffer, cx)) return;
  const { kind } = cx.rule.protocol;
  if (header.hook !== null || cx.rule.conditions.some((condition) => isOfTransaction(condition, cx))) {
    cx.report('frame/mixed', frame.span, `\`${buffer}\` is a frame and goes with nothing of transactions`, SPLIT);
  } else if (!hasFrames(kind, cx.catalog.frame(buffer)?.transports ?? [])) {
    cx.report(
      'buffer/protocol',
      frame.span,
      `\`${buffer}\` is a frame, and of a kind that \`${header.protocol.text}\` has not`,
      'write the protocol of the frame in the rule header',
    );
  }
}

/** Reports checks that do not go with those on a kind of frame. */
function goesWithFrame({ condition, span }: CheckRun, frame: string, cx: RuleContext): boolean {
  if (condition.checks.length === 0) return true;
  if (condition.kind !== 'frame' && condition.buffer !== BASE64_DATA) {
    cx.report(
      'frame/mixed',
      span,
      `\`${frame}\` is a frame and goes with no other buffer, nor with the payload`,
      SPLIT,
    );
    return false;
  }
  if (condition.kind === 'frame' && condition.buffer !== frame) {
    cx.report('frame/mixed', span, `no frame is both \`${frame}\` and \`${condition.buffer}\``, SPLIT);
    return false;
  }
  if (condition.checks.some(({ kind }) => kind === 'absent')) {
    cx.report('frame/mixed', span, '`absent` says nothing of frames', 'look for something in the frame');
    return false;
  }
  return true;
}

/** What only transactions have, and no buffer. */
function isOfTransaction(condition: Condition, cx: RuleContext): boolean {
  if (condition.kind === 'interface' || condition.kind === 'file') return true;
  if (condition.kind === 'app_layer_event') return condition.protocol !== null;
  if (condition.kind !== 'number' && condition.kind !== 'flags') return false;
  return (cx.catalog.field(condition.field)?.protocols.length ?? 0) > 0;
}

/** All buffers must belong to one protocol, the header's if it names one. */
function validateProtocols(cx: RuleContext, header: HeaderNode): void {
  const { protocol } = cx.rule;
  let possible: readonly string[] | null = protocol.kind === 'application' ? [protocol.name] : null;
  for (const { row, span } of applicationRuns(cx)) {
    const left = possible === null ? row.protocols : row.protocols.filter((name) => possible?.includes(name));
    if (left.length === 0) {
      cx.report(
        'buffer/protocol',
        span,
        `\`${row.name}\` belongs to ${row.protocols.join(', ')}, the rule is for ${possible?.join(', ')}`,
        `use buffers of one protocol, and name it (or \`tcp\`) instead of \`${header.protocol.text}\` in the rule header`,
      );
      return;
    }
    possible = left;
  }
}

/** Without `=>`, a rule looks into requests or into responses. */
function validateDirections(cx: RuleContext, header: HeaderNode): void {
  const { flow, hook, protocol, direction } = cx.rule;
  const row = protocol.kind === 'application' ? cx.catalog.protocol(protocol.name) : undefined;
  const stage = hook?.stage ?? '';
  let toServer = flow.to_server || row?.to_server_stages.includes(stage) === true;
  let toClient = flow.to_client || row?.to_client_stages.includes(stage) === true;
  if (toServer && toClient) {
    cx.report(
      'buffer/direction',
      header.hook ?? header.protocol,
      'the hook and `flow` ask for opposite directions',
      'drop the direction from `flow`',
    );
    return;
  }
  let requests = false;
  let responses = false;
  for (const { row: buffer, span } of applicationRuns(cx)) {
    if (buffer.to_server && buffer.to_client) continue;
    if (buffer.to_server) requests = true;
    else responses = true;
    if (direction === 'transaction') continue;
    if (buffer.to_server ? toClient : toServer) {
      cx.report(
        'buffer/direction',
        span,
        `\`${buffer.name}\` exists only towards the ${buffer.to_server ? 'server' : 'client'}: rule ${cx.rule.sid} mixes keywords with conflicting directions`,
        'change `flow`, or write `=>` as direction to look at both halves of a transaction',
      );
      return;
    }
    toServer ||= buffer.to_server;
    toClient ||= buffer.to_client;
  }
  if (direction === 'transaction' && !(requests && responses)) {
    cx.report(
      'buffer/direction',
      header.direction,
      '`=>` needs buffers of the request and of the response',
      'write `->` for a rule that looks one way',
    );
  }
}

/** Fields that every packet of a flow shares, so that they go with stream data and buffers. */
function isPacketCondition(condition: Condition, cx: RuleContext): boolean {
  if (condition.kind !== 'number' && condition.kind !== 'flags') return false;
  if (condition.field === 'ip_proto' || condition.field.startsWith('flow.')) return false;
  const row = cx.catalog.field(condition.field);
  return row !== undefined && row.protocols.length === 0;
}

function validatePackets(cx: RuleContext, header: HeaderNode): void {
  const packet = cx.rule.conditions.find((condition) => isPacketCondition(condition, cx));
  if (packet === undefined || !('field' in packet)) return;
  if (cx.rule.protocol.kind === 'tcp_stream' || cx.rule.flow.only_stream) {
    cx.report(
      'rule/never',
      header.protocol,
      `\`${packet.field}\` belongs to packets, the rule looks at the stream alone`,
      'write `tcp` or `tcp-pkt`, without `flow:only_stream`',
    );
    return;
  }
  const run = applicationRuns(cx)[0];
  if (run !== undefined) {
    cx.report(
      'rule/never',
      run.span,
      `\`${packet.field}\` belongs to packets, \`${run.row.name}\` to transactions`,
      'split the rule in two and join them with `flowbits`',
    );
  }
}

/** The greatest size a test admits; `null` for any. */
function greatestSize(test: NumberTest): number | null {
  if (test.negated) return null;
  let greatest = 0;
  for (const { max } of test.ranges) {
    if (max === null) return null;
    greatest = Math.max(greatest, max);
  }
  return greatest;
}

/** The sizes a test admits, in words. */
function sizes({ ranges }: NumberTest, greatest: number): string {
  const least = Math.min(...ranges.map(({ min }) => min ?? 0));
  if (least === greatest) return `of ${greatest}`;
  return least === 0 ? `of less than ${greatest + 1}` : `of ${least} to ${greatest}`;
}

/**
 * How many octets the contents need at least: each from its offset, relative ones one behind the other. As in Suricata, the
 * window of one that must not be there has to lie within the octets, too.
 */
function octetsNeeded(checks: readonly Check[]): number {
  let needed = 0;
  let end = 0;
  for (const check of checks) {
    if (check.kind !== 'content') continue;
    const { relative, start } = check.window;
    if (check.negated) {
      const within = typeof check.window.end === 'number' ? check.window.end : 0;
      if (relative && typeof start === 'number') needed = Math.max(needed, end + start + within);
      continue;
    }
    const from = typeof start === 'number' ? start : 0;
    end = Math.max(0, relative ? end + from : from) + check.pattern.length / 2;
    needed = Math.max(needed, end);
  }
  return needed;
}

function isSought(check: Check): check is Extract<Check, { kind: 'content' }> {
  return check.kind === 'content' && !check.negated;
}

function tooLong(cx: RuleContext, span: Span, checks: readonly Check[], limit: number, what: string): void {
  const longest = Math.max(0, ...checks.map((check) => (isSought(check) ? check.pattern.length / 2 : 0)));
  // Where one pattern alone is too long, its place does not matter.
  const needed = longest > limit ? longest : octetsNeeded(checks);
  if (needed <= limit) return;
  cx.report(
    'rule/never',
    span,
    `the patterns need ${needed} octets and do not fit into ${what}`,
    'make the patterns shorter or the size greater',
  );
}

function validateRun(run: CheckRun, cx: RuleContext): void {
  const { checks, buffer } = run.condition;
  for (const check of checks) {
    if (check.kind !== 'bsize') continue;
    const limit = greatestSize(check.test);
    if (limit !== null) tooLong(cx, run.span, checks, limit, `a buffer ${sizes(check.test, limit)}`);
  }
  const [first] = checks;
  if (first?.kind === 'absent' && first.or_else !== checks.length > 1) {
    cx.report(
      first.or_else ? 'keyword/value' : 'rule/never',
      run.span,
      first.or_else ? '`absent:or_else` has no other check' : `\`${buffer}\` cannot be absent and hold something`,
      first.or_else ? 'add a check, or drop `or_else`' : 'write `absent:or_else`, or drop the other checks',
    );
  }
  if (buffer === 'http.host') validateHost(run, cx);
  if (buffer === 'http.method') validateMethod(run, cx);
  const letters = LETTERS.get(buffer);
  if (letters !== undefined) foldLetters(run, letters);
}

/** Buffers whose letters are of one kind: patterns are taken as they stand there. */
const LETTERS: ReadonlyMap<string, 'lower' | 'upper'> = new Map([
  ['ja3.hash', 'lower'],
  ['ja3s.hash', 'lower'],
  ['tls.cert_fingerprint', 'lower'],
  ['tls.cert_serial', 'upper'],
]);

function foldLetters(run: CheckRun, letters: 'lower' | 'upper'): void {
  const fold = (text: string) => (letters === 'lower' ? text.toLowerCase() : text.toUpperCase());
  for (const check of run.condition.checks) {
    if (check.kind !== 'content') continue;
    check.pattern = Buffer.from(fold(Buffer.from(check.pattern, 'hex').toString('latin1')), 'latin1').toString('hex');
  }
}

/** The normalised host is lower case. */
function validateHost(run: CheckRun, cx: RuleContext): void {
  for (const check of run.condition.checks) {
    if (
      check.kind !== 'content' ||
      (!check.nocase && !Buffer.from(check.pattern, 'hex').some((octet) => octet >= 65 && octet <= 90))
    )
      continue;
    cx.report(
      'transform/never',
      run.span,
      check.nocase ? '`http.host` is lower case, `nocase` says nothing' : '`http.host` is lower case',
      'write the pattern in lower case without `nocase`, or use `http.host.raw`',
    );
    return;
  }
}

/** No blank stands behind a method. */
function validateMethod(run: CheckRun, cx: RuleContext): void {
  for (const check of run.condition.checks) {
    if (check.kind !== 'content' || !/(?:20|09)$/.test(check.pattern)) continue;
    cx.report('rule/never', run.span, '`http.method` ends before the blank', 'remove the blank from the pattern');
    return;
  }
}

function validateDsize(cx: RuleContext): void {
  const payload = cx.runs.find((run) => run.condition.buffer === PAYLOAD);
  if (payload === undefined) return;
  for (const condition of cx.rule.conditions) {
    if (condition.kind !== 'number' || condition.field !== 'dsize') continue;
    const limit = greatestSize(condition.test);
    if (limit !== null)
      tooLong(cx, cx.seen.get('dsize') ?? payload.span, payload.condition.checks, limit, `a \`dsize\` of ${limit}`);
  }
}
