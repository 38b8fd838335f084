/** What every EVE event says. */
export interface EventBase {
  /** Packet time, ISO 8601 with microseconds. */
  readonly timestamp: string;
  readonly flow_id?: number;
  /** Ordinal of the packet in the capture, from 1. */
  readonly pcap_cnt?: number;
  readonly pcap_filename?: string;
  readonly src_ip?: string;
  readonly src_port?: number;
  readonly dest_ip?: string;
  readonly dest_port?: number;
  readonly proto?: string;
  readonly app_proto?: string;
  readonly vlan?: readonly number[];
  readonly tx_id?: number;
  readonly community_id?: string;
  readonly pkt_src?: string;
  readonly host?: string;
  /** 4 or 6. */
  readonly ip_v?: 4 | 6;
  /** Bits and variables that rules set on the flow. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A rule matched. */
export interface AlertEvent extends EventBase {
  readonly event_type: 'alert';
  readonly alert: {
    readonly action: 'allowed' | 'blocked';
    readonly gid: number;
    readonly signature_id: number;
    readonly rev: number;
    readonly signature: string;
    readonly category: string;
    readonly severity: number;
    readonly metadata?: Readonly<Record<string, readonly string[]>>;
    readonly references?: readonly string[];
    readonly rule?: string;
  };
  /** The rule looks at no transaction: the one that is told is the only one that was open (`detect.guess-applayer-tx`). */
  readonly tx_guessed?: true;
  /** Base64. */
  readonly payload?: string;
  readonly payload_printable?: string;
  /** Base64. */
  readonly packet?: string;
  readonly flow?: Readonly<Record<string, unknown>>;
  readonly http?: HttpRecord;
  readonly dcerpc?: Readonly<Record<string, unknown>>;
  readonly msrpc?: MsrpcRecord;
  /** The frame the rule matched in. */
  readonly frame?: FrameRecord;
}

/** A part of one direction of a stream, as it was sent. Written when it is asked for. */
export interface FrameEvent extends EventBase {
  readonly event_type: 'frame';
  readonly frame: FrameRecord;
}

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

/** Something about the traffic is odd: a decoder, stream or application-layer event. */
export interface AnomalyEvent extends EventBase {
  readonly event_type: 'anomaly';
  readonly anomaly: {
    readonly type: 'decode' | 'stream' | 'applayer';
    readonly event: string;
    readonly layer?: string;
    readonly app_proto?: string;
    readonly code?: number;
  };
}

/** A flow has ended. */
export interface FlowEvent extends EventBase {
  readonly event_type: 'flow';
  readonly flow: {
    readonly pkts_toserver: number;
    readonly pkts_toclient: number;
    readonly bytes_toserver: number;
    readonly bytes_toclient: number;
    readonly start: string;
    readonly end: string;
    /** Seconds. */
    readonly age: number;
    readonly state: string;
    readonly reason: string;
    readonly alerted: boolean;
  };
  readonly tcp?: Readonly<Record<string, unknown>>;
}

/** An HTTP transaction. */
export interface HttpEvent extends EventBase {
  readonly event_type: 'http';
  readonly http: HttpRecord;
}

/** A file that a transaction carried. */
export interface FileinfoEvent extends EventBase {
  readonly event_type: 'fileinfo';
  readonly fileinfo: {
    readonly filename: string;
    readonly gaps: boolean;
    readonly state: 'CLOSED' | 'TRUNCATED';
    readonly stored: boolean;
    /** Octets. */
    readonly size: number;
    readonly tx_id: number;
  };
  readonly http?: HttpRecord;
}

export interface HttpRecord {
  readonly hostname?: string;
  readonly http_port?: number;
  readonly url?: string;
  readonly http_user_agent?: string;
  readonly http_content_type?: string;
  readonly http_refer?: string;
  readonly http_method?: string;
  readonly protocol?: string;
  readonly status?: number;
  readonly redirect?: string;
  /** Octets of the response body. */
  readonly length?: number;
  readonly [more: string]: unknown;
}

/** A DCERPC transaction in Suricata's shape. */
export interface DcerpcEvent extends EventBase {
  readonly event_type: 'dcerpc';
  readonly dcerpc: Readonly<Record<string, unknown>>;
}

/** A remote procedure call, whatever carries it. Absent means unknown; nothing is guessed without `inferred`. */
export interface MsrpcEvent extends EventBase {
  readonly event_type: 'msrpc';
  readonly msrpc: MsrpcRecord;
}

export interface MsrpcRecord {
  readonly transport: 'tcp' | 'udp' | 'smb' | 'http';
  readonly pipe?: string;
  readonly call_id?: number;
  readonly context_id?: number;
  readonly opnum?: number;
  readonly interface?: { readonly uuid: string; readonly version?: string; readonly name?: string };
  readonly procedure?: string;
  /** IPID, lower case. */
  readonly object?: string;
  readonly known?: 'bound' | 'inferred';
  readonly auth?: {
    readonly provider?: string;
    readonly level?: string;
    readonly user?: string;
    readonly domain?: string;
    readonly workstation?: string;
    readonly anonymous?: boolean;
    /** Kerberos: the service of the ticket and its realm. */
    readonly service?: string;
    readonly realm?: string;
    /** The names are those of the SMB session that carries the call. */
    readonly session?: boolean;
  };
  /** Which implementation calls, where its way of binding shows it. */
  readonly client_implementation?: 'windows' | 'dotnet' | 'impacket' | 'invoke-thehash';
  readonly stub?: 'clear' | 'signed' | 'sealed';
  /** Sealed, and opened with the secrets that were given. */
  readonly opened?: true;
  readonly request?: { readonly size: number; readonly fragments: number; readonly incomplete?: boolean };
  readonly response?: {
    readonly size?: number;
    readonly fragments?: number;
    readonly incomplete?: boolean;
    readonly result?: string;
    readonly result_name?: string;
    readonly fault?: { readonly status: string; readonly name?: string };
  };
  /** Arguments and results by name, as far as the stub can be read. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly dcom?: DcomRecord;
  /** The client gave the call up. */
  readonly cancelled?: boolean;
  /** When the first octets of the call were seen; the event's `timestamp` is when it was over. */
  readonly started?: string;
  readonly says?: string;
}

/** The DCOM object that was called, as far as it is known. */
export interface DcomRecord {
  readonly class?: { readonly clsid: string; readonly name?: string };
  /** The object exporter, 16 hexadecimal digits. */
  readonly oxid?: string;
  /** IDispatch: the method that Invoke called, and its number. */
  readonly method?: string;
  readonly dispid?: number;
  /** What the calls of one chain share, whatever object and connection they are made on. */
  readonly causality?: string;
  /** Low 16 bits of the server's process id, out of the IPID. */
  readonly server_pid?: number;
  /** WMI: the namespace of the login the object came of. */
  readonly namespace?: string;
  /** The calling process, as it called itself at WMI login. It may lie. */
  readonly client?: {
    readonly host?: string;
    readonly fqdn?: string;
    readonly pid?: number;
    readonly start_time?: string;
  };
}

/** An SMB transaction in Suricata's shape. */
export interface SmbEvent extends EventBase {
  readonly event_type: 'smb';
  readonly smb: Readonly<Record<string, unknown>>;
}

/** An ARP packet. */
export interface ArpEvent extends EventBase {
  readonly event_type: 'arp';
  readonly arp: Readonly<Record<string, unknown>>;
}

/** Counters at the end of a run. */
export interface StatsEvent extends EventBase {
  readonly event_type: 'stats';
  readonly stats: Readonly<Record<string, unknown>>;
}

/** An EVE event, told apart by `event_type`. */
export type EveEvent =
  | AlertEvent
  | AnomalyEvent
  | ArpEvent
  | DcerpcEvent
  | FileinfoEvent
  | FlowEvent
  | FrameEvent
  | HttpEvent
  | MsrpcEvent
  | SmbEvent
  | StatsEvent;

/** The names of the event types. */
export type EventType = EveEvent['event_type'];

/** The event of one type. */
export type EventOf<T extends EventType> = Extract<EveEvent, { event_type: T }>;

/** The events in a batch of EVE lines. */
export function parseLines(batch: Buffer): EveEvent[] {
  return batch
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EveEvent);
}
