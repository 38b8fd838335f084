// Packets of a conversation taken apart, changed and put together again.
import type { Frame } from '../../../src/testing/index.js';

/** A TCP segment over IPv4 in an Ethernet frame, as the conversations of `sidewire/testing` write them. */
export interface Packet {
  readonly frame: Frame;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly payload: Buffer;
}

const [ETHERNET, IPV4, TCP] = [14, 20, 20];

export function packet(frame: Frame): Packet {
  const at = ETHERNET + IPV4;
  return {
    frame,
    sequence: frame.data.readUInt32BE(at + 4),
    acknowledgement: frame.data.readUInt32BE(at + 8),
    flags: frame.data.readUInt8(at + 13),
    payload: frame.data.subarray(at + TCP),
  };
}

/** What may differ from the frame that a segment is made after. */
export interface Change {
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly flags?: number;
  readonly urgent?: number;
  readonly window?: number;
  readonly payload?: Buffer;
  readonly tcpOptions?: Buffer;
  readonly ipOptions?: Buffer;
  readonly ttl?: number;
  /** It travels the other way. */
  readonly back?: boolean;
  /** Microseconds before or after the frame. */
  readonly later?: number;
}

/** A segment made after a frame. Checksums are not kept right: who replays is to ignore them. */
export function segment(frame: Frame, change: Change): Frame {
  const whole = packet(frame);
  const { payload = whole.payload, tcpOptions = Buffer.alloc(0), ipOptions = Buffer.alloc(0), back = false } = change;
  const ethernet = Buffer.from(frame.data.subarray(0, ETHERNET));
  const ip = Buffer.from(frame.data.subarray(ETHERNET, ETHERNET + IPV4));
  const tcp = Buffer.from(frame.data.subarray(ETHERNET + IPV4, ETHERNET + IPV4 + TCP));
  if (back) {
    const [source, destination] = [Buffer.from(ip.subarray(12, 16)), Buffer.from(ip.subarray(16, 20))];
    ip.set(destination, 12);
    ip.set(source, 16);
    const [from, to] = [tcp.readUInt16BE(0), tcp.readUInt16BE(2)];
    tcp.writeUInt16BE(to, 0);
    tcp.writeUInt16BE(from, 2);
  }
  tcp.writeUInt32BE((change.sequence ?? whole.sequence) >>> 0, 4);
  tcp.writeUInt32BE((change.acknowledgement ?? whole.acknowledgement) >>> 0, 8);
  tcp.writeUInt8(((TCP + tcpOptions.length) / 4) << 4, 12);
  tcp.writeUInt8(change.flags ?? whole.flags, 13);
  if (change.window !== undefined) tcp.writeUInt16BE(change.window, 14);
  tcp.writeUInt16BE(change.urgent ?? 0, 18);
  ip.writeUInt8(0x40 | ((IPV4 + ipOptions.length) / 4), 0);
  ip.writeUInt16BE(IPV4 + ipOptions.length + TCP + tcpOptions.length + payload.length, 2);
  if (change.ttl !== undefined) ip.writeUInt8(change.ttl, 8);
  return {
    ...frame,
    time: frame.time + (change.later ?? 0),
    direction: back ? (frame.direction === 'toServer' ? 'toClient' : 'toServer') : frame.direction,
    data: Buffer.concat([ethernet, ip, ipOptions, tcp, tcpOptions, payload]),
  };
}

/** The IPv4 packet of a frame in fragments of so many octets, which is a multiple of 8. */
export function fragments(frame: Frame, size: number, identification: number): Frame[] {
  const [head, body] = [frame.data.subarray(0, ETHERNET + IPV4), frame.data.subarray(ETHERNET + IPV4)];
  const parts: Frame[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    const ip = Buffer.from(head);
    ip.writeUInt16BE(IPV4 + part.length, ETHERNET + 2);
    ip.writeUInt16BE(identification, ETHERNET + 4);
    ip.writeUInt16BE((at + size < body.length ? 0x2000 : 0) | (at / 8), ETHERNET + 6);
    parts.push({ ...frame, time: frame.time + parts.length, data: Buffer.concat([ip, part]) });
  }
  return parts;
}

/** The IP packet of a frame behind another header: `type` is the Ethernet type in front of it. */
export function wrapped(frame: Frame, type: number, header: Buffer): Frame {
  const data = Buffer.concat([frame.data.subarray(0, 12), Buffer.alloc(2), header, frame.data.subarray(ETHERNET)]);
  data.writeUInt16BE(type, 12);
  return { ...frame, data };
}

/** The IP packet of a frame in an IPv4 packet between two other hosts. */
export function tunnelled(frame: Frame, protocol: number, header: Buffer): Frame {
  const inner = frame.data.subarray(ETHERNET);
  const ip = Buffer.alloc(IPV4);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(IPV4 + header.length + inner.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(protocol, 9);
  ip.set([192, 0, 2, 1, 192, 0, 2, 2], 12);
  return { ...frame, data: Buffer.concat([frame.data.subarray(0, ETHERNET), ip, header, inner]) };
}
