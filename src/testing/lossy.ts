import { random } from './bytes.js';

/** What a capture may have lost without an octet changed. */
export const LOSSES = ['drop', 'duplicate', 'reorder', 'start'] as const;

export type Loss = (typeof LOSSES)[number];

/** Blocks of a pcapng file that hold a packet. */
const SIMPLE = 3;
const ENHANCED = 6;
const SECTION = 0x0a0d0d0a;
/** One frame of so many is dropped, doubled, or changes places with the next. */
const EVERY = 30;

/**
 * A capture file (pcap or pcapng, little-endian) as a poor tap would have written it: frames dropped, doubled, swapped, or the
 * beginning missing. The same for the same seed; no octet of a frame is changed.
 */
export function lossy(file: Uint8Array, loss: Loss, seed: number): Buffer {
  const { head, frames } = split(Buffer.from(file));
  const uniform = random(seed);
  const hit = () => uniform() * EVERY < 1;
  switch (loss) {
    case 'drop':
      return Buffer.concat([head, ...frames.filter(() => !hit())]);
    case 'duplicate':
      return Buffer.concat([head, ...frames.flatMap((frame) => (hit() ? [frame, frame] : [frame]))]);
    case 'reorder':
      for (let at = 1; at < frames.length; at += 1)
        if (hit()) [frames[at - 1], frames[at]] = [frames[at] as Buffer, frames[at - 1] as Buffer];
      return Buffer.concat([head, ...frames]);
    case 'start':
      return Buffer.concat([head, ...frames.slice(Math.floor(uniform() * frames.length))]);
  }
}

/** What describes the capture, and its frames with their headers. */
function split(file: Buffer): { head: Buffer; frames: Buffer[] } {
  const { head, frames } = records(file);
  return { head, frames: frames.map(({ record }) => record) };
}

/** A frame as the file has it, and the packet in it. */
export interface CaptureRecord {
  readonly record: Buffer;
  readonly packet: Buffer;
}

/** What describes the capture, and its frames. Of a pcapng file, all that is no packet goes in front. */
export function records(file: Buffer): { head: Buffer; frames: CaptureRecord[] } {
  const frames: CaptureRecord[] = [];
  if (file.length < 24 || file.readUInt32LE(0) !== SECTION) {
    for (let at = 24; at + 16 <= file.length; ) {
      const end = at + 16 + file.readUInt32LE(at + 8);
      frames.push({ record: file.subarray(at, end), packet: file.subarray(at + 16, end) });
      at = end;
    }
    return { head: file.subarray(0, 24), frames };
  }
  const head: Buffer[] = [];
  for (let at = 0; at + 12 <= file.length; ) {
    const end = at + Math.max(12, file.readUInt32LE(at + 4));
    const record = file.subarray(at, end);
    const kind = file.readUInt32LE(at);
    if (kind === ENHANCED && record.length >= 28)
      frames.push({ record, packet: record.subarray(28, 28 + record.readUInt32LE(20)) });
    else if (kind === SIMPLE) frames.push({ record, packet: record.subarray(12, -4) });
    else head.push(record);
    at = end;
  }
  return { head: Buffer.concat(head), frames };
}
