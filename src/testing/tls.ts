import { type Bytes, octets } from './bytes.js';
import { TcpConversation, type TcpOptions } from './tcp.js';

/** What a client offers. */
export interface ClientHello {
  /** Version in the hello itself: 0x0303 by default. */
  readonly version?: number;
  /** 32 octets; zeros by default. */
  readonly random?: Bytes;
  readonly session?: Bytes;
  /** Cipher suites; two of TLS 1.2 by default. */
  readonly ciphers?: readonly number[];
  /** Name of the server. */
  readonly serverName?: string;
  readonly alpn?: readonly string[];
  /** Versions of the `supported_versions` extension. */
  readonly versions?: readonly number[];
  readonly groups?: readonly number[];
  readonly pointFormats?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  /** Further extensions, behind those above: type and content. */
  readonly extensions?: readonly (readonly [number, Bytes])[];
}

/** What a server chooses. */
export interface ServerHello {
  readonly version?: number;
  readonly random?: Bytes;
  readonly session?: Bytes;
  readonly cipher?: number;
  readonly alpn?: string;
  /** Of the `supported_versions` extension: 0x0304 for TLS 1.3. */
  readonly chosen?: number;
  readonly extensions?: readonly (readonly [number, Bytes])[];
}

/** How a handshake goes on after the hellos. */
export interface Handshake {
  readonly client?: ClientHello;
  readonly server?: ServerHello;
  /** Certificates of the server in DER, its own first. */
  readonly certificates?: readonly Bytes[];
  /** Certificates of the client, for which the server asks. */
  readonly clientCertificates?: readonly Bytes[];
}

/** Content types of records. */
const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23, heartbeat: 24 } as const;

/** A TLS conversation. What is out of order can be sent with `record`, `toServer` and `toClient`. */
export class TlsConversation extends TcpConversation {
  /** The messages of a handshake as TLS 1.2 has them, up to the first encrypted ones. */
  handshake({ client = {}, server = {}, certificates = [], clientCertificates }: Handshake = {}): this {
    this.toServer(handshakeRecord(clientHello(client)));
    const flight = [serverHello(server)];
    if (certificates.length > 0) flight.push(certificateMessage(certificates));
    if (clientCertificates !== undefined) flight.push(message(13, Buffer.from([1, 1, 0, 2, 4, 1, 0, 0])));
    flight.push(message(14, Buffer.alloc(0)));
    this.toClient(Buffer.concat(flight.map((part) => handshakeRecord(part))));
    const answer = clientCertificates === undefined ? [] : [certificateMessage(clientCertificates)];
    answer.push(message(16, Buffer.from([2, 0, 0])));
    this.toServer(
      Buffer.concat([...answer.map((part) => handshakeRecord(part)), record(RECORD.changeCipherSpec, [1])]),
    );
    this.record('toServer', RECORD.handshake, Buffer.alloc(40, 0xe5));
    return this.toClient(
      Buffer.concat([record(RECORD.changeCipherSpec, [1]), handshakeRecord(Buffer.alloc(40, 0xe5))]),
    );
  }

  /** Octets that both sides keep to themselves. */
  applicationData(direction: 'toServer' | 'toClient', data: Bytes): this {
    return this.record(direction, RECORD.applicationData, data);
  }

  /** An alert: 1 warning, 2 fatal. */
  alert(direction: 'toServer' | 'toClient', level: number, description: number): this {
    return this.record(direction, RECORD.alert, Buffer.from([level, description]));
  }

  /** A record of any type. */
  record(direction: 'toServer' | 'toClient', type: number, fragment: Bytes, version?: number): this {
    const data = record(type, octets(fragment), version);
    return direction === 'toServer' ? this.toServer(data) : this.toClient(data);
  }
}

/** Begins a TLS conversation, on port 443 unless `server` says otherwise. */
export function tls(options: TcpOptions = {}): TlsConversation {
  return new TlsConversation(options, 443);
}

