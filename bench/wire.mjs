// Frames by the million, for measurements: no checksums (replay with `-k none`), one segment a message.
import { closeSync, openSync, writeSync } from 'node:fs';

const FLUSH = 4 << 20;
const ETHERNET = 14;
const TCP = 54;
const UDP = 42;

/** Writes a capture (pcap, microseconds) frame by frame; a frame is a microsecond later than the one before. */
export class Wire {
  #handle;
  #parts = [];
  #held = 0;
  #time = 1_700_000_000_000_000;
  frames = 0;

  constructor(path) {
    this.#handle = openSync(path, 'w');
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    this.#push(header);
  }

  /** One frame: a header that is copied, and what it carries. */
  frame(header, payload) {
    const record = Buffer.allocUnsafe(16 + header.length);
    this.#time += 1;
    this.frames += 1;
    const length = header.length + payload.length;
    record.writeUInt32LE(Math.floor(this.#time / 1e6), 0);
    record.writeUInt32LE(this.#time % 1e6, 4);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    header.copy(record, 16);
    this.#push(record, payload);
  }

  close() {
    this.#flush();
    closeSync(this.#handle);
  }

  #push(...parts) {
    for (const part of parts) this.#held += part.length;
    this.#parts.push(...parts);
    if (this.#held > FLUSH) this.#flush();
  }

  #flush() {
    writeSync(this.#handle, Buffer.concat(this.#parts));
    this.#parts = [];
    this.#held = 0;
  }
}

/** A TCP connection, by its number: client 10.x.x.x, server 192.168.0.1. It opens with a handshake and is never closed. */
export class Connection {
  #wire;
  #headers;
  #next = [1000, 9000];

  constructor(wire, number, port) {
    this.#wire = wire;
    const client = [10, (number >> 16) & 255, (number >> 8) & 255, number & 255];
    this.#headers = [header(TCP, 6, client, 49_152, SERVER, port), header(TCP, 6, SERVER, port, client, 49_152)];
    this.#send(0, 2, EMPTY);
    this.#send(1, 18, EMPTY);
    this.#send(0, 16, EMPTY);
  }

  /** Data, and the other side's acknowledgement. */
  say(toServer, data) {
    this.#send(toServer ? 0 : 1, 24, data);
    this.#send(toServer ? 1 : 0, 16, EMPTY);
  }

  #send(side, flags, data) {
    const out = this.#headers[side];
    out.writeUInt16BE(40 + data.length, ETHERNET + 2);
    out.writeUInt32BE(this.#next[side], 38);
    out.writeUInt32BE(flags & 16 ? this.#next[1 - side] : 0, 42);
    out[47] = flags;
    this.#wire.frame(out, data);
    this.#next[side] = (this.#next[side] + data.length + (flags & 2 ? 1 : 0)) >>> 0;
  }
}

/** Datagrams between two ends. */
export class Datagrams {
  #wire;
  #headers;

  constructor(wire, number, port) {
    this.#wire = wire;
    const client = [10, (number >> 16) & 255, (number >> 8) & 255, number & 255];
    this.#headers = [header(UDP, 17, client, 49_152, SERVER, port), header(UDP, 17, SERVER, port, client, 49_152)];
  }

  say(toServer, data) {
    const out = this.#headers[toServer ? 0 : 1];
    out.writeUInt16BE(28 + data.length, ETHERNET + 2);
    out.writeUInt16BE(8 + data.length, 38);
    this.#wire.frame(out, data);
  }
}

const EMPTY = Buffer.alloc(0);
const SERVER = [192, 168, 0, 1];

function header(length, protocol, from, fromPort, to, toPort) {
  const out = Buffer.alloc(length);
  out.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0], 0);
  out.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, ...from, ...to], ETHERNET);
  out.writeUInt16BE(fromPort, 34);
  out.writeUInt16BE(toPort, 36);
  if (protocol === 6) {
    out[46] = 0x50;
    out.writeUInt16BE(0xffff, 48);
  }
  return out;
}
