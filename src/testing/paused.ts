import { records } from './lossy.js';
import { negotiations, tcpSegment } from './unbound.js';

/** Blocks of a pcapng file that matter for its times. */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
/** The option of an interface that tells the unit of its times (if_tsresol); without it, microseconds. */
const RESOLUTION = 9;
/** Answers to bind and alter_context. [C706] 12.6.4. */
const ACCEPTED = [12, 15];
/** Pauses of one capture, so that none of its connections is silent for much longer than one. */
const MOST_PAUSES = 8;

/**
 * A capture file (pcap or pcapng, little-endian) whose connections fall silent between bind and call: so many seconds pass before a
 * client goes on whose bind was answered, whatever carries it; of many binds, the first few. No octet of a packet is changed.
 */
export function paused(file: Uint8Array, seconds: number): Buffer {
  const { head, frames } = records(Buffer.from(file));
  const second = resolutions(head);
  let pauses = 0;
  const bound = new Set<string>();
  const later = frames.map(({ record, packet }) => {
    const segment = tcpSegment(packet);
    const goesOn = segment !== undefined && segment.payload.length > 0 && bound.delete(segment.from + segment.to);
    if (goesOn && pauses < MOST_PAUSES) pauses += 1;
    if (segment !== undefined && negotiations(segment.payload).some((type) => ACCEPTED.includes(type)))
      bound.add(segment.to + segment.from);
    return second === undefined ? movedClassic(record, pauses * seconds) : moved64(record, pauses * seconds, second);
  });
  return Buffer.concat([head, ...later]);
}

/** A record of a pcap file, later. */
function movedClassic(record: Buffer, seconds: number): Buffer {
  const moved = Buffer.from(record);
  moved.writeUInt32LE(record.readUInt32LE(0) + seconds, 0);
  return moved;
}

/** A packet block of a pcapng file, later. `second`: units of a second, by interface. */
function moved64(record: Buffer, seconds: number, second: readonly bigint[]): Buffer {
  const moved = Buffer.from(record);
  const time = (BigInt(record.readUInt32LE(12)) << 32n) | BigInt(record.readUInt32LE(16));
  const then = time + BigInt(seconds) * (second[record.readUInt32LE(8)] ?? 1_000_000n);
  moved.writeUInt32LE(Number(then >> 32n), 12);
  moved.writeUInt32LE(Number(then & 0xffff_ffffn), 16);
  return moved;
}

/** How many units each interface of a pcapng file counts in a second; `undefined` for a pcap file. */
function resolutions(head: Buffer): bigint[] | undefined {
  if (head.length < 12 || head.readUInt32LE(0) !== SECTION) return undefined;
  const found: bigint[] = [];
  for (let at = 0; at + 12 <= head.length; at += Math.max(12, head.readUInt32LE(at + 4))) {
    if (head.readUInt32LE(at) === INTERFACE)
      found.push(resolution(head.subarray(at + 16, at + head.readUInt32LE(at + 4) - 4)));
  }
  return found;
}

/** Units of a second by an interface's options. */
function resolution(options: Buffer): bigint {
  for (let at = 0; at + 4 <= options.length; ) {
    const [code, length] = [options.readUInt16LE(at), options.readUInt16LE(at + 2)];
    if (code === RESOLUTION && at + 4 < options.length) {
      const value = options.readUInt8(at + 4);
      return value & 0x80 ? 2n ** BigInt(value & 0x7f) : 10n ** BigInt(value);
    }
    if (code === 0) break;
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return 1_000_000n;
}
