import { didYouMean } from '../../../diagnostics/suggest.js';
import type { BufferRow, FrameRow } from '../../../generated/catalog.js';
import { isSuricataProtocol } from '../catalog/suricata.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';

export const frame: Keyword = {
  name: 'frame',
  family: 'frame',
  doc: 'Selects a kind of frame: a part of the stream as it was sent, such as the header of every SMB2 message.',
  value: 'required',
  values: (catalog) => catalog.frames,
  lower(option, cx) {
    const row = frameOf(option, cx);
    if (row !== null) cx.selectFrame(asBuffer(row), option.span);
  },
  examples: [
    { options: 'frame:smb.smb2.hdr; content:"|fe|SMB"; startswith;', protocol: 'tcp' },
    { options: 'flow:to_server; frame:smb2.data; content:"|d0 16|"; endswith; bsize:>8;', protocol: 'smb' },
    { options: 'frame:http1.request; strip_whitespace; content:"GET/HTTP/1.1"; startswith;', protocol: 'http' },
    { options: 'frame:stream; content:"one"; content:"two"; distance:0;', protocol: 'dcerpc' },
    { options: 'frame:dcerpc.pdu; base64_decode:relative; base64_data; content:"x";', protocol: 'dcerpc' },
    { options: 'frame:pdu; content:"x";', protocol: 'tcp', error: 'keyword/value' },
    { options: 'frame:smb2.header; content:"x";', protocol: 'smb', error: 'keyword/value' },
    { options: 'frame:dns.pdu; content:"x";', protocol: 'udp' },
    { options: 'frame:nfs.rpc.pdu; content:"x";', protocol: 'tcp', error: 'keyword/unsupported' },
    { options: 'frame:smb.smb2.hdr; content:"x";', protocol: 'http', error: 'buffer/protocol' },
    { options: 'frame:smb.smb2.hdr; content:"x";', protocol: 'udp', error: 'buffer/protocol' },
    { options: 'frame:http1.request; content:"x"; http.uri; content:"y";', protocol: 'http', error: 'frame/mixed' },
    { options: 'frame:nbss.hdr; content:"x"; frame:smb2.hdr; content:"y";', protocol: 'smb', error: 'frame/mixed' },
    { options: 'content:"x"; frame:http1.request; content:"y";', protocol: 'http', error: 'frame/mixed' },
    {
      options: 'frame:http1.request; content:"x"; http.stat_code; content:"200";',
      protocol: 'http',
      error: 'frame/mixed',
    },
    { options: 'frame:http1.request; absent;', protocol: 'http', error: 'frame/mixed' },
    { options: 'frame:http1.request;', protocol: 'http', error: 'buffer/empty' },
  ],
};

/** The kind a rule names, with its protocol in front or, where the header says the protocol, without. */
function frameOf(option: Option, cx: RuleContext): FrameRow | null {
  const { value } = option;
  const { protocol } = cx.rule;
  const own =
    protocol.kind === 'application' ? cx.catalog.rows.frames.filter((row) => row.protocol === protocol.name) : [];
  const row = cx.catalog.frame(value) ?? own.find(({ short }) => short === value);
  if (row !== undefined) return row;
  const [prefix = ''] = value.split('.', 1);
  if (prefix !== value && isSuricataProtocol(prefix) && cx.catalog.protocol(prefix) === undefined) {
    cx.report(
      'keyword/unsupported',
      option.span,
      `frames of \`${prefix}\` are not supported yet`,
      'rules on them load once the engine has the protocol',
      prefix,
    );
    cx.incomplete = true;
    return null;
  }
  const names = [...cx.catalog.rows.frames.map(({ name }) => name), ...own.map(({ short }) => short)];
  const abbreviated = own.length === 0 && cx.catalog.rows.frames.some(({ short }) => short === value);
  cx.report(
    'keyword/value',
    option.span,
    abbreviated
      ? `\`${value}\` is a frame of several protocols, or of one the rule does not name`
      : `no frame \`${value}\``,
    abbreviated
      ? 'write the protocol in front, or name it in the rule header'
      : (didYouMean(value, names) ?? 'frames are listed by `sidewire rules list frame`'),
    option.name,
  );
  cx.incomplete = true;
  return null;
}

/** A frame as the buffer it is to checks. */
function asBuffer({ name, doc, protocol }: FrameRow): BufferRow {
  return {
    name,
    aliases: [],
    modifier: '',
    doc,
    multi: false,
    named: false,
    protocols: [protocol],
    to_server: true,
    to_client: true,
  };
}
