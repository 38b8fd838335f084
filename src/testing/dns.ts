import { type Bytes, octets } from './bytes.js';
import { addressOctets, type Endpoint, type Frame } from './frame.js';
import type { Conversation } from './pcap.js';
import { TcpConversation, type TcpOptions } from './tcp.js';
import { UdpConversation } from './udp.js';

/** Types of records by name. Others are written as their number. */
const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SSHFP: 44,
  HTTPS: 65,
} as const;

/** A type of records: its name, or its number. */
export type DnsType = keyof typeof TYPES | number;

/** Where a zone begins. */
export interface DnsZone {
  readonly primary: string;
  readonly mailbox: string;
  readonly serial?: number;
}

/** Where a service is. */
export interface DnsService {
  readonly priority?: number;
  readonly weight?: number;
  readonly port: number;
  readonly target: string;
}

/** A resource record. */
export interface DnsResource {
  /** With dots; empty: the root. The name that is asked for by default. */
  readonly name?: string;
  readonly type: DnsType;
  /** 1 (Internet) by default. */
  readonly class?: number;
  /** Seconds; 60 by default. */
  readonly ttl?: number;
  /**
   * An address for `A` and `AAAA`, a name for `CNAME`, `NS`, `PTR` and `MX`, strings for `TXT`; for other types, and for what is
   * to be wrong, octets.
   */
  readonly data: string | readonly string[] | DnsZone | DnsService | Uint8Array;
}

/** A message. */
export interface DnsMessage {
  /** 1 by default. */
  readonly id?: number;
  /** All bits between identifier and counts; by default recursion desired, and in responses available. */
  readonly flags?: number;
  readonly questions?: readonly { readonly name: string; readonly type?: DnsType }[];
  readonly answers?: readonly DnsResource[];
  readonly authorities?: readonly DnsResource[];
  readonly additionals?: readonly DnsResource[];
  /** Counts of the four sections, where they are to be wrong. */
  readonly counts?: readonly number[];
}

/** How a DNS conversation is built. */
export interface DnsOptions extends TcpOptions {
  /** `udp` by default. */
  readonly over?: 'udp' | 'tcp';
}

/** Bits of the header of responses: response, recursion desired and available. */
const RESPONSE = 0x8180;
const REQUEST = 0x0100;

/** A DNS conversation: requests and responses over datagrams, or over a stream with their length in front. */
export class DnsConversation implements Conversation {
  readonly #flow: UdpConversation | TcpConversation;
  readonly #framed: boolean;
  #asked: DnsMessage['questions'] = [];

  constructor({ over = 'udp', ...options }: DnsOptions = {}, usualPort = 53) {
    this.#framed = over === 'tcp';
    this.#flow = this.#framed
      ? new TcpConversation(options, usualPort)
      : new UdpConversation({ server: `10.0.0.2:${usualPort}`, ...options });
  }

  /** The client asks for a name. */
  query(name: string, type: DnsType = 'A'): this {
    return this.request({ questions: [{ name, type }] });
  }

  /** The client sends a message. */
  request(message: DnsMessage): this {
    this.#asked = message.questions ?? [];
    return this.toServer(dnsBytes({ flags: REQUEST, ...message }));
  }

  /** The server answers what was asked last. */
  answer(...answers: readonly DnsResource[]): this {
    return this.response({ answers });
  }

  /** The server sends a message; it repeats what was asked last unless it says otherwise. */
  response(message: DnsMessage): this {
    return this.toClient(dnsBytes({ flags: RESPONSE, questions: this.#asked ?? [], ...message }));
  }

  /** The client sends octets as a message. */
  toServer(message: Bytes): this {
    this.#flow.toServer(this.#frame(message));
    return this;
  }

  /** The server sends octets as a message. */
  toClient(message: Bytes): this {
    this.#flow.toClient(this.#frame(message));
    return this;
  }

  frames(): Frame[] {
    return this.#flow.frames();
  }

  #frame(message: Bytes): Buffer {
    const data = octets(message);
    return this.#framed ? Buffer.concat([u16(data.length), data]) : data;
  }
}

/** Begins a DNS conversation, with port 53 unless `server` says otherwise. */
export function dns(options: DnsOptions = {}): DnsConversation {
  return new DnsConversation(options);
}

/** Begins what a host says by multicast DNS. */
export function mdns(options: { readonly client?: string | Endpoint } = {}): DnsConversation {
  return new DnsConversation({ client: '10.0.0.1:5353', server: '224.0.0.251:5353', ...options }, 5353);
}

/** Begins what a host asks all on its link (LLMNR). An answer is a conversation of its own, from the port that was asked. */
export function llmnr(options: DnsOptions = {}): DnsConversation {
  return new DnsConversation({ client: '10.0.0.1:50000', server: '224.0.0.252:5355', ...options }, 5355);
}

/** A message as octets. A name that stands in it already is a pointer. */
export function dnsBytes(message: DnsMessage): Buffer {
  const { id = 1, flags = REQUEST, questions = [], answers = [], authorities = [], additionals = [] } = message;
  const sections = [questions, answers, authorities, additionals];
  const counts = message.counts ?? sections.map(({ length }) => length);
  const writer = new MessageWriter(Buffer.concat([u16(id), u16(flags), ...counts.map(u16)]));
  for (const { name, type = 'A' } of questions) writer.name(name).put(u16(typeNumber(type)), u16(1));
  const asked = questions[0]?.name ?? '';
  for (const record of [...answers, ...authorities, ...additionals]) writer.record(record, asked);
  return writer.octets;
}

const u16 = (value: number): Buffer => Buffer.from([(value >>> 8) & 0xff, value & 0xff]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value)]);
const typeNumber = (type: DnsType): number => (typeof type === 'number' ? type : TYPES[type]);

class MessageWriter {
  octets: Buffer;
  readonly #places = new Map<string, number>();

  constructor(header: Buffer) {
    this.octets = header;
  }

  put(...parts: readonly Uint8Array[]): this {
    this.octets = Buffer.concat([this.octets, ...parts]);
    return this;
  }

  name(name: string): this {
    const known = this.#places.get(name);
    if (known !== undefined) return this.put(u16(0xc000 | known));
    if (name !== '' && this.octets.length < 0x4000) this.#places.set(name, this.octets.length);
    return this.put(labels(name));
  }

  record({ name, type, class: rrclass = 1, ttl = 60, data }: DnsResource, asked: string): void {
    const content = dataBytes(typeNumber(type), data);
    this.name(name ?? asked).put(u16(typeNumber(type)), u16(rrclass), u32(ttl), u16(content.length), content);
  }
}

/** A name without pointers. */
function labels(name: string): Buffer {
  const parts = name === '' ? [] : name.split('.').map((label) => Buffer.from(label, 'utf8'));
  return Buffer.concat([...parts.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

function dataBytes(type: number, data: DnsResource['data']): Buffer {
  if (data instanceof Uint8Array) return Buffer.from(data);
  if (typeof data === 'string') {
    if (type === TYPES.A || type === TYPES.AAAA) return addressOctets(data);
    return Buffer.concat([type === TYPES.MX ? u16(10) : Buffer.alloc(0), labels(data)]);
  }
  if ('primary' in data)
    return Buffer.concat([labels(data.primary), labels(data.mailbox), ...[data.serial ?? 1, 2, 3, 4, 5].map(u32)]);
  if ('target' in data)
    return Buffer.concat([u16(data.priority ?? 0), u16(data.weight ?? 0), u16(data.port), labels(data.target)]);
  return Buffer.concat(data.map((text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])));
}
