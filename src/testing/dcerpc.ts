import { TcpConversation, type TcpOptions } from './tcp.js';

/** An interface: its UUID and version, `1.0`. */
export interface Interface {
  readonly uuid: string;
  readonly version?: string;
}

/** Transfer syntaxes: NDR, which everybody speaks, [C706] appendix I; NDR64, [MS-RPCE] 2.2.4.12. */
const TRANSFER = {
  ndr: { uuid: '8a885d04-1ceb-11c9-9fe8-08002b104860', version: '2.0' },
  ndr64: { uuid: '71710533-beba-4937-8319-b5dbef9ccc36', version: '1.0' },
} as const satisfies Record<string, Interface>;

/** How stubs of a context are written. */
export type TransferSyntax = keyof typeof TRANSFER;

/** Bind-time feature negotiation, several security contexts and kept connections. [MS-RPCE] 2.2.2.14. */
const FEATURES: Interface = { uuid: '6cb71c2c-9812-4540-0300-000000000000', version: '1.0' };

/** `PTYPE` of connection-oriented PDUs, [C706] 12.6.4. */
const PTYPE = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
} as const;

const FIRST = 1;
const LAST = 2;
const OBJECT = 0x80;

/** The security of a PDU, as its trailer says; the stub is not sealed for it. [MS-RPCE] 2.2.2.11. */
export interface Security {
  /** `ntlm` by default. */
  readonly provider?: 'spnego' | 'ntlm' | 'kerberos' | 'netlogon';
  /** `privacy`, which seals the stub, by default. */
  readonly level?: 'connect' | 'call' | 'packet' | 'integrity' | 'privacy';
  /** `auth_context_id`. */
  readonly context?: number;
  /** What the provider says: 16 octets of zeros, which mean nothing, by default. */
  readonly token?: Uint8Array;
}

const PROVIDERS = { spnego: 9, ntlm: 10, kerberos: 16, netlogon: 68 } as const;
const LEVELS = { connect: 2, call: 3, packet: 4, integrity: 5, privacy: 6 } as const;

/** Fields every PDU has. */
interface Common {
  readonly callId?: number;
  /** PFC flags instead of those that fit. */
  readonly flags?: number;
  /** A security trailer; none by default. */
  readonly security?: Security;
}

export interface Bind extends Common {
  /** Offered presentation contexts by their ids; their transfer syntax is NDR by default. */
  readonly contexts: readonly (Interface & { readonly id: number; readonly transfer?: TransferSyntax })[];
  /** `alter_context` instead of `bind`. */
  readonly alter?: boolean;
  /** Octets of the largest fragment; Windows' 5840 by default, 4280 for samba's and impacket's. */
  readonly maxFragment?: number;
  /** One more context negotiates features, as Windows does. [MS-RPCE] 3.3.1.5.3. */
  readonly features?: boolean;
}

export interface BindAck extends Common {
  /** How each context was answered, in the order of the offer: accepted (with NDR, or NDR64), or not. */
  readonly results: readonly ('accepted' | TransferSyntax | 'rejected')[];
  /** Secondary address: the port. */
  readonly port?: string;
  readonly alter?: boolean;
}

export interface Request extends Common {
  readonly contextId?: number;
  readonly opnum: number;
  /** Object UUID: the IPID of a DCOM call. */
  readonly object?: string;
  readonly stub?: Uint8Array;
  /** Octets of stub in a fragment; all in one by default. */
  readonly fragment?: number;
}

export interface Response extends Common {
  readonly contextId?: number;
  readonly stub?: Uint8Array;
  readonly fragment?: number;
}

/** A UUID as DCERPC carries it in little-endian: three fields turned, the rest as it is. */
export function uuidBytes(uuid: string): Buffer {
  const raw = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (raw.length !== 16) throw new RangeError(`"${uuid}" is no UUID`);
  raw.subarray(0, 4).reverse();
  raw.subarray(4, 6).reverse();
  raw.subarray(6, 8).reverse();
  return raw;
}

