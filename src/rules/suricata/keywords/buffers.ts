import type { BufferRow } from '../../../generated/catalog.js';
import { BASE64_DATA, type RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';

/** A keyword that selects a catalog buffer for the checks after it. */
export function stickyBuffer(name: string, row: BufferRow): Keyword {
  if (row.named) return namedBuffer(name, row);
  return {
    name,
    family: row.protocols[0] ?? 'packet',
    doc: row.doc,
    value: row.to_server && row.to_client ? 'optional' : 'none',
    lower(option, cx) {
      if (option.value !== '' && !lookOneWay(option, cx)) return;
      cx.select(row.name, row, option.span);
    },
    examples: [],
  };
}

/** The path of a named value: names with dots between them. */
const ITEM = /^[A-Za-z_][\w$-]*(\.[A-Za-z_][\w$-]*)*$/;

/** `dcerpc.arg:"in.CommandLine"`: a buffer whose values have names. */
function namedBuffer(name: string, row: BufferRow): Keyword {
  return {
    name,
    family: row.protocols[0] ?? 'packet',
    doc: row.doc,
    value: 'required',
    quotes: 'allowed',
    lower(option, cx) {
      if (!ITEM.test(option.value)) {
        cx.report(
          'keyword/value',
          option.span,
          `\`${option.value}\` is no name of a value`,
          `write \`${name}:"name";\` or \`${name}:"record.name";\``,
          option.name,
        );
        return;
      }
      cx.select(row.name, row, option.span, option.value);
    },
    examples: [
      { options: `${name}:"service_name"; content:"x"; startswith;`, protocol: 'dcerpc' },
      { options: `${name}:in.CommandLine; content:"cmd"; nocase; bsize:>3;`, protocol: 'dcerpc' },
      { options: `${name}:"a b"; content:"x";`, protocol: 'dcerpc', error: 'keyword/value' },
    ],
  };
}

/** `file.data:to_client`: a buffer of both directions, looked at in one. */
function lookOneWay(option: Option, cx: RuleContext): boolean {
  const { flow, direction } = cx.rule;
  if (option.value !== 'to_server' && option.value !== 'to_client') {
    cx.report(
      'keyword/value',
      option.span,
      `\`${option.value}\` is no direction`,
      'directions are `to_server` and `to_client`',
      option.name,
    );
    return false;
  }
  if (direction === 'transaction') {
    cx.report(
      'keyword/unsupported',
      option.span,
      'a direction for a buffer is not supported yet in rules with `=>`',
      'split the rule in two',
      option.name,
    );
    return false;
  }
  const opposite = option.value === 'to_server' ? 'to_client' : 'to_server';
  if (flow[opposite]) {
    cx.report('buffer/direction', option.span, '`flow` asks for the other direction', 'drop one of them', option.name);
    return false;
  }
  flow[option.value] = true;
  return true;
}

/** An older keyword that moves the `content` before it into a catalog buffer. */
export function contentModifier(row: BufferRow): Keyword {
  return {
    name: row.modifier,
    family: row.protocols[0] ?? 'packet',
    doc: `Moves the \`content\` before it into \`${row.name}\`.`,
    value: 'none',
    lower(option, cx) {
      moveContent(option, row, cx);
    },
    examples: [],
  };
}

function moveContent(option: Option, row: BufferRow, cx: RuleContext): void {
  if (cx.sticky !== null) {
    cx.report(
      'buffer/sticky',
      option.span,
      `\`${option.name}\` meets the sticky buffer \`${cx.sticky}\``,
      'go back with `pkt_data` before the `content`, or use the sticky buffer form throughout',
      option.name,
    );
    return;
  }
  const target = cx.content;
  if (target === null || target.run.row !== null || target.run.condition.buffer === BASE64_DATA) {
    cx.report(
      'content/missing',
      option.span,
      `\`${option.name}\` has no \`content\` of the payload before it`,
      'put it after the `content` it belongs to; one `content` lies in one buffer',
      option.name,
    );
    return;
  }
  if (target.rawBytes) {
    cx.report(
      'content/missing',
      option.span,
      `\`rawbytes\` and \`${option.name}\` exclude each other`,
      'remove `rawbytes`',
      option.name,
    );
    return;
  }
  cx.move(target, cx.runOf(row.name, row, option.span));
}

export const pktData: Keyword = {
  name: 'pkt_data',
  family: 'payload',
  doc: 'Goes back from a sticky buffer to the payload.',
  value: 'none',
  lower(_option, cx) {
    cx.deselect();
  },
  examples: [
    { options: 'http.uri; content:"a"; pkt_data; content:"b";', protocol: 'http' },
    { options: 'http.uri; pkt_data; content:"b";', protocol: 'http', error: 'buffer/empty' },
  ],
};

export const base64Data: Keyword = {
  name: 'base64_data',
  family: 'payload',
  doc: 'Selects what the `base64_decode` before it decoded, to the end of the rule.',
  value: 'none',
  lower(option, cx) {
    if (!cx.seen.has('base64_decode')) {
      cx.report(
        'buffer/missing',
        option.span,
        '`base64_data` has no `base64_decode` before it',
        'decode first',
        option.name,
      );
      return;
    }
    cx.select(BASE64_DATA, null, option.span);
  },
  examples: [
    { options: 'content:"x="; base64_decode:bytes 8, offset 0, relative; base64_data; content:"abc";' },
    { options: 'base64_data; content:"abc";', error: 'buffer/missing' },
  ],
};
