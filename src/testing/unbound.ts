import { records } from './lossy.js';

/** What of the beginnings of connections a capture has lost. */
export const BEGINNINGS = ['binds', 'binds-and-handshakes'] as const;

export type Beginning = (typeof BEGINNINGS)[number];

/**
 * A capture file (pcap or pcapng, little-endian) of a sensor that came late: without the frames in which interfaces of DCERPC are
 * negotiated (bind, alter_context, and their answers), whatever carries them, and without those that open TCP connections where
 * these are to be missing, too.
 */
export function unbound(file: Uint8Array, beginning: Beginning): Buffer {
  const { head, frames } = records(Buffer.from(file));
  const kept = frames.filter(({ packet }) => {
    const segment = tcpSegment(packet);
    if (segment === undefined) return true;
    const opens = beginning === 'binds-and-handshakes' && segment.opens;
    return !opens && !negotiates(segment.payload);
  });
  return Buffer.concat([head, ...kept.map(({ record }) => record)]);
}

/** Where an IP header may begin: behind Ethernet, with a tag, behind Linux cooked, BSD loop, and nothing. */
const IP_OFFSETS = [14, 18, 16, 4, 0];
const TCP = 6;

/** A TCP segment: addresses and ports of both ends as the header has them, in hexadecimal. */
interface CapturedSegment {
  readonly from: string;
  readonly to: string;
  readonly opens: boolean;
  readonly payload: Buffer;
}

/** The TCP segment of a frame, if it is one. */
export function tcpSegment(packet: Buffer): CapturedSegment | undefined {
  for (const at of IP_OFFSETS) {
    if (at + 40 > packet.length) continue;
    const first = packet.readUInt8(at);
    let transport: number;
    let addresses: number;
    let end = packet.length;
    if (first >> 4 === 4 && packet.readUInt8(at + 9) === TCP) {
      transport = at + (first & 15) * 4;
      addresses = at + 12;
      const length = packet.readUInt16BE(at + 2);
      if (length >= 40) end = Math.min(end, at + length); // 0: segmentation offload
    } else if (first >> 4 === 6 && packet.readUInt8(at + 6) === TCP) {
      transport = at + 40;
      addresses = at + 8;
    } else continue;
    if (transport + 20 > packet.length) continue;
    const payload = packet.subarray(transport + (packet.readUInt8(transport + 12) >> 4) * 4, end);
    const size = first >> 4 === 4 ? 4 : 16;
    const side = (nth: 0 | 1) =>
      packet.toString('hex', addresses + nth * size, addresses + (nth + 1) * size) +
      packet.toString('hex', transport + nth * 2, transport + nth * 2 + 2);
    return { from: side(0), to: side(1), opens: (packet.readUInt8(transport + 13) & 2) !== 0, payload };
  }
  return undefined;
}

/** Bind, its answer, alter_context, its answer. [C706] 12.6.4. */
const NEGOTIATIONS = [11, 12, 14, 15];
/** The shortest of them. Octets. */
const SHORTEST = 24;

/** Is there the header of a negotiation anywhere in these octets? */
function negotiates(payload: Buffer): boolean {
  return negotiations(payload).some((type) => NEGOTIATIONS.includes(type));
}

/** The types of negotiations of DCERPC whose headers stand anywhere in these octets. */
export function negotiations(payload: Buffer): number[] {
  const found: number[] = [];
  for (let at = payload.indexOf(5); at >= 0 && at + 16 <= payload.length; at = payload.indexOf(5, at + 1)) {
    const version = payload.readUInt8(at + 1) <= 1;
    const little = payload.readUInt32LE(at + 4) === 0x10;
    if (
      version &&
      little &&
      NEGOTIATIONS.includes(payload.readUInt8(at + 2)) &&
      payload.readUInt16LE(at + 8) >= SHORTEST
    )
      found.push(payload.readUInt8(at + 2));
  }
  return found;
}
