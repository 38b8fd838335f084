/**
 * Every keyword of Suricata 8.0.8 by family, other names of them included (`suricata --list-keywords`). A keyword that is here and
 * nowhere else is one this engine does not have yet, and rules that use it are told so.
 */
const FAMILIES: Readonly<Record<string, string>> = {
  checksum: 'icmpv4-csum icmpv6-csum ipv4-csum tcpv4-csum tcpv6-csum udpv4-csum udpv6-csum',
  dataset: 'datarep dataset',
  dcerpc: 'dce_iface dce_opnum dce_stub_data dcerpc.iface dcerpc.opnum dcerpc.stub_data',
  dhcp: 'dhcp.leasetime dhcp.rebinding_time dhcp.renewal_time',
  dnp3: 'dnp3.data dnp3.func dnp3.ind dnp3.obj dnp3_data dnp3_func dnp3_ind dnp3_obj',
  dns:
    'dns.additionals.rrname dns.answer.name dns.answers.rrname dns.authorities.rrname dns.opcode ' +
    'dns.queries.rrname dns.query dns.query.name dns.rcode dns.response.rrname dns.rrtype dns_query',
  email:
    'email.cc email.date email.from email.message_id email.received email.subject email.to email.url ' +
    'email.x_mailer',
  enip:
    'cip_service enip.capabilities enip.cip_attribute enip.cip_class enip.cip_extendedstatus enip.cip_instance ' +
    'enip.cip_status enip.device_type enip.identity_status enip.product_code enip.product_name ' +
    'enip.protocol_version enip.revision enip.serial enip.service_name enip.state enip.status enip.vendor_id ' +
    'enip_command',
  event: 'app-layer-event app-layer-protocol app-layer-state decode-event stream-event',
  file:
    'file.data file.magic file.name file_data fileext filemagic filemd5 filename filesha1 filesha256 filesize ' +
    'filestore',
  flow:
    'flow flow.age flow.bytes flow.bytes_toclient flow.bytes_toserver flow.elephant flow.pkts ' +
    'flow.pkts_toclient flow.pkts_toserver flowbits flowint hostbits stream_size xbits',
  frame: 'frame',
  ftp:
    'ftp.command ftp.command_data ftp.completion_code ftp.dynamic_port ftp.mode ftp.reply ftp.reply_received ' +
    'ftpbounce ftpdata_command',
  header:
    'ack flags fragbits fragoffset icmp_id icmp_seq icmpv4.hdr icmpv6.hdr icmpv6.mtu icode id ip.dst ip.src ' +
    'ip_proto ipopts ipv4.hdr ipv6.hdr itype sameip seq tcp.ack tcp.flags tcp.hdr tcp.mss tcp.seq tcp.session ' +
    'tcp.window tcp.wscale tos ttl udp.hdr vlan.id vlan.layers window',
  http:
    'http.accept http.accept_enc http.accept_lang http.connection http.content_len http.content_type ' +
    'http.cookie http.header http.header.raw http.header_names http.host http.host.raw http.location ' +
    'http.method http.protocol http.referer http.request_body http.request_header http.request_line ' +
    'http.response_body http.response_header http.response_line http.server http.start http.stat_code ' +
    'http.stat_msg http.uri http.uri.normalized http.uri.raw http.user_agent http_accept http_accept_enc ' +
    'http_accept_lang http_client_body http_connection http_content_len http_content_type http_cookie ' +
    'http_header http_header_names http_host http_method http_protocol http_raw_header http_raw_host ' +
    'http_raw_uri http_referer http_request_line http_response_line http_server_body http_start http_stat_code ' +
    'http_stat_msg http_uri http_user_agent',
  http2:
    'http2.errorcode http2.frametype http2.header_name http2.priority http2.settings http2.size_update ' +
    'http2.window',
  ike:
    'ike.chosen_sa_attribute ike.exchtype ike.init_spi ike.key_exchange_payload ' +
    'ike.key_exchange_payload_length ike.nonce_payload ike.nonce_payload_length ike.resp_spi ike.vendor',
  ja3: 'ja3.hash ja3.string ja3_hash ja3_string ja3s.hash ja3s.string',
  ja4: 'ja4.hash ja4_hash',
  krb5: 'krb5.cname krb5.sname krb5.ticket_encryption krb5_cname krb5_err_code krb5_msg_type krb5_sname',
  ldap:
    'ldap.request.attribute_type ldap.request.dn ldap.request.operation ldap.responses.attribute_type ' +
    'ldap.responses.count ldap.responses.dn ldap.responses.message ldap.responses.operation ' +
    'ldap.responses.result_code',
  lua: 'lua luaxform',
  mdns:
    'mdns.additionals.rrname mdns.answers.rrname mdns.authorities.rrname mdns.queries.rrname ' + 'mdns.response.rrname',
  modbus: 'modbus',
  mqtt:
    'mqtt.connack.session_present mqtt.connect.clientid mqtt.connect.flags mqtt.connect.password ' +
    'mqtt.connect.protocol_string mqtt.connect.username mqtt.connect.willmessage mqtt.connect.willtopic ' +
    'mqtt.flags mqtt.protocol_version mqtt.publish.message mqtt.publish.topic mqtt.qos mqtt.reason_code ' +
    'mqtt.subscribe.topic mqtt.type mqtt.unsubscribe.topic',
  nfs: 'nfs.version nfs_procedure nfs_version',
  ntp: 'ntp.mode ntp.reference_id ntp.stratum ntp.version',
  payload:
    'absent asn1 base64_data base64_decode bsize byte_extract byte_jump byte_math byte_test content depth ' +
    'distance dsize endswith entropy fast_pattern isdataat nocase offset pcre pkt_data rawbytes replace ' +
    'startswith uricontent urilen within',
  pgsql: 'pgsql.query',
  quic: 'quic.cyu.hash quic.cyu.string quic.sni quic.ua quic.version',
  reputation: 'geoip iprep',
  rfb: 'rfb.name rfb.secresult rfb.sectype',
  rpc: 'rpc',
  rule:
    'alert bypass classtype config detection_filter gid metadata msg nfq_set_mark noalert prefilter priority ' +
    'reference requires rev sid tag target threshold',
  sdp:
    'sdp.attribute sdp.bandwidth sdp.connection_data sdp.email sdp.encryption_key sdp.media.connection_data ' +
    'sdp.media.encryption_key sdp.media.media sdp.media.media_info sdp.origin sdp.phone_number sdp.repeat_time ' +
    'sdp.session_info sdp.session_name sdp.time sdp.timezone sdp.uri',
  sip:
    'sip.content_length sip.content_type sip.from sip.method sip.protocol sip.request_line sip.response_line ' +
    'sip.stat_code sip.stat_msg sip.to sip.uri sip.user_agent sip.via',
  smb: 'smb.named_pipe smb.ntlmssp_domain smb.ntlmssp_user smb.share smb.version smb_named_pipe smb_share',
  smtp: 'smtp.helo smtp.mail_from smtp.rcpt_to',
  snmp: 'snmp.community snmp.pdu_type snmp.trap_type snmp.usm snmp.version',
  ssh:
    'ssh-hassh-server-string ssh.hassh ssh.hassh.server ssh.hassh.server.string ssh.hassh.string ssh.proto ' +
    'ssh.protoversion ssh.software ssh.softwareversion ssh_proto ssh_software',
  tls:
    'ssl_state ssl_version tls.alpn tls.cert_chain_len tls.cert_fingerprint tls.cert_issuer tls.cert_serial ' +
    'tls.cert_subject tls.certs tls.fingerprint tls.issuerdn tls.random tls.random_bytes tls.random_time ' +
    'tls.sni tls.store tls.subject tls.subjectaltname tls.version tls_cert_expired tls_cert_fingerprint ' +
    'tls_cert_issuer tls_cert_notafter tls_cert_notbefore tls_cert_serial tls_cert_subject tls_cert_valid ' +
    'tls_sni tls_store',
  transform:
    'compress_whitespace domain dotprefix from_base64 gunzip header_lowercase pcrexform strip_pseudo_headers ' +
    'strip_whitespace tld to_lowercase to_md5 to_sha1 to_sha256 to_uppercase url_decode xor zlib_deflate',
  websocket: 'websocket.flags websocket.mask websocket.opcode websocket.payload',
};

const FAMILY_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(FAMILIES).flatMap(([family, names]) => names.split(' ').map((name) => [name, family] as const)),
);

/** Application protocols Suricata's rule headers know. */
const PROTOCOLS: ReadonlySet<string> = new Set(
  (
    'http http1 http2 ikev2 ftp ftp-data smtp tls ssl ssh imap smb dcerpc dns nfs ntp tftp ike krb5 quic dhcp sip rfb mqtt pgsql ' +
    'telnet websocket ldap doh2 rdp bittorrent-dht pop3 mdns snmp modbus dnp3 enip'
  ).split(' '),
);

/** The family of a Suricata keyword: a protocol, or `header`, `payload`, `transform`, ... */
export function suricataFamily(keyword: string): string | undefined {
  return FAMILY_OF.get(keyword);
}

/** Every Suricata keyword. */
export function suricataKeywords(): Iterable<string> {
  return FAMILY_OF.keys();
}

/** True for an application protocol of Suricata. */
export function isSuricataProtocol(name: string): boolean {
  return PROTOCOLS.has(name);
}