/** `bind`, or `alter_context`. */
export function bind({
  contexts,
  callId = 1,
  flags,
  alter = false,
  maxFragment = 5840,
  features = false,
  security,
}: Bind): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(maxFragment, 0);
  head.writeUInt16LE(maxFragment, 2);
  head.writeUInt8(contexts.length + Number(features), 8);
  const element = (id: number, abstract: Interface, transfer: Interface) => {
    const item = Buffer.alloc(4);
    item.writeUInt16LE(id, 0);
    item.writeUInt8(1, 2);
    return Buffer.concat([item, syntax(abstract), syntax(transfer)]);
  };
  const items = contexts.map(({ id, transfer = 'ndr', ...abstract }) => element(id, abstract, TRANSFER[transfer]));
  const [first] = contexts;
  if (features && first !== undefined) items.push(element(contexts.length, first, FEATURES));
  return pdu(alter ? PTYPE.alterContext : PTYPE.bind, callId, flags, Buffer.concat([head, ...items]), security);
}

/** `bind_ack`, or `alter_context_response`. */
export function bindAck({ results, callId = 1, flags, port = '', alter = false, security }: BindAck): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(5840, 0);
  head.writeUInt16LE(5840, 2);
  head.writeUInt32LE(0x1234, 4);
  const address = Buffer.from(port === '' ? '' : `${port}\0`, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(address.length);
  const padding = Buffer.alloc((4 - ((2 + address.length) % 4)) % 4);
  const count = Buffer.from([results.length, 0, 0, 0]);
  const items = results.map((result) => {
    const item = Buffer.alloc(4);
    if (result === 'rejected') {
      item.writeUInt16LE(2, 0);
      item.writeUInt16LE(1, 2);
      return Buffer.concat([item, Buffer.alloc(20)]);
    }
    return Buffer.concat([item, syntax(TRANSFER[result === 'accepted' ? 'ndr' : result])]);
  });
  const body = Buffer.concat([head, length, address, padding, count, ...items]);
  return pdu(alter ? PTYPE.alterContextResponse : PTYPE.bindAck, callId, flags, body, security);
}

/** `auth3`: the client's last word of an authentication of three legs. Nothing answers it. */
export function auth3({ callId = 1, flags, security = {} }: Common = {}): Buffer {
  return pdu(PTYPE.auth3, callId, flags, Buffer.alloc(4), security);
}

/** A request, in as many fragments as asked for. */
export function request({
  opnum,
  contextId = 0,
  callId = 1,
  object,
  stub = Buffer.alloc(0),
  fragment,
  flags,
  security,
}: Request): Buffer {
  return fragments(stub, fragment, (part, position, left) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(part.length + left, 0);
    head.writeUInt16LE(contextId, 4);
    head.writeUInt16LE(opnum, 6);
    const uuid = object === undefined ? Buffer.alloc(0) : uuidBytes(object);
    const own = position | (object === undefined ? 0 : OBJECT);
    return pdu(PTYPE.request, callId, flags ?? own, Buffer.concat([head, uuid, part]), security);
  });
}

/** A response, in as many fragments as asked for. */
export function response({
  contextId = 0,
  callId = 1,
  stub = Buffer.alloc(0),
  fragment,
  flags,
  security,
}: Response = {}): Buffer {
  return fragments(stub, fragment, (part, position, left) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(part.length + left, 0);
    head.writeUInt16LE(contextId, 4);
    return pdu(PTYPE.response, callId, flags ?? position, Buffer.concat([head, part]), security);
  });
}

/** A fault. */
export function fault({
  status,
  contextId = 0,
  callId = 1,
  flags,
}: Common & { readonly status: number; readonly contextId?: number }): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(contextId, 4);
  body.writeUInt32LE(status >>> 0, 8);
  return pdu(PTYPE.fault, callId, flags, body);
}

