import type { RuleContext } from '../lower/context.js';
import { lowerNumber } from './fields.js';
import type { Keyword, Option } from './keyword.js';

/** A number field with a shorthand of its own, rewritten into the common grammar. */
function numberField(
  name: string,
  doc: string,
  rewrite: (value: string) => string,
  examples: Keyword['examples'],
): Keyword {
  return {
    name,
    family: 'header',
    doc,
    needs: { field: name },
    value: 'required',
    lower(option: Option, cx: RuleContext) {
      const row = cx.catalog.field(name);
      if (row !== undefined) lowerNumber(option, row, rewrite(option.value), cx);
    },
    examples,
  };
}

export const tos = numberField(
  'tos',
  'IPv4 type of service or IPv6 traffic class; `x10` is hexadecimal.',
  (value) => value.replace(/^(!?)\s*x/i, '$10x'),
  [
    { options: 'tos:4;', protocol: 'ip' },
    { options: 'tos:x10;', protocol: 'ip' },
    { options: 'tos:!4;', protocol: 'ip' },
    { options: 'tos:256;', protocol: 'ip', error: 'keyword/value' },
  ],
);

/** Rules quote these two at times. */
const unquoted = (value: string) => value.replace(/^"(.*)"$/, '$1');

export const icmpId: Keyword = {
  ...numberField('icmp_id', 'ICMP identifier.', unquoted, [
    { options: 'icmp_id:8;', protocol: 'icmp' },
    { options: 'icmp_id:70000;', protocol: 'icmp', error: 'keyword/value' },
  ]),
  quotes: 'kept',
};

export const icmpSeq: Keyword = {
  ...numberField('icmp_seq', 'ICMP sequence number.', unquoted, [{ options: 'icmp_seq:8;', protocol: 'icmp' }]),
  quotes: 'kept',
};

export const ipProto: Keyword = {
  name: 'ip_proto',
  needs: { field: 'ip_proto' },
  family: 'header',
  doc: 'IP protocol by number or name; `!`, `<` and `>` before it.',
  value: 'required',
  lower(option, cx) {
    const row = cx.catalog.field('ip_proto');
    if (row === undefined) return;
    const plain = !/^[!<>]/.test(option.value);
    if (plain && cx.seen.has('ip_proto'))
      return cx.report(
        'keyword/twice',
        option.span,
        'a second `ip_proto` can only narrow with `!`, `<` or `>`',
        'keep one of them',
        option.name,
      );
    if (plain) cx.seen.set('ip_proto', option.span);
    if (
      cx.rule.protocol.kind !== 'ip' &&
      cx.rule.protocol.kind !== 'ipv4' &&
      cx.rule.protocol.kind !== 'ipv6' &&
      cx.rule.protocol.kind !== 'pkthdr'
    ) {
      return cx.report(
        'rule/never',
        option.span,
        'the rule header names a protocol already',
        'write `ip` in the rule header',
        option.name,
      );
    }
    const name = /[a-z-]+/i.exec(option.value)?.[0] ?? '';
    if (name !== name.toLowerCase() && name !== name.toUpperCase())
      return cx.report(
        'keyword/value',
        option.span,
        `\`${name}\` is no name of a protocol`,
        'names are all lower or all upper case',
        option.name,
      );
    lowerNumber(option, row, option.value, cx);
  },
  examples: [
    { options: 'ip_proto:gre;', protocol: 'ip' },
    { options: 'ip_proto:TCP;', protocol: 'ip' },
    { options: 'ip_proto:TcP;', protocol: 'ip', error: 'keyword/value' },
    { options: 'ip_proto:!tcp; ip_proto:!udp;', protocol: 'ip' },
    { options: 'ip_proto:>17;', protocol: 'ip' },
    { options: 'ip_proto:256;', protocol: 'ip', error: 'keyword/value' },
    { options: 'ip_proto:6;', protocol: 'tcp', error: 'rule/never' },
    { options: 'ip_proto:6; ip_proto:17;', protocol: 'ip', error: 'keyword/twice' },
  ],
};

export const dsize: Keyword = {
  name: 'dsize',
  needs: { field: 'dsize' },
  family: 'payload',
  doc: 'Octets of payload of the packet.',
  value: 'required',
  lower(option, cx) {
    const row = cx.catalog.field('dsize');
    if (row === undefined || !cx.once('dsize', option.span)) return;
    lowerNumber(option, row, option.value, cx);
    // As in Suricata, only `=`, `<` and `<=` hold for a packet without payload.
    if (/^(!|>=)/.test(option.value.trim()))
      cx.condition({ kind: 'number', field: row.name, test: { ranges: [{ min: 1, max: null }], negated: false } });
  },
  examples: [
    { options: 'dsize:3;', hits: ['abc'], misses: ['ab', 'abcd'] },
    { options: 'dsize:3<>6;', hits: ['abcd', 'abcde'], misses: ['abc', 'abcdef'] },
    { options: 'dsize:>=3;', hits: ['abc'], misses: ['ab'] },
    { options: 'dsize:!3;', hits: ['ab', 'abcd'], misses: ['abc', ''] },
    { options: 'dsize:5<>6;', error: 'keyword/value' },
    { options: 'dsize:65536;', error: 'keyword/value' },
    { options: 'dsize:1; dsize:2;', error: 'keyword/twice' },
    { options: 'dsize:2; content:"abc";', error: 'rule/never' },
  ],
};

export const vlanId: Keyword = {
  name: 'vlan.id',
  needs: { field: 'vlan.id' },
  family: 'header',
  doc: 'A VLAN identifier; a second number asks for the outermost (0) or an inner one.',
  value: 'required',
  lower(option, cx) {
    const comma = option.value.lastIndexOf(',');
    const layer = comma < 0 ? 'any' : option.value.slice(comma + 1).trim();
    const value = comma < 0 ? option.value : option.value.slice(0, comma);
    const row = cx.catalog.field(layer === 'any' ? 'vlan.id' : `vlan.id.${layer === '-1' ? '' : layer}`);
    if (row === undefined)
      return cx.report(
        'keyword/value',
        option.span,
        `no VLAN layer \`${layer}\``,
        'layers are 0, 1, 2 or any',
        option.name,
      );
    lowerNumber(option, row, value, cx);
  },
  examples: [
    { options: 'vlan.id:100;', protocol: 'ip' },
    { options: 'vlan.id:100,1;', protocol: 'ip' },
    { options: 'vlan.id:100,9;', protocol: 'ip', error: 'keyword/value' },
    { options: 'vlan.id:4096;', protocol: 'ip', error: 'keyword/value' },
  ],
};
