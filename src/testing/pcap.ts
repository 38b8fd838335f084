import type { Frame } from './frame.js';

/** What can be replayed: something that says its frames. */
export interface Conversation {
  frames(): readonly Frame[];
}

/** A pcap file (microseconds, Ethernet) of conversations or frames, in the order of their times. */
export function capture(...parts: readonly (Conversation | readonly Frame[])[]): Buffer {
  const frames = parts.flatMap((part) => ('frames' in part ? part.frames() : part));
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20); // LINKTYPE_ETHERNET
  const records = [...frames]
    .sort((a, b) => a.time - b.time)
    .flatMap(({ time, data }) => {
      const record = Buffer.alloc(16);
      record.writeUInt32LE(Math.floor(time / 1e6), 0);
      record.writeUInt32LE(time % 1e6, 4);
      record.writeUInt32LE(data.length, 8);
      record.writeUInt32LE(data.length, 12);
      return [record, data];
    });
  return Buffer.concat([header, ...records]);
}
