import { isIPv6 } from 'node:net';

/** One end of a conversation. */
export interface Endpoint {
  /** IPv4 or IPv6, text form. */
  readonly address: string;
  readonly port: number;
}

/** What a frame is for its conversation; damage picks frames by it. */
export type Role = 'handshake' | 'data' | 'acknowledgement' | 'close';

/** A frame on the wire. */
export interface Frame {
  /** Microseconds since 1970. */
  readonly time: number;
  /** Ethernet frame, without its check sequence. */
  readonly data: Buffer;
  readonly role: Role;
  readonly direction: 'toServer' | 'toClient';
}

/** TCP flags. */
export const FLAGS = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** A TCP segment's header fields. */
export interface Segment {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window?: number;
  readonly options?: Buffer;
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`, or the two apart. */
export function endpoint(value: string | Endpoint, usualPort: number): Endpoint {
  if (typeof value !== 'string') return value;
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(value);
  if (match) return { address: match[1] ?? match[2] ?? '', port: match[3] ? Number(match[3]) : usualPort };
  return { address: value, port: usualPort };
}

/** An Ethernet frame with a TCP segment; checksums are right. */
export function tcpFrame(from: Endpoint, to: Endpoint, segment: Segment, payload: Buffer): Buffer {
  const options = segment.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from.port, 0);
  header.writeUInt16BE(to.port, 2);
  header.writeUInt32BE(segment.sequence >>> 0, 4);
  header.writeUInt32BE(segment.acknowledgement >>> 0, 8);
  header.writeUInt8(((header.length + options.length) / 4) << 4, 12);
  header.writeUInt8(segment.flags, 13);
  header.writeUInt16BE(segment.window ?? 65_535, 14);
  const packet = Buffer.concat([header, options, payload]);
  packet.writeUInt16BE(transportChecksum(from.address, to.address, 6, packet), 16);
  return ethernet(from.address, to.address, 6, packet);
}

/** An Ethernet frame with a UDP datagram; checksums are right. */
export function udpFrame(from: Endpoint, to: Endpoint, payload: Buffer): Buffer {
  const packet = Buffer.concat([Buffer.alloc(8), payload]);
  packet.writeUInt16BE(from.port, 0);
  packet.writeUInt16BE(to.port, 2);
  packet.writeUInt16BE(packet.length, 4);
  // A checksum of 0 would mean that there is none.
  packet.writeUInt16BE(transportChecksum(from.address, to.address, 17, packet) || 0xffff, 6);
  return ethernet(from.address, to.address, 17, packet);
}

function ethernet(from: string, to: string, protocol: number, payload: Buffer): Buffer {
  const v6 = isIPv6(from);
  if (v6 !== isIPv6(to)) throw new RangeError(`${from} and ${to} are of different IP versions`);
  const header = Buffer.alloc(14);
  header.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], 0);
  header.writeUInt16BE(v6 ? 0x86dd : 0x0800, 12);
  return Buffer.concat([
    header,
    v6 ? ipv6(from, to, protocol, payload.length) : ipv4(from, to, protocol, payload.length),
    payload,
  ]);
}

function ipv4(from: string, to: string, protocol: number, length: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + length, 2);
  header.writeUInt16BE(0x4000, 6); // don't fragment
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set(addressOctets(from), 12);
  header.set(addressOctets(to), 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

function ipv6(from: string, to: string, protocol: number, length: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(length, 4);
  header.writeUInt8(protocol, 6);
  header.writeUInt8(64, 7);
  header.set(addressOctets(from), 8);
  header.set(addressOctets(to), 24);
  return header;
}

/** The octets of an address. */
export function addressOctets(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(Math.max(8 - before.length - after.length, 0)).fill(0), ...after];
  const octets = Buffer.alloc(16);
  for (const [index, group] of all.slice(0, 8).entries()) octets.writeUInt16BE(group, index * 2);
  return octets;
}

function transportChecksum(from: string, to: string, protocol: number, packet: Buffer): number {
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(packet.length, 0);
  pseudo.writeUInt32BE(protocol, 4);
  return checksum(Buffer.concat([addressOctets(from), addressOctets(to), pseudo, packet]));
}

/** The Internet checksum, RFC 1071. */
function checksum(data: Buffer): number {
  let sum = 0;
  for (let index = 0; index < data.length; index += 2) {
    sum += ((data[index] ?? 0) << 8) | (data[index + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return ~sum & 0xffff;
}
