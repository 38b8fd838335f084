import type { Number as NumberTest } from '../../../generated/ir.js';
import { useProtocol } from './events.js';
import type { Keyword } from './keyword.js';
import { parseInteger, parseNumeric } from './number.js';
import { splitCommas } from './operand.js';

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;
const MAX_OPNUM = 65_535;

export const iface: Keyword = {
  name: 'dcerpc.iface',
  needs: { protocol: 'dcerpc' },
  aliases: ['dce_iface'],
  family: 'dcerpc',
  doc: 'The RPC interface of the call: UUID, maybe its version, and `any_frag` to look at every fragment.',
  value: 'required',
  lower(option, cx) {
    const fail = (message: string) =>
      cx.report(
        'keyword/value',
        option.span,
        message,
        'write `dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,>=2,any_frag;`',
        option.name,
      );
    const [text = '', ...settings] = splitCommas(option.value);
    const uuid = UUID.exec(text);
    if (uuid === null) return fail(`\`${text}\` is no UUID`);
    let version: NumberTest | null = null;
    let any_fragment = false;
    for (const setting of settings) {
      if (setting === 'any_frag' && !any_fragment) any_fragment = true;
      else if (version === null) {
        const test = parseNumeric(setting, 0xffff);
        if (typeof test === 'string') return fail(`the version: ${test}`);
        if (test.kind === 'bits') return fail('a version has no bits');
        version = test.test;
      } else return fail(`\`${setting}\` is neither a version nor \`any_frag\``);
    }
    if (cx.rule.protocol.kind === 'application' && cx.rule.protocol.name !== 'smb') useProtocol('dcerpc', option, cx);
    cx.condition({ kind: 'interface', uuid: uuid.slice(1).join('-').toLowerCase(), version, any_fragment });
  },
  examples: [
    { options: 'dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003;', protocol: 'dcerpc' },
    { options: 'dce_iface:367ABB81-9844-35f1-ad32-98f038001003,>=2,any_frag;' },
    { options: 'dcerpc.iface:367abb81-9844-35f1;', error: 'keyword/value' },
    { options: 'dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,<70000;', error: 'keyword/value' },
    { options: 'dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003;', protocol: 'http', error: 'buffer/protocol' },
  ],
};

export const opnum: Keyword = {
  name: 'dcerpc.opnum',
  needs: { protocol: 'dcerpc' },
  aliases: ['dce_opnum'],
  family: 'dcerpc',
  doc: 'The operation number of the call: numbers and ranges, both ends included.',
  value: 'required',
  lower(option, cx) {
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, 'write `dcerpc.opnum:12,15-20;`', option.name);
    const ranges: NumberTest['ranges'] = [];
    for (const part of splitCommas(option.value)) {
      const [low = '', high = low, ...more] = part.split('-').map((end) => end.trim());
      const min = parseInteger(low);
      const max = parseInteger(high);
      if (min === null || max === null || more.length > 0 || max > MAX_OPNUM || min > max)
        return fail(`\`${part}\` is no operation number or range`);
      ranges.push({ min, max });
    }
    if (cx.rule.protocol.kind === 'application' && cx.rule.protocol.name !== 'smb') useProtocol('dcerpc', option, cx);
    cx.condition({ kind: 'number', field: 'dcerpc.opnum', test: { ranges, negated: false } });
  },
  examples: [
    { options: 'dcerpc.opnum:12;', protocol: 'dcerpc' },
    { options: 'dce_opnum:12,15-20;', protocol: 'dcerpc' },
    { options: 'dcerpc.opnum:20-15;', error: 'keyword/value' },
    { options: 'dcerpc.opnum:65536;', error: 'keyword/value' },
  ],
};