/** Records with the octets of handshake messages; of more than `size` octets, several. */
export function handshakeRecord(messages: Bytes, size = 16384): Buffer {
  const data = octets(messages);
  const parts = [];
  for (let at = 0; at < data.length; at += size)
    parts.push(record(RECORD.handshake, data.subarray(at, Math.min(at + size, data.length))));
  return Buffer.concat(parts);
}

/** A client's hello as a handshake message. RFC 8446 section 4.1.2. */
export function clientHello({
  version = 0x0303,
  random = Buffer.alloc(32),
  session = '',
  ciphers = [0xc02f, 0x009c],
  ...offer
}: ClientHello = {}): Buffer {
  const suites = numbers(ciphers);
  const fixed = [number(version, 2), octets(random), vector(1, session), vector(2, suites), Buffer.from([1, 0])];
  return message(1, Buffer.concat([...fixed, ...extensionList(clientExtensions(offer))]));
}

/** A server's hello as a handshake message. RFC 8446 section 4.1.3. */
export function serverHello({
  version = 0x0303,
  random = Buffer.alloc(32),
  session = '',
  cipher = 0xc02f,
  alpn,
  chosen,
  extensions = [],
}: ServerHello = {}): Buffer {
  const all: (readonly [number, Bytes])[] = [];
  if (alpn !== undefined) all.push([16, vector(2, vector(1, alpn))]);
  if (chosen !== undefined) all.push([43, number(chosen, 2)]);
  const fixed = [number(version, 2), octets(random), vector(1, session), number(cipher, 2), Buffer.from([0])];
  return message(2, Buffer.concat([...fixed, ...extensionList([...all, ...extensions])]));
}

/** Certificates as a handshake message. RFC 5246 section 7.4.2. */
export function certificateMessage(certificates: readonly Bytes[]): Buffer {
  return message(11, vector(3, Buffer.concat(certificates.map((certificate) => vector(3, certificate)))));
}

function clientExtensions(offer: Omit<ClientHello, 'version' | 'random' | 'session' | 'ciphers'>) {
  const { serverName, groups, pointFormats, signatureAlgorithms, alpn, versions, extensions = [] } = offer;
  const all: (readonly [number, Bytes])[] = [];
  if (serverName !== undefined) all.push([0, vector(2, Buffer.concat([Buffer.from([0]), vector(2, serverName)]))]);
  if (groups !== undefined) all.push([10, vector(2, numbers(groups))]);
  if (pointFormats !== undefined) all.push([11, vector(1, Buffer.from(pointFormats))]);
  if (signatureAlgorithms !== undefined) all.push([13, vector(2, numbers(signatureAlgorithms))]);
  if (alpn !== undefined) all.push([16, vector(2, Buffer.concat(alpn.map((name) => vector(1, name))))]);
  if (versions !== undefined) all.push([43, vector(1, numbers(versions))]);
  return [...all, ...extensions];
}

function extensionList(extensions: readonly (readonly [number, Bytes])[]): Buffer[] {
  if (extensions.length === 0) return [];
  const parts = extensions.map(([type, content]) => Buffer.concat([number(type, 2), vector(2, content)]));
  return [vector(2, Buffer.concat(parts))];
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), vector(3, body)]);
}

function record(type: number, fragment: Uint8Array | readonly number[], version = 0x0303): Buffer {
  const data = Buffer.from(fragment);
  return Buffer.concat([Buffer.from([type]), number(version, 2), number(data.length, 2), data]);
}

/** Content behind its length of so many octets. */
function vector(size: number, content: Bytes): Buffer {
  const data = octets(content);
  return Buffer.concat([number(data.length, size), data]);
}

function number(value: number, size: number): Buffer {
  const data = Buffer.alloc(size);
  data.writeUIntBE(value, 0, size);
  return data;
}

function numbers(values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => number(value, 2)));
}