/** A call: what is sent, and what is answered. */
export interface Call extends Omit<Request, 'callId'> {
  /** The answer's stub; `null`: none comes. */
  readonly answer?: Uint8Array | null;
  /** Octets of the answer in a fragment. */
  readonly answerFragment?: number;
}

/** A DCERPC connection: one interface bound, and calls on it. */
export class DcerpcConversation extends TcpConversation {
  #callId = 1;

  /** `bind` and its answer. */
  bind(contexts: Bind['contexts'], how: Omit<Bind, 'contexts' | 'callId'> = {}): this {
    const callId = this.#callId++;
    this.toServer(bind({ ...how, contexts, callId }));
    const results = contexts.map(({ transfer = 'ndr' }) => transfer);
    return this.toClient(bindAck({ results: how.features ? [...results, 'rejected'] : results, callId }));
  }

  /** A request and its answer. */
  call({ answer = Buffer.alloc(4), answerFragment, ...fields }: Call): this {
    const callId = this.#callId++;
    this.toServer(request({ ...fields, callId }));
    if (answer !== null)
      this.toClient(
        response({
          callId,
          stub: answer,
          ...(fields.contextId === undefined ? {} : { contextId: fields.contextId }),
          ...(fields.security === undefined ? {} : { security: fields.security }),
          ...(answerFragment === undefined ? {} : { fragment: answerFragment }),
        }),
      );
    return this;
  }
}

/** Begins a DCERPC connection, on port 135 unless `server` says otherwise; binds the interface as context 0. */
export function dcerpc(bound: Interface | null, options: TcpOptions = {}): DcerpcConversation {
  const conversation = new DcerpcConversation(options, 135);
  return bound === null ? conversation : conversation.bind([{ ...bound, id: 0 }]);
}

function syntax({ uuid, version = '0.0' }: Interface): Buffer {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const numbers = Buffer.alloc(4);
  numbers.writeUInt16LE(major, 0);
  numbers.writeUInt16LE(minor, 2);
  return Buffer.concat([uuidBytes(uuid), numbers]);
}

function fragments(
  stub: Uint8Array,
  size: number | undefined,
  make: (part: Buffer, position: number, left: number) => Buffer,
): Buffer {
  const step = Math.max(1, size ?? stub.length);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < stub.length; at += step) {
    const part = Buffer.from(stub.subarray(at, at + step));
    const left = Math.max(stub.length - at - part.length, 0);
    parts.push(make(part, (at === 0 ? FIRST : 0) | (left === 0 ? LAST : 0), left));
  }
  return Buffer.concat(parts);
}

/** A connection-oriented PDU: the common header of 16 octets, [C706] 12.6.3.1, a body, and a security trailer. Little-endian. */
function pdu(ptype: number, callId: number, flags: number | undefined, body: Buffer, security?: Security): Buffer {
  const head = Buffer.alloc(16);
  head.set([5, 0, ptype, flags ?? FIRST | LAST, 0x10, 0, 0, 0], 0);
  const tail = security === undefined ? Buffer.alloc(0) : trailer(security, body.length);
  head.writeUInt16LE(head.length + body.length + tail.length, 8);
  head.writeUInt16LE(security === undefined ? 0 : tokenOf(security).length, 10);
  head.writeUInt32LE(callId, 12);
  return Buffer.concat([head, body, tail]);
}

/** Padding to 4 octets, `sec_trailer`, and the token. */
function trailer(security: Security, before: number): Buffer {
  const { provider = 'ntlm', level = 'privacy', context = 0 } = security;
  const padding = (4 - (before % 4)) % 4;
  const out = Buffer.alloc(padding + 8);
  out.set([PROVIDERS[provider], LEVELS[level], padding, 0], padding);
  out.writeUInt32LE(context, padding + 4);
  return Buffer.concat([out, tokenOf(security)]);
}

function tokenOf({ token = Buffer.alloc(16) }: Security): Uint8Array {
  return token;
}
