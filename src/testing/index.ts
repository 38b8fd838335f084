/**
 * Tests of rules without capture files: conversations built in TypeScript, damaged at will, replayed into memory.
 *
 * ```ts
 * const conversation = http().exchange({ method: 'POST', uri: '/admin/get.php' }, { status: 404 });
 * const { alerts } = await replay(reordered(conversation), 'alert http any any -> any any (...)');
 * ```
 */
export { type Bytes, hex, octets, utf16 } from './bytes.js';
export { type Survival, survival } from './calls.js';
export { dropped, duplicated, reordered } from './damage.js';
export {
  auth3,
  type Bind,
  type BindAck,
  bind,
  bindAck,
  type Call,
  DcerpcConversation,
  dcerpc,
  fault,
  type Interface,
  type Request,
  type Response,
  request,
  response,
  type Security,
  type TransferSyntax,
  uuidBytes,
} from './dcerpc.js';
export {
  DnsConversation,
  type DnsMessage,
  type DnsOptions,
  type DnsResource,
  type DnsService,
  type DnsType,
  type DnsZone,
  dns,
  dnsBytes,
  llmnr,
  mdns,
} from './dns.js';
export type { Endpoint, Frame, Role } from './frame.js';
export { HttpConversation, type HttpRequest, type HttpResponse, http, requestBytes, responseBytes } from './http.js';
export { type Hunted, type HuntTestOptions, hunt, type LogInput, type SigmaRules } from './hunt.js';
export type { LogRecord } from './log-record.js';
export { LOSSES, type Loss, lossy } from './lossy.js';
export { type AlertExpectation, toAlert, type Verdict } from './matchers.js';
export { mutated } from './mutate.js';
export { bstr, HANDLE, ORPC_THIS, pointer, u32, unicode, wide } from './ndr.js';
export { paused } from './paused.js';
export { type Conversation, capture } from './pcap.js';
export { type RegressionOptions, type RegressionResult, regression } from './regression.js';
export { explain, type Input, type Replayed, type Rules, replay } from './replay.js';
export { SmbConversation, smb } from './smb.js';
export { type Mail, SmtpConversation, smtp } from './smtp.js';
export { TcpConversation, type TcpOptions, tcp } from './tcp.js';
export {
  type ClientHello,
  certificateMessage,
  clientHello,
  type Handshake,
  handshakeRecord,
  type ServerHello,
  serverHello,
  TlsConversation,
  tls,
} from './tls.js';
export { UdpConversation, type UdpOptions, udp } from './udp.js';
export { BEGINNINGS, type Beginning, unbound } from './unbound.js';
