// Written by `npm run generate` from the descriptions native/crates/**/*.eve.json. Not to be changed by hand.

/** What every event says, as far as it is known. */
export interface EventBase {
  /** Packet time, or the time of the record of an event log; ISO 8601 with microseconds. */
  readonly timestamp: string;
  /** Number of the flow in the run. */
  readonly flow_id?: number;
  /** Interface the packet, or the first of the flow, came by. */
  readonly in_iface?: string;
  /** Name of the sensor (`sensor-name`). */
  readonly host?: string;
  /** Number of the packet in the capture, from 1. */
  readonly pcap_cnt?: number;
  /** VLAN tags, outermost first. */
  readonly vlan?: readonly number[];
  readonly src_ip?: string;
  readonly src_port?: number;
  readonly dest_ip?: string;
  readonly dest_port?: number;
  /** Name of the IP protocol, or its number with three digits. */
  readonly proto?: string;
  /** Version of IP. */
  readonly ip_v?: 4 | 6;
  readonly icmp_type?: number;
  readonly icmp_code?: number;
  /** Of the first packet in the other direction. */
  readonly response_icmp_type?: number;
  readonly response_icmp_code?: number;
  /** Security parameters index of ESP. */
  readonly spi?: number;
  /** Where the packet is from: the wire, a tunnel, a stream that timed out. */
  readonly pkt_src?: string;
  /** Traffic ids and labels that rules set as flow bits. */
  readonly traffic?: {
    readonly id?: readonly string[];
    readonly label?: readonly string[];
  };
  /** Bits and variables that rules set on the flow. */
  readonly metadata?: {
    readonly flowbits?: readonly string[];
    readonly flowints?: {
      readonly [name: string]: number;
    };
    readonly flowvars?: readonly {
      readonly [name: string]: string;
    }[];
    readonly pktvars?: readonly {
      readonly [name: string]: string;
    }[];
    /** Entropy that rules asked for, by buffer. */
    readonly entropy?: {
      readonly [name: string]: number;
    };
  };
  /** Ethernet addresses: of the packet, or of all packets of the flow. */
  readonly ether?: {
    readonly ether_type?: number;
    readonly src_mac?: string;
    readonly dest_mac?: string;
    readonly src_macs?: readonly string[];
    readonly dest_macs?: readonly string[];
  };
  /** Community id of the flow, version 1. */
  readonly community_id?: string;
  /** Path of the capture. */
  readonly pcap_filename?: string;
  /** Number of the transaction on its flow, from 0. */
  readonly tx_id?: number;
  /** The client behind a proxy (`xff`). */
  readonly xff?: string;
  /** Application protocol of the flow; `failed`: of none that is known. */
  readonly app_proto?: string;
  /** What the client speaks, where the two sides differ. */
  readonly app_proto_ts?: string;
  /** What the server speaks, where the two sides differ. */
  readonly app_proto_tc?: string;
  /** The protocol before the flow changed it. */
  readonly app_proto_orig?: string;
  /** What the flow was expected to change to. */
  readonly app_proto_expected?: string;
}

/** A resource record; of several strings of TXT each by itself. */
export interface DnsEntry {
  /** Whom it is about. Empty: the root. */
  readonly rrname: string;
  /** The name was too long to be shown. */
  readonly rrname_truncated?: true;
  /** Name of the type, or its number. */
  readonly rrtype: string;
  /** Seconds it may be kept. */
  readonly ttl: number;
  /** Of A, AAAA, CNAME, MX, NS, NULL, PTR and TXT. */
  readonly rdata?: string;
  readonly rdata_truncated?: true;
  readonly soa?: DnsSoa;
  readonly srv?: DnsService;
  readonly sshfp?: DnsHostKey;
  readonly opt?: readonly DnsOption[];
}

