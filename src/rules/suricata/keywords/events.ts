import { didYouMean } from '../../../diagnostics/suggest.js';
import type { AppLayerPart } from '../../../generated/ir.js';
import { isSuricataProtocol } from '../catalog/suricata.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { splitCommas } from './operand.js';

/** Decoder events that Suricata 8 still takes in rules and never raises. */
const REMOVED: ReadonlySet<string> = new Set(['udp.hlen_invalid']);

/** Is it an event of the family? What is none is reported. */
function isEvent(option: Option, known: ReadonlySet<string> | undefined, name: string, cx: RuleContext): boolean {
  if (known?.has(name) === true) return true;
  cx.report(
    'keyword/value',
    option.span,
    `no event \`${option.value}\``,
    didYouMean(name, known ?? []) ?? 'events are listed by `sidewire rules list`',
    option.name,
  );
  return false;
}

function packetEvent(name: 'decode-event' | 'stream-event', doc: string, example: string): Keyword {
  return {
    name,
    family: 'event',
    doc,
    value: 'required',
    lower(option, cx) {
      if (name === 'decode-event' && REMOVED.has(option.value)) {
        const message = `decode-event keyword no longer supports event "decoder.${option.value}"`;
        cx.report('event/removed', option.span, message, 'the rule never matches; remove it', name);
      }
      if (!isEvent(option, cx.catalog.events(name), option.value, cx)) return;
      const kind = name === 'decode-event' ? 'decode_event' : 'stream_event';
      cx.condition({ kind, event: option.value, negated: false });
    },
    examples: [
      { options: `${name}:${example};`, protocol: name === 'decode-event' ? 'pkthdr' : 'tcp' },
      { options: `${name}:no_such_event;`, error: 'keyword/value' },
    ],
  };
}

export const decodeEvent = packetEvent(
  'decode-event',
  'Something was wrong with the headers of a packet.',
  'ipv4.trunc_pkt',
);
export const streamEvent = packetEvent(
  'stream-event',
  'Something was odd about a TCP session.',
  'est_packet_out_of_window',
);

export const appLayerEvent: Keyword = {
  name: 'app-layer-event',
  family: 'event',
  doc: 'Something was odd about a protocol: `protocol.event`, or an event of protocol detection.',
  value: 'required',
  lower(option, cx) {
    const dot = option.value.indexOf('.');
    if (dot < 0) {
      if (isEvent(option, cx.catalog.events('app-layer-event'), option.value, cx))
        cx.condition({ kind: 'app_layer_event', protocol: null, event: option.value, negated: false });
      return;
    }
    const protocol = option.value.slice(0, dot).toLowerCase();
    const row = cx.catalog.protocol(protocol);
    if (row === undefined) return unknownProtocol(protocol, option, cx);
    useProtocol(row.name, option, cx);
    const event = option.value.slice(dot + 1);
    const known = cx.catalog.events('app-layer-event', row.name);
    if (known?.has(event) === true)
      return cx.condition({ kind: 'app_layer_event', protocol: row.name, event, negated: false });
    cx.skipped = true;
    const help = didYouMean(event, known ?? []) ?? 'events are listed by `sidewire rules list`';
    cx.report('event/unknown', option.span, `\`${row.name}\` raises no event \`${event}\``, help, option.name);
  },
  examples: [
    { options: 'app-layer-event:http.missing_host_header;', protocol: 'http' },
    { options: 'app-layer-event:http.no_such_event;', protocol: 'http', error: 'event/unknown' },
    { options: 'app-layer-event:nothing.at_all;', error: 'keyword/value' },
    { options: 'app-layer-event:http.missing_host_header;', protocol: 'dcerpc', error: 'buffer/protocol' },
  ],
};

function unknownProtocol(name: string, option: Option, cx: RuleContext): void {
  if (isSuricataProtocol(name)) {
    cx.report(
      'keyword/unsupported',
      option.span,
      `the protocol \`${name}\` is not supported yet`,
      'rules on it load once the engine has the protocol',
      option.name,
    );
    return;
  }
  const known = cx.catalog.rows.protocols.map((row) => row.name);
  cx.report(
    'keyword/value',
    option.span,
    `no protocol \`${name}\``,
    didYouMean(name, known) ?? `protocols are ${known.join(', ')}`,
    option.name,
  );
}

/** Refuses a protocol other than the one the rule header names. */
export function useProtocol(name: string, option: Option, cx: RuleContext): void {
  const { protocol } = cx.rule;
  if (protocol.kind === 'application' && protocol.name !== name) {
    cx.report(
      'buffer/protocol',
      option.span,
      `the rule is for \`${protocol.name}\`, this for \`${name}\``,
      'name one protocol',
      option.name,
    );
  }
}

const PARTS: ReadonlyMap<string, AppLayerPart> = new Map([
  ['final', 'final'],
  ['original', 'original'],
  ['either', 'either'],
  ['to_server', 'to_server'],
  ['to_client', 'to_client'],
]);

export const appLayerProtocol: Keyword = {
  name: 'app-layer-protocol',
  family: 'event',
  doc: 'The protocol that was recognised, by which side, or `failed`.',
  value: 'required',
  negatable: true,
  lower(option, cx) {
    const [name = '', mode, ...more] = splitCommas(option.value);
    const protocol = name.toLowerCase();
    const row = cx.catalog.protocol(protocol);
    const part = mode === undefined ? 'packet' : PARTS.get(mode);
    const special = protocol === 'failed' || protocol === 'unknown';
    if (row === undefined && !special) return unknownProtocol(protocol, option, cx);
    if (more.length > 0 || part === undefined) {
      return cx.report(
        'keyword/value',
        option.span,
        `\`${mode}\` is no side`,
        `write one of ${[...PARTS.keys()].join(', ')}`,
        option.name,
      );
    }
    if (cx.rule.protocol.kind === 'application') {
      return cx.report(
        'buffer/protocol',
        option.span,
        'the rule header names a protocol already',
        'write `tcp`, `udp` or `ip` in the rule header',
        option.name,
      );
    }
    const key = `app-layer-protocol ${mode ?? ''}`;
    const others = cx.seen.has(`${key} positive`) || (cx.seen.has(`${key} negative`) && !option.negated);
    if (others)
      return cx.report(
        'rule/never',
        option.span,
        'this contradicts the `app-layer-protocol` before it',
        'several are possible only when all are negated',
        option.name,
      );
    cx.seen.set(`${key} ${option.negated ? 'negative' : 'positive'}`, option.span);
    cx.condition({
      kind: 'app_layer_protocol',
      part,
      protocols: row === undefined ? [] : [row.name],
      failed: protocol === 'failed',
      unknown: protocol === 'unknown',
      negated: option.negated,
    });
  },
  examples: [
    { options: 'app-layer-protocol:http;' },
    { options: 'app-layer-protocol:!http,to_server;' },
    { options: 'app-layer-protocol:failed;' },
    { options: 'app-layer-protocol:http,middle;', error: 'keyword/value' },
    { options: 'app-layer-protocol:htpt;', error: 'keyword/value' },
    { options: 'app-layer-protocol:http;', protocol: 'http', error: 'buffer/protocol' },
    { options: 'app-layer-protocol:http; app-layer-protocol:dcerpc;', error: 'rule/never' },
  ],
};
