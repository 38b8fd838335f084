// Log sources of Sigma rules that are about traffic, and which of the events written here say the same. Sources: the taxonomy of
// the Sigma specification (appendix "taxonomy", public domain) for `dns`, `proxy`, `webserver` and `firewall`; Zeek's log files
// (docs.zeek.org, "Zeek Log Formats"); the messages of RPC Firewall (its README, "Event Log"). Names that begin with `zeek.` and
// `uri.` are made of an event's other values in native/crates/hostlog/src/eve.rs. A table: nothing else stands here.

/** A log of traffic, as events. */
export interface TrafficRow {
  /** Of rules: `product`, `category` and `service`. */
  readonly product?: string;
  readonly category?: string;
  readonly service?: string;
  /** Type of the events. */
  readonly event: string;
  /** Fields that hold a value. */
  readonly only?: Readonly<Record<string, string>>;
  /** Fields that the log has and that hold the same always. */
  readonly given?: Readonly<Record<string, string>>;
  /** Fields of rules, and where the events say them. What is not here is never on the wire. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

const SIDES = {
  'id.orig_h': ['src_ip'],
  'id.orig_p': ['src_port'],
  'id.resp_h': ['dest_ip'],
  'id.resp_p': ['dest_port'],
  proto: ['proto'],
  community_id: ['community_id'],
};

const FILE = {
  ...SIDES,
  action: ['zeek.action'],
  path: ['zeek.path'],
  name: ['zeek.name'],
  prev_name: ['zeek.prev_name'],
  size: ['smb.size'],
};

/** Of proxies and web servers: names of the W3C Extended Log File Format. */
const REQUEST = {
  'c-uri': ['uri.whole'],
  'c-uri-extension': ['uri.extension'],
  'c-uri-query': ['uri.query'],
  'c-uri-stem': ['uri.stem'],
  'c-useragent': ['http.http_user_agent'],
  'cs-host': ['http.hostname'],
  'cs-method': ['http.http_method'],
  'cs-uri': ['uri.whole'],
  'cs-uri-extension': ['uri.extension'],
  'cs-uri-query': ['uri.query'],
  'cs-uri-stem': ['uri.stem'],
  'cs-user-agent': ['http.http_user_agent'],
  'cs-referer': ['http.http_refer'],
  'cs-referrer': ['http.http_refer'],
  'cs-version': ['http.protocol'],
  'r-dns': ['http.hostname'],
  'sc-bytes': ['http.length'],
  'sc-status': ['http.status'],
  'c-ip': ['src_ip'],
  's-ip': ['dest_ip'],
  's-port': ['dest_port'],
  src_ip: ['src_ip'],
  src_port: ['src_port'],
  dst_ip: ['dest_ip'],
  dst_port: ['dest_port'],
};

export const TRAFFIC: readonly TrafficRow[] = [
  {
    product: 'rpc_firewall',
    category: 'application',
    event: 'msrpc',
    given: { EventLog: 'RPCFW', EventID: '3' },
    fields: {
      EventLog: [],
      EventID: [],
      InterfaceUuid: ['msrpc.interface.uuid'],
      OpNum: ['msrpc.opnum'],
      Endpoint: ['msrpc.pipe'],
      ClientNetworkAddress: ['src_ip'],
      ClientPort: ['src_port'],
      ServerNetworkAddress: ['dest_ip'],
      ServerPort: ['dest_port'],
    },
  },
  {
    product: 'zeek',
    service: 'dce_rpc',
    event: 'msrpc',
    fields: {
      ...SIDES,
      endpoint: ['msrpc.interface.name'],
      operation: ['zeek.operation'],
      named_pipe: ['msrpc.pipe'],
    },
  },
  { product: 'zeek', service: 'smb_files', event: 'smb', only: { 'zeek.action': 'SMB::FILE_OPEN' }, fields: FILE },
  { product: 'zeek', service: 'smb_files', event: 'smb', only: { 'zeek.action': 'SMB::FILE_RENAME' }, fields: FILE },
  {
    product: 'zeek',
    service: 'smb_mapping',
    event: 'smb',
    fields: { ...SIDES, path: ['smb.share', 'smb.named_pipe'], share_type: ['smb.share_type'] },
  },
  {
    product: 'zeek',
    service: 'dns',
    event: 'dns',
    fields: {
      'id.orig_h': ['zeek.orig_h'],
      'id.orig_p': ['zeek.orig_p'],
      'id.resp_h': ['zeek.resp_h'],
      'id.resp_p': ['zeek.resp_p'],
      proto: ['proto'],
      query: ['dns.queries.rrname', 'dns.rrname'],
      qtype_name: ['dns.queries.rrtype', 'dns.rrtype'],
      answers: ['dns.answers.rdata'],
      rcode_name: ['dns.rcode'],
      rejected: ['zeek.rejected'],
      trans_id: ['dns.id'],
      Z: ['zeek.Z'],
    },
  },
  {
    product: 'zeek',
    service: 'http',
    event: 'http',
    fields: {
      ...SIDES,
      ...REQUEST,
      host: ['http.hostname'],
      method: ['http.http_method'],
      referrer: ['http.http_refer'],
      response_body_len: ['http.length'],
      // What the server says it is: Zeek looks at the octets.
      resp_mime_types: ['http.http_content_type'],
      status_code: ['http.status'],
      uri: ['http.url'],
      user_agent: ['http.http_user_agent'],
      version: ['http.protocol'],
    },
  },
  {
    product: 'zeek',
    service: 'x509',
    event: 'tls',
    fields: {
      'certificate.serial': ['zeek.serial'],
      'certificate.subject': ['tls.subject'],
      'certificate.issuer': ['tls.issuerdn'],
      'san.dns': ['tls.subjectaltname'],
    },
  },
  {
    product: 'zeek',
    service: 'ssl',
    event: 'tls',
    fields: {
      ...SIDES,
      server_name: ['tls.sni'],
      subject: ['tls.subject'],
      issuer: ['tls.issuerdn'],
      ja3: ['tls.ja3.hash'],
      ja3s: ['tls.ja3s.hash'],
    },
  },
  { product: 'zeek', service: 'conn', event: 'flow', fields: { ...SIDES, service: ['app_proto'] } },
  {
    category: 'dns',
    event: 'dns',
    fields: {
      query: ['dns.queries.rrname', 'dns.rrname'],
      record_type: ['dns.queries.rrtype', 'dns.rrtype'],
      answer: ['dns.answers.rdata'],
      src_ip: ['zeek.orig_h'],
      dst_ip: ['zeek.resp_h'],
    },
  },
  { category: 'proxy', event: 'http', fields: REQUEST },
  { category: 'webserver', event: 'http', fields: REQUEST },
  {
    category: 'firewall',
    event: 'flow',
    fields: { src_ip: ['src_ip'], src_port: ['src_port'], dst_ip: ['dest_ip'], dst_port: ['dest_port'] },
  },
];
