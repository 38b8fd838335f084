// Captures for measurements, made from those in pcaps/: the same frames again and again, every repetition with hosts and
// times of its own, so that each is a flow of its own.
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LITTLE_ENDIAN = 'd4c3b2a1';
const HEADER = 24;
const RECORD = 16;

/** The frames of a pcap file (microseconds, little-endian, Ethernet). */
function frames(path) {
  const file = readFileSync(path);
  if (file.toString('hex', 0, 4) !== LITTLE_ENDIAN) return [];
  const found = [];
  for (let at = HEADER; at + RECORD <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    const time = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4);
    found.push({ time, data: file.subarray(at + RECORD, at + RECORD + length) });
    at += RECORD + length;
  }
  return found;
}

/** The pcap files in pcaps/. */
export function shipped() {
  const folder = fileURLToPath(new URL('../pcaps', import.meta.url));
  const names = readdirSync(folder).filter((name) => name.endsWith('.pcap'));
  return names.map((name) => join(folder, name));
}

/**
 * Writes a capture of at least `wanted` frames. Checksums of repetitions do not hold: replay it with `-k none`.
 * @returns {{packets: number, bytes: number}} what is in it
 */
export function multiply(paths, target, wanted) {
  const sources = paths.map(frames).filter((list) => list.length > 0);
  const handle = openSync(target, 'w');
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  writeSync(handle, header);
  let packets = 0;
  let bytes = 0;
  for (let round = 0; packets < wanted; round += 1) {
    const parts = [];
    for (const list of sources) {
      const first = list[0].time;
      for (const { time, data } of list) {
        const at = 1.7e15 + round * 1000 + (time - first);
        const record = Buffer.alloc(RECORD);
        record.writeUInt32LE(Math.floor(at / 1e6), 0);
        record.writeUInt32LE(Math.floor(at % 1e6), 4);
        record.writeUInt32LE(data.length, 8);
        record.writeUInt32LE(data.length, 12);
        const frame = Buffer.from(data);
        renumber(frame, round);
        parts.push(record, frame);
        packets += 1;
        bytes += frame.length;
      }
    }
    writeSync(handle, Buffer.concat(parts));
  }
  closeSync(handle);
  return { packets, bytes };
}

/** Writes the first frames of a pcap file, up to so many octets; `null` when it is of another kind. */
export function beginning(path, target, octets) {
  const buffer = Buffer.alloc(octets);
  const handle = openSync(path, 'r');
  const length = readSync(handle, buffer, 0, octets, 0);
  closeSync(handle);
  if (buffer.toString('hex', 0, 4) !== LITTLE_ENDIAN) return null;
  let end = HEADER;
  while (end + RECORD <= length && end + RECORD + buffer.readUInt32LE(end + 8) <= length)
    end += RECORD + buffer.readUInt32LE(end + 8);
  writeFileSync(target, buffer.subarray(0, end));
  return target;
}

/** Gives both hosts of an IPv4 frame a number of the repetition in their second and third octet. */
function renumber(frame, round) {
  if (frame.length < 34 || frame.readUInt16BE(12) !== 0x0800) return;
  for (const at of [26, 30]) {
    frame[at + 1] = (frame[at + 1] + (round >> 8)) & 0xff;
    frame[at + 2] = (frame[at + 2] + round) & 0xff;
  }
}
