import { random } from './bytes.js';

/** A pcap file (microseconds, little-endian): its header, and the records behind it with theirs. */
const HEADER = 24;
const RECORD = 16;
/** Most changes to one capture. */
const MAX_CHANGES = 8;

type Next = (below: number) => number;
type Change = (records: Buffer[], next: Next) => void;

/** Octets of one record are changed, those of its header (time, lengths) less often. */
const flipOctets: Change = (records, next) => {
  const record = records[next(records.length)];
  if (record === undefined) return;
  const from = next(8) === 0 ? 0 : RECORD;
  for (let times = 1 + next(8); times > 0 && record.length > from; times -= 1)
    record[from + next(record.length - from)] = next(256);
};

/** One octet in the headers of a frame becomes an edge value: lengths, offsets, flags. */
const edgeValue: Change = (records, next) => {
  const record = records[next(records.length)];
  if (record === undefined || record.length <= RECORD) return;
  record[RECORD + next(Math.min(record.length - RECORD, 70))] = [0, 1, 0x7f, 0x80, 0xff][next(5)] ?? 0;
};

const drop: Change = (records, next) => void records.splice(next(records.length), 1 + next(3));

const duplicate: Change = (records, next) => {
  const record = records[next(records.length)];
  if (record !== undefined) records.splice(next(records.length + 1), 0, Buffer.from(record));
};

const move: Change = (records, next) => {
  const [record] = records.splice(next(records.length), 1);
  if (record !== undefined) records.splice(next(records.length + 1), 0, record);
};

/** A frame loses its end, and its record says so. */
const cut: Change = (records, next) => {
  const at = next(records.length);
  const record = records[at];
  if (record === undefined || record.length <= RECORD) return;
  const shorter = Buffer.from(record.subarray(0, RECORD + next(record.length - RECORD)));
  shorter.writeUInt32LE(shorter.length - RECORD, 8);
  records[at] = shorter;
};

const CHANGES: readonly Change[] = [flipOctets, flipOctets, edgeValue, edgeValue, drop, duplicate, move, cut];

/**
 * A capture file damaged at random, the same for the same seed: octets changed, frames dropped, doubled, moved and cut,
 * the file truncated. Files other than classic pcap are changed as octets.
 */
export function mutated(file: Uint8Array, seed: number): Buffer {
  const uniform = random(seed);
  const next: Next = (below) => Math.floor(uniform() * below);
  const copy = Buffer.from(file);
  const classic = copy.length > HEADER && copy.readUInt32LE(0) === 0xa1b2c3d4;
  const parts = classic ? [copy.subarray(0, HEADER), ...records(copy)] : [copy];
  const [header = copy, ...rest] = parts;
  for (let changes = 1 + next(MAX_CHANGES); changes > 0 && rest.length > 0; changes -= 1)
    CHANGES[next(CHANGES.length)]?.(rest, next);
  const whole = Buffer.concat([header, ...rest]);
  if (!classic || next(16) === 0)
    for (let changes = 1 + next(MAX_CHANGES); changes > 0 && whole.length > 0; changes -= 1)
      whole[next(whole.length)] = next(256);
  return next(8) === 0 ? whole.subarray(0, next(whole.length)) : whole;
}

function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = HEADER; at + RECORD <= file.length; ) {
    const end = Math.min(at + RECORD + file.readUInt32LE(at + 8), file.length);
    found.push(file.subarray(at, end));
    at = end;
  }
  return found;
}