/** Where a zone begins. */
export interface DnsSoa {
  /** The zone's primary server. */
  readonly mname: string;
  readonly mname_truncated?: true;
  /** The mailbox of who looks after it. */
  readonly rname: string;
  readonly rname_truncated?: true;
  readonly serial: number;
  /** Seconds, as those that follow. */
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Where a service is. */
export interface DnsService {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

/** The digest of an SSH host key. */
export interface DnsHostKey {
  /** Hexadecimal, with colons. */
  readonly fingerprint: string;
  readonly algo: number;
  readonly type: number;
}

/** An option of EDNS. */
export interface DnsOption {
  readonly code: number;
  /** Hexadecimal. */
  readonly data: string;
}

/** The process at an end of the flow. */
export interface FlowEnd {
  readonly host: string;
  /** Absent when no log, nor the capture, says it. */
  readonly pid?: number;
  readonly image: string;
  readonly known_by: readonly ('capture' | 'sysmon 3' | 'security 5156')[];
}

/** A resource record. Its data is under the name of its type in lower case, or under its number, as in `mdns`. */
export interface LlmnrRecordData {
  readonly rrname: string;
  readonly a?: string;
  readonly aaaa?: string;
  readonly [name: string]: unknown;
}

/** A resource record. Its data is under the name of its type in lower case, or under its number. */
export interface MdnsEntry {
  readonly rrname: string;
  readonly rrname_truncated?: true;
  readonly rdata_truncated?: true;
  readonly a?: string;
  readonly aaaa?: string;
  readonly cname?: string;
  readonly mx?: string;
  readonly ns?: string;
  readonly null?: string;
  readonly ptr?: string;
  readonly txt?: readonly string[];
  readonly soa?: {
    /** The zone's primary server. */
    readonly mname: string;
    readonly mname_truncated?: true;
    /** The mailbox of who looks after it. */
    readonly rname: string;
    readonly rname_truncated?: true;
    readonly serial: number;
    /** Seconds, as those that follow. */
    readonly refresh: number;
    readonly retry: number;
    readonly expire: number;
    readonly minimum: number;
  };
  readonly srv?: {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly name: string;
  };
  readonly sshfp?: {
    /** Hexadecimal, with colons. */
    readonly fingerprint: string;
    readonly algo: number;
    readonly type: number;
  };
  readonly opt?: readonly {
    readonly code: number;
    /** Hexadecimal. */
    readonly data: string;
  }[];
  readonly [name: string]: unknown;
}

/** The DCOM object that was called, as far as it is known. */
export interface DcomRecord {
  readonly class?: {
    readonly clsid?: string;
    /** ProgID or common name, of classes in the table. */
    readonly name?: string;
  };
  /** The object exporter. */
  readonly oxid?: string;
  /** IDispatch: the method that Invoke called. */
  readonly method?: string;
  /** IDispatch: its number. */
  readonly dispid?: number;
  /** What the calls of one chain share, whatever object and connection they are made on. */
  readonly causality?: string;
  /** Low 16 bits of the server's process id, out of the IPID. */
  readonly server_pid?: number;
  /** WMI: the namespace of the login the object came of. */
  readonly namespace?: string;
  /** The calling process, as it called itself at WMI login earlier on the object or in the association. It may lie. */
  readonly client?: {
    readonly host?: string;
    readonly fqdn?: string;
    readonly pid?: number;
    /** When the process began, ISO 8601. */
    readonly start_time?: string;
  };
}

/** A counter, or counters by name. */
export type Counters = number | string | readonly {
}[] | {
  readonly [name: string]: Counters;
};

/** A rule matched. */
export interface AlertRecord {
  readonly action: 'allowed' | 'blocked';
  readonly gid: number;
  readonly signature_id: number;
  readonly rev: number;
  /** `msg` of the rule. */
  readonly signature: string;
  /** Description of its `classtype`. */
  readonly category: string;
  /** Priority; 1 is the highest. */
  readonly severity: number;
  /** The attacker, for rules with `target`. */
  readonly source?: {
    readonly ip: string;
    readonly port?: number;
  };
  /** The victim, for rules with `target`. */
  readonly target?: {
    readonly ip: string;
    readonly port?: number;
  };
  /** The client behind a proxy (`xff`). */
  readonly xff?: string;
  /** Variables that the rule took for the alert (`pcre`). */
  readonly context?: {
    readonly [name: string]: string;
  };
  /** Metadata of the rule: the values of each key. */
  readonly metadata?: {
    readonly [name: string]: readonly string[];
  };
  readonly references?: readonly string[];
  /** The rule as it is written. */
  readonly rule?: string;
}

/** Something about the traffic is odd: a decoder, stream or application-layer event. */
export interface AnomalyRecord {
  readonly type: 'decode' | 'stream' | 'applayer';
  /** Name of the event, as rules have it. */
  readonly event: string;
  /** Protocol whose event it is. */
  readonly app_proto?: string;
  /** Who raised it: `proto_parser`, `proto_detect`. */
  readonly layer?: string;
}

/** An ARP packet. */
export interface ArpRecord {
  readonly hw_type: string;
  readonly proto_type: string;
  /** `request`, `reply`, or the number. */
  readonly opcode: string;
  readonly src_mac: string;
  readonly src_ip: string;
  readonly dest_mac: string;
  readonly dest_ip: string;
}

/** A DCERPC transaction in Suricata's shape. */
export interface DcerpcRecord {
  /** PDU type: `REQUEST`, `BIND`; `REQUEST_LOST` when it is not in the capture. */
  readonly request: string;
  readonly req?: {
    readonly opnum: number;
    /** Fragments. */
    readonly frag_cnt: number;
    /** Octets of the stub. */
    readonly stub_data_size: number;
  };
  /** What is called, or what was offered to be bound. */
  readonly interfaces?: readonly {
    readonly uuid: string;
    /** major.minor */
    readonly version: string;
    readonly ack_result?: number;
  }[];
  /** PDU type: `RESPONSE`, `BINDACK`; `UNREPLIED` without one. */
  readonly response: string;
  readonly res?: {
    /** Fragments. */
    readonly frag_cnt: number;
    /** Octets of the stub. */
    readonly stub_data_size: number;
  };
  /** Connectionless: the activity. */
  readonly activityuuid?: string;
  /** Connectionless: number of the call in its activity. */
  readonly seqnum?: number;
  readonly call_id?: number;
  /** major.minor */
  readonly rpc_version: string;
}

/** A DNS message, or in version 2 a question or the answers. */
export interface DnsRecord {
  readonly version: 2 | 3;
  /** The latter two in version 2. */
  readonly type: 'request' | 'response' | 'query' | 'answer';
  /** Number of the message on its flow, from 0. */
  readonly tx_id?: number;
  /** What an answer is found by: the message's own number. */
  readonly id: number;
  /** All bits of the header between the identifier and the counts, hexadecimal. */
  readonly flags?: string;
  /** It is a response. */
  readonly qr?: true;
  /** The server is an authority. */
  readonly aa?: true;
  /** It was truncated. */
  readonly tc?: true;
  /** The server shall ask others. */
  readonly rd?: true;
  /** The server asks others. */
  readonly ra?: true;
  /** A bit that has to be 0 is set. */
  readonly z?: true;
  /** 0 is a query, 4 a notification, 5 an update. */
  readonly opcode: number;
  /** Code of the answer by name. */
  readonly rcode?: string;
  /** Version 2: what is asked for. */
  readonly rrname?: string;
  readonly rrname_truncated?: true;
  /** Version 2. */
  readonly rrtype?: string;
  /** Version 3: what is asked for. */
  readonly queries?: readonly {
    readonly rrname: string;
    readonly rrtype: string;
    readonly rrname_truncated?: true;
  }[];
  /** Unless `formats` leaves them out. */
  readonly answers?: readonly DnsEntry[];
  /** Data of the answers by type, unless `formats` leaves it out. */
  readonly grouped?: {
    readonly [name: string]: readonly (string | DnsSoa | DnsService | DnsHostKey)[];
  };
  /** Servers of the zone; in updates, what is to be changed. */
  readonly authorities?: readonly DnsEntry[];
  /** Without an OPT record that has no options. */
  readonly additionals?: readonly DnsEntry[];
}

/** What a mail says: headers as they were sent, files, links. */
export interface EmailRecord {
  /** Header `From`. */
  readonly from?: string;
  /** Addresses of the header `To`. */
  readonly to?: readonly string[];
  /** Addresses of the header `Cc`. */
  readonly cc?: readonly string[];
  /** PARSE_ERROR: another mail began before its end. */
  readonly status: 'PARSE_DONE' | 'PARSE_ERROR';
  /** Names of its files. */
  readonly attachment?: readonly string[];
  /** Links in its text and files (`extract-urls`), without their scheme unless `log-url-scheme` is on. */
  readonly url?: readonly string[];
  /** Header `Reply-To` (`custom`). */
  readonly reply_to?: string;
  /** Addresses of the header `Bcc` (`custom`, `extended`). */
  readonly bcc?: readonly string[];
  /** Header `Message-ID` (`custom`, `extended`). */
  readonly message_id?: string;
  /** Header `Subject` (`custom`, `extended`). */
  readonly subject?: string;
  /** Header `X-Mailer` (`custom`, `extended`). */
  readonly x_mailer?: string;
  /** Header `User-Agent` (`custom`, `extended`). */
  readonly user_agent?: string;
  /** Headers `Received` (`custom`). */
  readonly received?: readonly string[];
  /** Header `X-Originating-IP` (`custom`). */
  readonly x_originating_ip?: string;
  /** Header `In-Reply-To` (`custom`). */
  readonly in_reply_to?: string;
  /** Header `References` (`custom`). */
  readonly references?: string;
  /** Header `Importance` (`custom`). */
  readonly importance?: string;
  /** Header `Priority` (`custom`). */
  readonly priority?: string;
  /** Header `Sensitivity` (`custom`). */
  readonly sensitivity?: string;
  /** Header `Organization` (`custom`). */
  readonly organization?: string;
  /** Header `Content-MD5` (`custom`). */
  readonly content_md5?: string;
  /** Header `Date` (`custom`). */
  readonly date?: string;
  /** MD5 of the subject (`md5`). */
  readonly subject_md5?: string;
  /** MD5 of the body as it was sent (`md5`, with `mime.body-md5`). */
  readonly body_md5?: string;
}

/** Trouble of a run that is no fault of the traffic. */
export interface EngineRecord {
  /** Code. */
  readonly error: string;
  readonly message: string;
  readonly module: string;
}

/** A file that a transaction carried. */
export interface FileinfoRecord {
  readonly filename: string;
  /** Rules with `filestore` that hold on it. */
  readonly sid?: readonly number[];
  /** Kind under libmagic's name. */
  readonly magic?: string;
  /** Octets of it are not in the capture. */
  readonly gaps: boolean;
  /** UNKNOWN: it is still on its way. */
  readonly state: 'CLOSED' | 'TRUNCATED' | 'UNKNOWN';
  /** Of a complete file. */
  readonly md5?: string;
  /** Of a complete file. */
  readonly sha1?: string;
  /** Of what there is of it. */
  readonly sha256?: string;
  /** It is in the file store. */
  readonly stored: boolean;
  /** It is on its way there. */
  readonly storing?: boolean;
  /** Number of a stored file, from 1, in the order in which they began. */
  readonly file_id?: number;
  /** Octets that were seen. */
  readonly size: number;
  /** First octet, of a part of a file. */
  readonly start?: number;
  /** Last octet, of a part of a file. */
  readonly end?: number;
  /** Transaction that carried it. */
  readonly tx_id: number;
}

/** A flow has ended. */
export interface FlowRecord {
  /** Packets. */
  readonly pkts_toserver: number;
  /** Packets. */
  readonly pkts_toclient: number;
  /** Octets. */
  readonly bytes_toserver: number;
  /** Octets. */
  readonly bytes_toclient: number;
  /** Time of its first packet. */
  readonly start: string;
  /** Time of its last packet. */
  readonly end: string;
  /** Seconds. */
  readonly age: number;
  /** `new`, `established`, `closed`, `bypassed`. */
  readonly state: string;
  /** Nobody looked at its later packets: `encryption-handling: bypass`. */
  readonly bypass?: 'local';
  /** Why it ended: `timeout`, `shutdown`, `tcp_reuse`, `forced`. */
  readonly reason: string;
  /** A rule matched on it. */
  readonly alerted: boolean;
  /** Transactions. */
  readonly tx_cnt?: number;
  /** What would have been done about it inline. */
  readonly exception_policy?: readonly {
    readonly target: string;
    readonly policy: string;
  }[];
}

/** A part of one direction of a stream, as it was sent. Written when it is asked for. */
export interface FrameRecord {
  /** The kind, without its protocol: `smb2.hdr`. */
  readonly type: string;
  /** Number among the frames of its direction, from 1; only frames that somebody wants are counted. */
  readonly id: number;
  readonly direction: 'toserver' | 'toclient';
  /** Octets before it in the stream. */
  readonly stream_offset: number;
  /** Octets, those that are still to come included. */
  readonly length: number;
  /** Base64, as far as it is there; what is missing is said in its place. */
  readonly payload?: string;
  readonly payload_printable?: string;
  /** All of it was sent. */
  readonly complete: boolean;
  readonly tx_id?: number;
}

/** A command of FTP with its replies, or what a server says by itself. */
export interface FtpRecord {
  /** In capitals: `RETR`. Absent of what a server says by itself. */
  readonly command?: string;
  /** What follows the command and its blank. */
  readonly command_data?: string;
  /** The command was longer than is kept. */
  readonly command_truncated?: boolean;
  /** The code of each reply: `226`. */
  readonly completion_code?: readonly string[];
  /** Each line of the replies; of one that ends a reply, what follows the code. */
  readonly reply?: readonly string[];
  /** The port that was agreed on for a data connection. */
  readonly dynamic_port?: number;
  /** Who listens there: of `active` the client, of `passive` the server. */
  readonly mode?: 'active' | 'passive';
  /** Whether the command was answered for good. */
  readonly reply_received: 'yes' | 'no';
  /** A line of a reply was longer than is kept, or there were more. */
  readonly reply_truncated: boolean;
}

/** A data connection of FTP. Empty when no command was seen that it belongs to. */
export interface FtpDataRecord {
  /** Name of the file, as the command has it; absent for lists of files. */
  readonly filename?: string;
  /** The command that the connection is for. */
  readonly command?: 'APPE' | 'LIST' | 'MLSD' | 'NLST' | 'RETR' | 'STOR' | 'STOU';
}

/** An HTTP transaction. */
export interface HttpRecord {
  readonly hostname?: string;
  /** Port in the host or URI, when it says one. */
  readonly http_port?: number;
  readonly url?: string;
  readonly http_user_agent?: string;
  /** `X-Forwarded-For` of the request, as it stands. */
  readonly xff?: string;
  /** Of the response, without parameters. */
  readonly http_content_type?: string;
  /** `Content-Range` of the response. As a custom header, when it is asked for, its text. */
  readonly content_range?: {
    readonly raw: string;
    readonly start?: number;
    readonly end?: number;
    readonly size?: number;
  };
  readonly http_refer?: string;
  readonly http_method?: string;
  readonly protocol?: string;
  readonly status?: number;
  /** What stands in the place of the status, when that is no number. */
  readonly status_string?: string;
  /** `Location`. */
  readonly redirect?: string;
  /** Octets of the response body. */
  readonly length?: number;
  /** All headers (`dump-all-headers`). */
  readonly request_headers?: readonly {
    readonly name: string;
    readonly value: string;
  }[];
  /** All headers (`dump-all-headers`). */
  readonly response_headers?: readonly {
    readonly name: string;
    readonly value: string;
  }[];
  /** Base64 (`http-body`). */
  readonly http_request_body?: string;
  readonly http_request_body_printable?: string;
  /** Base64 (`http-body`). */
  readonly http_response_body?: string;
  readonly http_response_body_printable?: string;
  /** Header `accept` of the request (`custom`). */
  readonly accept?: string;
  /** Header `accept-charset` of the request (`custom`). */
  readonly accept_charset?: string;
  /** Header `accept-datetime` of the request (`custom`). */
  readonly accept_datetime?: string;
  /** Header `accept-encoding` of the request (`custom`). */
  readonly accept_encoding?: string;
  /** Header `accept-language` of the request (`custom`). */
  readonly accept_language?: string;
  /** Header `accept-range` of the response (`custom`). */
  readonly accept_range?: string;
  /** Header `age` of the response (`custom`). */
  readonly age?: string;
  /** Header `allow` of the response (`custom`). */
  readonly allow?: string;
  /** Header `authorization` of the request (`custom`). */
  readonly authorization?: string;
  /** Header `cache-control` of the request (`custom`). */
  readonly cache_control?: string;
  /** Header `connection` of the request (`custom`). */
  readonly connection?: string;
  /** Header `content-encoding` of the response (`custom`). */
  readonly content_encoding?: string;
  /** Header `content-language` of the response (`custom`). */
  readonly content_language?: string;
  /** Header `content-length` of the response (`custom`). */
  readonly content_length?: string;
  /** Header `content-location` of the response (`custom`). */
  readonly content_location?: string;
  /** Header `content-md5` of the response (`custom`). */
  readonly content_md5?: string;
  /** Header `content-type` of the response (`custom`). */
  readonly content_type?: string;
  /** Header `cookie` of the request (`custom`). */
  readonly cookie?: string;
  /** Header `date` of the response (`custom`). */
  readonly date?: string;
  /** Header `dnt` of the request (`custom`). */
  readonly dnt?: string;
  /** Header `etag` of the response (`custom`). */
  readonly etag?: string;
  /** Header `expires` of the response (`custom`). */
  readonly expires?: string;
  /** Header `from` of the request (`custom`). */
  readonly from?: string;
  /** Header `last-modified` of the response (`custom`). */
  readonly last_modified?: string;
  /** Header `link` of the response (`custom`). */
  readonly link?: string;
  /** Header `location` of the response (`custom`). */
  readonly location?: string;
  /** Header `max-forwards` of the request (`custom`). */
  readonly max_forwards?: string;
  /** Header `org-src-ip` of the request (`custom`). */
  readonly org_src_ip?: string;
  /** Header `origin` of the request (`custom`). */
  readonly origin?: string;
  /** Header `pragma` of the request (`custom`). */
  readonly pragma?: string;
  /** Header `proxy-authenticate` of the response (`custom`). */
  readonly proxy_authenticate?: string;
  /** Header `proxy-authorization` of the request (`custom`). */
  readonly proxy_authorization?: string;
  /** Header `range` of the request (`custom`). */
  readonly range?: string;
  /** Header `referer` of the request (`custom`). */
  readonly referer?: string;
  /** Header `refresh` of the response (`custom`). */
  readonly refresh?: string;
  /** Header `retry-after` of the response (`custom`). */
  readonly retry_after?: string;
  /** Header `server` of the response (`custom`). */
  readonly server?: string;
  /** Header `set-cookie` of the response (`custom`). */
  readonly set_cookie?: string;
  /** Header `te` of the request (`custom`). */
  readonly te?: string;
  /** Header `trailer` of the response (`custom`). */
  readonly trailer?: string;
  /** Header `transfer-encoding` of the response (`custom`). */
  readonly transfer_encoding?: string;
  /** Header `true-client-ip` of the request (`custom`). */
  readonly true_client_ip?: string;
  /** Header `upgrade` of the response (`custom`). */
  readonly upgrade?: string;
  /** Header `vary` of the response (`custom`). */
  readonly vary?: string;
  /** Header `via` of the request (`custom`). */
  readonly via?: string;
  /** Header `warning` of the response (`custom`). */
  readonly warning?: string;
  /** Header `www-authenticate` of the response (`custom`). */
  readonly www_authenticate?: string;
  /** Header `x-authenticated-user` of the request (`custom`). */
  readonly x_authenticated_user?: string;
  /** Header `x-bluecoat-via` of the request (`custom`). */
  readonly x_bluecoat_via?: string;
  /** Header `x-flash-version` of the request (`custom`). */
  readonly x_flash_version?: string;
  /** Header `x-forwarded-proto` of the request (`custom`). */
  readonly x_forwarded_proto?: string;
  /** Header `x-requested-with` of the request (`custom`). */
  readonly x_requested_with?: string;
}

/** What one caller did on one host: calls and alerts that belong together, and what event logs say of it. */
export interface IncidentRecord {
  /** The same for the same capture. */
  readonly id: string;
  /** confirmed: connection or logon by key, and process, parent process or command line; probable: parent and time alone; network only: no log says what came of it. */
  readonly grade: 'confirmed' | 'probable' | 'network only';
  /** In words. */
  readonly says: string;
  /** Time of the first call. */
  readonly first: string;
  /** Time of the last call. */
  readonly last: string;
  /** ATT&CK techniques of its alerts. */
  readonly technique?: readonly string[];
  /** `detection` in the metadata of the rules of its alerts. */
  readonly detection?: readonly string[];
  /** Some of its calls could not be read; what ran is known from the log alone. */
  readonly stub?: 'sealed';
  /** The caller. */
  readonly from: {
    readonly ip: string;
    /** As its log names it. */
    readonly host?: string;
    readonly process?: {
      readonly pid?: number;
      readonly image: string;
    };
    /** What names the process: capture, sysmon 3, security 5156. */
    readonly known_by?: readonly string[];
    readonly logon?: {
      readonly id: string;
      readonly user: string;
    };
  };
  /** The host. */
  readonly to: {
    readonly ip: string;
    /** As its log names it. */
    readonly host?: string;
    readonly process?: {
      readonly pid?: number;
      readonly image: string;
    };
    /** What names the process: capture, sysmon 3, security 5156. */
    readonly known_by?: readonly string[];
    readonly logon?: {
      readonly id: string;
      readonly user: string;
    };
  };
  /** Its alerts, a member for each rule. */
  readonly alerts?: readonly {
    readonly signature_id: number;
    readonly signature: string;
    readonly severity: number;
    readonly count: number;
  }[];
  /** Processes that started on the host because of it. */
  readonly effect?: readonly {
    /** Absent when the log lost it. */
    readonly pid?: number;
    readonly image: string;
    readonly command_line?: string;
    /** Program of the parent, without its folder. */
    readonly parent: string;
    /** logon: that of the connection; pid, parent pid: that of the called object; parent: what starts programs for such calls; service name, task name: what calls name started it; provider: its parent hosts a provider of WMI; time: by the host's measured clock. */
    readonly joined_by: readonly ('logon' | 'pid' | 'parent pid' | 'parent' | 'command line' | 'service name' | 'task name' | 'provider' | 'time')[];
    /** Milliseconds from the call to its start, by the host's measured clock. */
    readonly after_ms: number;
  }[];
  /** Services and tasks that its calls name, as a log tells them (7045, 4697; 4698, 4702, 106, 129). */
  readonly installed?: readonly {
    readonly kind: 'service' | 'task';
    readonly name: string;
    /** Command line; absent where the record does not say. */
    readonly runs?: string;
    readonly joined_by: readonly ('service name' | 'task name')[];
    /** Milliseconds from the call, by the host's measured clock. */
    readonly after_ms: number;
  }[];
  /** How far the clocks of logs are ahead of the capture's, by host. */
  readonly clock?: {
    readonly [name: string]: {
    readonly offset_ms: number;
    /** Connections that it was measured by. */
    readonly from: number;
  };
  };
  /** Flows and records that it rests on. */
  readonly evidence: readonly {
    readonly capture?: string;
    readonly flow_id?: number;
    readonly pcap_cnt?: number;
    readonly log?: string;
    readonly channel?: string;
    /** `EventRecordID`. */
    readonly record_id?: number;
    /** Number of the record in the log, from 1. */
    readonly position?: number;
  }[];
}

/** A message of link-local multicast name resolution. */
export interface LlmnrRecord {
  readonly type: 'request' | 'response';
  readonly id: number;
  /** Conflict, truncation, tentative. */
  readonly flags?: readonly ('c' | 'tc' | 't')[];
  readonly opcode: number;
  readonly rcode: number;
  readonly queries?: readonly {
    readonly rrname: string;
    /** Lower case, or a number. */
    readonly rrtype: string;
    readonly rrname_truncated?: true;
  }[];
  readonly answers?: readonly LlmnrRecordData[];
  readonly authorities?: readonly LlmnrRecordData[];
  readonly additionals?: readonly LlmnrRecordData[];
}

/** A message of multicast DNS. */
export interface MdnsRecord {
  readonly type: 'request' | 'response';
  readonly id: number;
  readonly flags?: readonly ('aa' | 'tc' | 'rd' | 'ra' | 'z' | 'ad' | 'cd')[];
  readonly opcode: number;
  readonly rcode: number;
  readonly queries?: readonly {
    readonly rrname: string;
    /** Lower case, or a number. */
    readonly rrtype: string;
    readonly rrname_truncated?: true;
  }[];
  readonly answers?: readonly MdnsEntry[];
  readonly authorities?: readonly MdnsEntry[];
  readonly additionals?: readonly MdnsEntry[];
}

/** A remote procedure call, whatever carries it. Absent means unknown; nothing is guessed without `known: inferred`. */
export interface MsrpcRecord {
  readonly transport: 'tcp' | 'udp' | 'smb' | 'http';
  /** Name of the pipe, for calls over SMB. */
  readonly pipe?: string;
  readonly call_id?: number;
  /** Connectionless: the activity, in the place of a connection. */
  readonly activity?: string;
  readonly context_id?: number;
  readonly opnum?: number;
  readonly interface?: {
    readonly uuid?: string;
    /** major.minor */
    readonly version?: string;
    readonly name?: string;
  };
  readonly procedure?: string;
  /** Object UUID of the request: the IPID of a DCOM call. */
  readonly object?: string;
  /** bound: the context was bound in the capture; inferred: something else says so. */
  readonly known?: 'bound' | 'inferred';
  /** What says so: the trailer that verifies the call, the object it is made on, the structure of an activation, the pipe, the endpoint (well-known, or tied to the interface by the endpoint mapper or another connection), the arguments, or the sizes of several sealed calls. */
  readonly inferred_by?: 'verification_trailer' | 'object' | 'activation' | 'pipe' | 'endpoint' | 'stub' | 'sizes';
  /** What the context handle stands for that the call is made with, or that it opens. */
  readonly handle?: {
    /** service, key, printer, policy, group, file and so on. */
    readonly kind: string;
    /** A key's is its path, an account's its SID. */
    readonly name?: string;
  };
  /** Whose host a path among the arguments names: of the machine called, of the caller (by name or address), or of a third one; unknown where the ends did not show their names. */
  readonly path_host?: 'own' | 'unknown' | 'caller' | 'caller_address' | 'third';
  readonly auth?: {
    readonly provider?: string;
    readonly level?: 'none' | 'connect' | 'call' | 'packet' | 'integrity' | 'privacy';
    /** The account, where the wire shows it: NTLM. */
    readonly user?: string;
    /** The account's domain or realm. */
    readonly domain?: string;
    /** What the client calls itself. */
    readonly workstation?: string;
    /** The client gave no account on purpose. */
    readonly anonymous?: boolean;
    /** Kerberos: the service the ticket is for. */
    readonly service?: string;
    /** Kerberos: the service's realm. */
    readonly realm?: string;
    /** The names are those of the SMB session that carries the call. */
    readonly session?: boolean;
  };
  /** In the place of a call: interfaces that a bind asked for and the server refused. */
  readonly refused?: readonly {
    readonly uuid: string;
    /** major.minor */
    readonly version: string;
    readonly name?: string;
    /** Why, by the name of [C706]: abstract_syntax_not_supported. */
    readonly reason?: string;
  }[];
  /** Which implementation calls, where its way of binding shows it. */
  readonly client_implementation?: 'windows' | 'dotnet' | 'impacket' | 'invoke-thehash';
  /** What `client_implementation` was derived from: the number of its security context, what its binds offer (over pipes together with how it negotiated SMB), or the interfaces it asks objects for. */
  readonly client_known_by?: 'security_context' | 'bind' | 'smb_negotiation' | 'interfaces';
  /** What of the arguments can be read on the wire. */
  readonly stub?: 'clear' | 'signed' | 'sealed';
  /** Secrets that were given opened what is sealed of the request, the answer or both, and its signature is right: arguments and results are told as if they were readable. */
  readonly opened?: true;
  /** Absent when only the answer is in the capture. */
  readonly request?: {
    /** Octets of the stub. */
    readonly size?: number;
    readonly fragments?: number;
    /** Some of its octets are not in the capture. */
    readonly incomplete?: true;
  };
  /** Absent without an answer. */
  readonly response?: {
    /** Octets of the stub. */
    readonly size?: number;
    readonly fragments?: number;
    /** Some of its octets are not in the capture. */
    readonly incomplete?: true;
    /** Return value. */
    readonly result?: string;
    /** Its name, where it is a known error: STATUS_ACCESS_DENIED. */
    readonly result_name?: string;
    /** The call faulted. */
    readonly fault?: {
      readonly status?: string;
      /** The name of the status, where it has one. */
      readonly name?: string;
    };
  };
  /** The client gave the call up. */
  readonly cancelled?: true;
  /** A text among the arguments is not told to its end: it is longer than 64 KiB, or all of a WMI object are longer than a mebioctet. */
  readonly arguments_cut?: true;
  /** Arguments and results by name, as far as the stub can be read. Their names are those of the protocol documents. */
  readonly arguments?: {
    /** DCOM: the interface pointers that the answer gives, or what was answered in their place. */
    readonly references?: readonly {
      readonly iid: string;
      readonly interface_name?: string;
      /** The object exporter. */
      readonly oxid?: string;
      /** The object. */
      readonly oid?: string;
      /** The object UUID of calls on it. */
      readonly ipid?: string;
      /** Where the resolver of the object's machine answers, which may be another machine. */
      readonly resolver?: readonly string[];
      /** Why the interface was not given. */
      readonly result?: string;
    }[];
    readonly [name: string]: unknown;
  };
  readonly dcom?: DcomRecord;
  /** When the first octets of the call were seen, ISO 8601. The event's timestamp is when it was over. */
  readonly started?: string;
  /** The call in words. */
  readonly says?: string;
}

/** One direction of a flow that has ended. */
export interface NetflowRecord {
  readonly pkts: number;
  readonly bytes: number;
  readonly start: string;
  readonly end: string;
  /** Seconds. */
  readonly age: number;
  readonly min_ttl?: number;
  readonly max_ttl?: number;
  readonly tx_cnt?: number;
}

/** An SMB transaction in Suricata's shape. */
export interface SmbRecord {
  /** Number on its flow, from 1. */
  readonly id: number;
  readonly dialect: string;
  readonly command: string;
  /** Name of the status, or its number. */
  readonly status?: string;
  /** Hexadecimal. */
  readonly status_code?: string;
  readonly session_id: number;
  readonly tree_id: number;
  readonly client_dialects?: readonly string[];
  readonly client_guid?: string;
  readonly server_guid?: string;
  readonly max_read_size?: number;
  readonly max_write_size?: number;
  /** The account of an NTLM login. */
  readonly ntlmssp?: {
    readonly domain: string;
    readonly user: string;
    readonly host: string;
    readonly version?: string;
    /** Its fields are in an unusual order. */
    readonly warning?: true;
  };
  /** The ticket of a Kerberos login. */
  readonly kerberos?: {
    readonly realm: string;
    readonly snames?: readonly string[];
  };
  readonly request?: {
    readonly native_os: string;
    readonly native_lm: string;
  };
  readonly response?: {
    readonly native_os: string;
    readonly native_lm: string;
  };
  readonly share?: string;
  readonly share_type?: string;
  readonly named_pipe?: string;
  readonly service?: {
    readonly request?: string;
    readonly response?: string;
  };
  readonly filename?: string;
  readonly directory?: string;
  readonly disposition?: string;
  readonly access?: string;
  readonly created?: number;
  readonly accessed?: number;
  readonly modified?: number;
  readonly changed?: number;
  readonly size?: number;
  /** The file id. */
  readonly fuid?: string;
  readonly rename?: {
    readonly from: string;
    readonly to: string;
  };
  readonly set_info?: {
    readonly class: string;
    readonly info_level: string;
  };
  readonly subcmd?: string;
  readonly level_of_interest?: string;
  /** Name or number of an FSCTL. */
  readonly function?: string;
  /** The call that a pipe carries. */
  readonly dcerpc?: {
    readonly request: string;
    readonly response: string;
    readonly opnum?: number;
    readonly req?: {
      /** Fragments. */
      readonly frag_cnt: number;
      /** Octets of the stub. */
      readonly stub_data_size: number;
    };
    readonly interfaces?: readonly {
      readonly uuid: string;
      /** major.minor */
      readonly version: string;
      readonly ack_result?: number;
      readonly ack_reason?: number;
    }[];
    readonly res?: {
      /** Fragments. */
      readonly frag_cnt: number;
      /** Octets of the stub. */
      readonly stub_data_size: number;
    };
    readonly call_id: number;
  };
}

/** A mail on its way: its envelope. What it says itself is `email`. */
export interface SmtpRecord {
  /** What the client calls itself. */
  readonly helo?: string;
  /** Sender of the envelope, as the command has it: `<a@example.org>`. */
  readonly mail_from?: string;
  /** Recipients of the envelope, the first 1024. */
  readonly rcpt_to?: readonly string[];
}

/** An SSH session: what both sides said before it was encrypted. */
export interface SshRecord {
  /** Absent when it did not identify itself. */
  readonly client?: {
    /** Version of the protocol that the side offers: `2.0`. */
    readonly proto_version: string;
    /** Its software: `OpenSSH_9.6p1`. */
    readonly software_version?: string;
    /** HASSH of a client, HASSHServer of a server (`hassh`). */
    readonly hassh?: {
      /** MD5 of the string, in lower case. */
      readonly hash: string;
      /** The side's algorithms for key exchange, encryption, authentication and compression. */
      readonly string: string;
    };
  };
  /** Absent when it did not identify itself. */
  readonly server?: {
    /** Version of the protocol that the side offers: `2.0`. */
    readonly proto_version: string;
    /** Its software: `OpenSSH_9.6p1`. */
    readonly software_version?: string;
    /** HASSH of a client, HASSHServer of a server (`hassh`). */
    readonly hassh?: {
      /** MD5 of the string, in lower case. */
      readonly hash: string;
      /** The side's algorithms for key exchange, encryption, authentication and compression. */
      readonly string: string;
    };
  };
}

/** Counters at the end of a run, nested by the dots of their names. */
export type StatsRecord = {
  readonly [name: string]: Counters;
};

/** A TLS session: what both sides said before it was encrypted. */
export interface TlsRecord {
  /** Of the server's first certificate: `C=FR, O=Example, CN=example.org`. */
  readonly subject?: string;
  /** Issuer of the server's first certificate. */
  readonly issuerdn?: string;
  /** Alternative names of the server's first certificate. */
  readonly subjectaltname?: readonly string[];
  /** An earlier session goes on, so the server shows no certificate. */
  readonly session_resumed?: boolean;
  /** Of the server's first certificate, in hexadecimal with colons. */
  readonly serial?: string;
  /** SHA-1 of the server's first certificate. */
  readonly fingerprint?: string;
  /** Name of the server that the client asks for. */
  readonly sni?: string;
  /** What the server chose: `TLS 1.2`; what the client wants as long as it has not. */
  readonly version?: string;
  /** When the server's first certificate becomes valid, UTC. */
  readonly notbefore?: string;
  /** When the server's first certificate ceases to be valid, UTC. */
  readonly notafter?: string;
  /** The server's first certificate, DER in base64 (`custom`). */
  readonly certificate?: string;
  /** The server's certificates, DER in base64 (`custom`). */
  readonly chain?: readonly string[];
  /** JA3 of the client (`ja3-fingerprints`). */
  readonly ja3?: {
    /** MD5 of the string. */
    readonly hash: string;
    readonly string: string;
  };
  /** JA3S of the server (`ja3-fingerprints`). */
  readonly ja3s?: {
    /** MD5 of the string. */
    readonly hash: string;
    readonly string: string;
  };
  /** JA4 of the client. */
  readonly ja4?: string;
  /** Protocols the client would speak inside, the dearest first. */
  readonly client_alpns?: readonly string[];
  /** The one that the server chose. */
  readonly server_alpns?: readonly string[];
  /** Of the client's hello, without GREASE (`custom`). */
  readonly client_handshake?: {
    /** The greatest that the client names. */
    readonly version: string;
    readonly ciphers?: readonly number[];
    readonly exts?: readonly number[];
    readonly sig_algs?: readonly number[];
  };
  /** Of the server's hello (`custom`). */
  readonly server_handshake?: {
    readonly version: string;
    readonly cipher?: number;
    readonly exts?: readonly number[];
  };
  /** The client's first certificate, when it showed one. */
  readonly client?: {
    readonly subject: string;
    readonly issuerdn: string;
    /** SHA-1. */
    readonly fingerprint: string;
    readonly serial: string;
    readonly notbefore?: string;
    readonly notafter?: string;
    /** DER in base64 (`custom`). */
    readonly certificate?: string;
    /** DER in base64 (`custom`). */
    readonly chain?: readonly string[];
  };
  /** What the flow spoke before: STARTTLS, CONNECT. */
  readonly from_proto?: string;
}

/** A rule matched. */
export interface AlertEvent extends EventBase {
  readonly event_type: 'alert';
  /** The packet around the packet. */
  readonly tunnel?: {
    readonly src_ip?: string;
    readonly src_port?: number;
    readonly dest_ip?: string;
    readonly dest_port?: number;
    readonly proto?: string;
    /** Tunnels around the packet. */
    readonly depth?: number;
    readonly pcap_cnt?: number;
    readonly pkt_src?: string;
  };
  /** The Sigma rule that matched, of alerts on event logs and on events of traffic. */
  readonly sigma?: {
    /** Level of the rule; `medium` where it has none. */
    readonly level: string;
    /** Status of the rule. */
    readonly status?: string;
    /** Fields that made it match, at most 32. */
    readonly matched?: readonly {
      /** Search identifier of the rule. */
      readonly selection: string;
      /** As the rule calls it; absent for keywords. */
      readonly field?: string;
      /** At most 4096 octets; absent when the event has no such field. */
      readonly value?: string;
      /** The value is from the event of the parent's own creation. */
      readonly completed?: true;
    }[];
    /** Of a correlation: the events that it counted. `winlog` is the last of them. */
    readonly correlation?: {
      /** How many. */
      readonly events: number;
      /** What they share, by the fields of `group-by`. */
      readonly group?: {
        readonly [name: string]: string;
      };
    };
  };
  /** The record of an event log that a Sigma rule matched. */
  readonly winlog?: {
    /** Path of the log; of a file in an archive, behind the path of the archive. */
    readonly log: string;
    /** Number of the record in the log, from 1; records that cannot be read are not counted. */
    readonly position: number;
    readonly channel?: string;
    readonly provider?: string;
    /** Without qualifiers. */
    readonly event_id?: number;
    /** `EventRecordID`. */
    readonly record_id?: number;
    /** The computer that logged it. */
    readonly computer?: string;
    /** `EventData` or `UserData` by name; values without a name are a list under `Data`. */
    readonly data?: {
      readonly [name: string]: string | readonly string[];
    };
  };
  /** The rule looks at no transaction: the one that is told is the only one that was open (`detect.guess-applayer-tx`). */
  readonly tx_guessed?: true;
  /** Stage of the transaction, to the server. */
  readonly ts_progress?: string;
  /** Stage of the transaction, to the client. */
  readonly tc_progress?: string;
  /** Files that the transaction carries in the direction of the alert. */
  readonly files?: readonly FileinfoRecord[];
  readonly direction?: 'to_server' | 'to_client';
  /** The flow so far. */
  readonly flow?: {
    /** Packets. */
    readonly pkts_toserver: number;
    /** Packets. */
    readonly pkts_toclient: number;
    /** Octets. */
    readonly bytes_toserver: number;
    /** Octets. */
    readonly bytes_toclient: number;
    /** Time of its first packet. */
    readonly start: string;
    /** The client. */
    readonly src_ip: string;
    /** The server. */
    readonly dest_ip: string;
    readonly src_port?: number;
    readonly dest_port?: number;
  };
  /** What was looked at, or the payload of the packet. Base64. */
  readonly payload?: string;
  readonly payload_printable?: string;
  /** Octets, those that are not shown included. */
  readonly payload_length?: number;
  /** 1: the payload is of a stream. */
  readonly stream?: 0 | 1;
  /** The packet. Base64. */
  readonly packet?: string;
  readonly packet_info?: {
    readonly linktype: number;
    readonly linktype_name?: string;
  };
  readonly frame?: FrameRecord;
  readonly verdict?: {
    readonly action: 'alert' | 'pass';
  };
  readonly dcerpc?: DcerpcRecord;
  readonly dns?: DnsRecord;
  readonly email?: EmailRecord;
  readonly ftp?: FtpRecord;
  readonly ftp_data?: FtpDataRecord;
  readonly http?: HttpRecord;
  readonly llmnr?: LlmnrRecord;
  readonly mdns?: MdnsRecord;
  readonly msrpc?: MsrpcRecord;
  readonly smb?: SmbRecord;
  readonly smtp?: SmtpRecord;
  readonly ssh?: SshRecord;
  readonly tls?: TlsRecord;
  readonly alert: AlertRecord;
}

/** Something about the traffic is odd: a decoder, stream or application-layer event. */
export interface AnomalyEvent extends EventBase {
  readonly event_type: 'anomaly';
  /** The packet (`packethdr`). Base64. */
  readonly packet?: string;
  readonly packet_info?: {
    readonly linktype: number;
    readonly linktype_name?: string;
  };
  readonly anomaly: AnomalyRecord;
}

/** An ARP packet. */
export interface ArpEvent extends EventBase {
  readonly event_type: 'arp';
  readonly arp: ArpRecord;
}

/** A DCERPC transaction in Suricata's shape. */
export interface DcerpcEvent extends EventBase {
  readonly event_type: 'dcerpc';
  readonly dcerpc: DcerpcRecord;
}

/** A DNS message, or in version 2 a question or the answers. */
export interface DnsEvent extends EventBase {
  readonly event_type: 'dns';
  readonly dns: DnsRecord;
}

/** Trouble of a run that is no fault of the traffic. */
export interface EngineEvent extends EventBase {
  readonly event_type: 'engine';
  readonly engine: EngineRecord;
}

/** A file that a transaction carried. */
export interface FileinfoEvent extends EventBase {
  readonly event_type: 'fileinfo';
  readonly dcerpc?: DcerpcRecord;
  readonly dns?: DnsRecord;
  readonly email?: EmailRecord;
  readonly ftp?: FtpRecord;
  readonly ftp_data?: FtpDataRecord;
  readonly http?: HttpRecord;
  readonly llmnr?: LlmnrRecord;
  readonly mdns?: MdnsRecord;
  readonly msrpc?: MsrpcRecord;
  readonly smb?: SmbRecord;
  readonly smtp?: SmtpRecord;
  readonly ssh?: SshRecord;
  readonly tls?: TlsRecord;
  readonly fileinfo: FileinfoRecord;
}

/** A flow has ended. */
export interface FlowEvent extends EventBase {
  readonly event_type: 'flow';
  /** What event logs say of the flow (`replay --logs`). */
  readonly endpoint?: {
    readonly client?: FlowEnd;
    readonly server?: FlowEnd;
    /** The logon that came by the flow. */
    readonly logon?: {
      /** Hexadecimal, as in the log. */
      readonly id: string;
      readonly user: string;
      readonly host: string;
    };
  };
  /** What TCP did. */
  readonly tcp?: {
    /** All flags seen, hexadecimal. */
    readonly tcp_flags: string;
    readonly tcp_flags_ts: string;
    readonly tcp_flags_tc: string;
    readonly syn?: true;
    readonly fin?: true;
    readonly rst?: true;
    readonly psh?: true;
    readonly ack?: true;
    readonly urg?: true;
    readonly ecn?: true;
    readonly cwr?: true;
    readonly state?: string;
    /** Most pieces the stream lay in. */
    readonly ts_max_regions?: number;
    readonly tc_max_regions?: number;
    /** Octets are missing. */
    readonly ts_gap?: true;
    readonly tc_gap?: true;
    /** Urgent octets that are not in the stream. */
    readonly ts_urgent_oob_data?: number;
    readonly tc_urgent_oob_data?: number;
  };
  readonly flow: FlowRecord;
}

/** A part of one direction of a stream, as it was sent. Written when it is asked for. */
export interface FrameEvent extends EventBase {
  readonly event_type: 'frame';
  readonly frame: FrameRecord;
}

/** A command of FTP with its replies, or what a server says by itself. */
export interface FtpEvent extends EventBase {
  readonly event_type: 'ftp';
  readonly ftp: FtpRecord;
}

/** A data connection of FTP. Empty when no command was seen that it belongs to. */
export interface FtpDataEvent extends EventBase {
  readonly event_type: 'ftp_data';
  readonly ftp_data: FtpDataRecord;
}

/** An HTTP transaction. */
export interface HttpEvent extends EventBase {
  readonly event_type: 'http';
  readonly http: HttpRecord;
}

/** What one caller did on one host: calls and alerts that belong together, and what event logs say of it. */
export interface IncidentEvent extends EventBase {
  readonly event_type: 'incident';
  readonly incident: IncidentRecord;
}

/** A message of link-local multicast name resolution. */
export interface LlmnrEvent extends EventBase {
  readonly event_type: 'llmnr';
  readonly llmnr: LlmnrRecord;
}

/** A message of multicast DNS. */
export interface MdnsEvent extends EventBase {
  readonly event_type: 'mdns';
  readonly mdns: MdnsRecord;
}

/** Bits and variables that rules set with a packet, when no alert told them. */
export interface MetadataEvent extends EventBase {
  readonly event_type: 'metadata';
}

/** A remote procedure call, whatever carries it. Absent means unknown; nothing is guessed without `known: inferred`. */
export interface MsrpcEvent extends EventBase {
  readonly event_type: 'msrpc';
  readonly msrpc: MsrpcRecord;
}

/** One direction of a flow that has ended. */
export interface NetflowEvent extends EventBase {
  readonly event_type: 'netflow';
  readonly tcp?: {
    /** All flags seen, hexadecimal. */
    readonly tcp_flags: string;
    readonly syn?: true;
    readonly fin?: true;
    readonly rst?: true;
    readonly psh?: true;
    readonly ack?: true;
    readonly urg?: true;
    readonly ecn?: true;
    readonly cwr?: true;
  };
  readonly netflow: NetflowRecord;
}

/** A packet that a rule asked for by `tag` (`tagged-packets`). */
export interface PacketEvent extends EventBase {
  readonly event_type: 'packet';
  /** The frame, base64. */
  readonly packet: string;
  readonly packet_info?: {
    readonly linktype: number;
    readonly linktype_name?: string;
  };
}

/** An SMB transaction in Suricata's shape. */
export interface SmbEvent extends EventBase {
  readonly event_type: 'smb';
  readonly smb: SmbRecord;
}

/** A mail on its way: its envelope. What it says itself is `email`. */
export interface SmtpEvent extends EventBase {
  readonly event_type: 'smtp';
  readonly email?: EmailRecord;
  readonly smtp: SmtpRecord;
}

/** An SSH session: what both sides said before it was encrypted. */
export interface SshEvent extends EventBase {
  readonly event_type: 'ssh';
  readonly ssh: SshRecord;
}

/** Counters at the end of a run, nested by the dots of their names. */
export interface StatsEvent extends EventBase {
  readonly event_type: 'stats';
  readonly stats: StatsRecord;
}

/** A TLS session: what both sides said before it was encrypted. */
export interface TlsEvent extends EventBase {
  readonly event_type: 'tls';
  readonly tls: TlsRecord;
}

/** An EVE event, told apart by `event_type`. */
export type EveEvent =
  | AlertEvent
  | AnomalyEvent
  | ArpEvent
  | DcerpcEvent
  | DnsEvent
  | EngineEvent
  | FileinfoEvent
  | FlowEvent
  | FrameEvent
  | FtpEvent
  | FtpDataEvent
  | HttpEvent
  | IncidentEvent
  | LlmnrEvent
  | MdnsEvent
  | MetadataEvent
  | MsrpcEvent
  | NetflowEvent
  | PacketEvent
  | SmbEvent
  | SmtpEvent
  | SshEvent
  | StatsEvent
  | TlsEvent;

/** The names of the event types. */
export type EventType = EveEvent['event_type'];

/** The names of the event types, sorted. */
export const EVENT_TYPES: readonly EventType[] = ['alert', 'anomaly', 'arp', 'dcerpc', 'dns', 'engine', 'fileinfo', 'flow', 'frame', 'ftp', 'ftp_data', 'http', 'incident', 'llmnr', 'mdns', 'metadata', 'msrpc', 'netflow', 'packet', 'smb', 'smtp', 'ssh', 'stats', 'tls'];

