import { type Bytes, octets } from './bytes.js';
import { type Endpoint, endpoint, FLAGS, type Frame, type Role, tcpFrame } from './frame.js';
import type { Conversation } from './pcap.js';

/** How a TCP conversation is built. */
export interface TcpOptions {
  /** `10.0.0.1:49152` by default. IPv6 in brackets: `[2001:db8::1]:49152`. */
  readonly client?: string | Endpoint;
  /** `10.0.0.2:80` by default. */
  readonly server?: string | Endpoint;
  /** Octets of a segment: a size for all, or one for each segment by its number from 0. */
  readonly segment?: number | ((index: number) => number);
  /** False: the capture begins in the middle. */
  readonly handshake?: boolean;
  /** How it ends. */
  readonly close?: 'fin' | 'rst' | 'none';
  /** Acknowledgements without data. False: only one side's data is ever confirmed by the other's data. */
  readonly acknowledge?: boolean;
  /** Only frames of this direction are in the capture. */
  readonly only?: 'toServer' | 'toClient';
  /** First sequence numbers of client and server. */
  readonly sequence?: readonly [number, number];
  /** Time of the first frame. Microseconds since 1970. */
  readonly start?: number;
}

/** Microseconds between two frames. */
const STEP = 100;
/** 2024-01-01T00:00:00Z. */
const START = 1_704_067_200_000_000;

/** A TCP conversation, written as what each side says in turn. */
export class TcpConversation implements Conversation {
  readonly #options: TcpOptions;
  readonly #client: Endpoint;
  readonly #server: Endpoint;
  readonly #turns: { readonly toServer: boolean; readonly data: Buffer; readonly wait: number }[] = [];
  #wait = 0;

  constructor(options: TcpOptions = {}, usualPort = 80) {
    this.#options = options;
    this.#client = endpoint(options.client ?? '10.0.0.1', 49_152);
    this.#server = endpoint(options.server ?? '10.0.0.2', usualPort);
  }

  /** The client says this. */
  toServer(data: Bytes): this {
    return this.#say(true, data);
  }

  /** The server says this. */
  toClient(data: Bytes): this {
    return this.#say(false, data);
  }

  /** What comes next comes so much later. Microseconds. For conversations that take turns with another. */
  wait(microseconds: number): this {
    this.#wait += microseconds;
    return this;
  }

  #say(toServer: boolean, data: Bytes): this {
    this.#turns.push({ toServer, data: octets(data), wait: this.#wait });
    this.#wait = 0;
    return this;
  }

  frames(): Frame[] {
    const { handshake = true, close = 'fin', acknowledge = true, segment = 1460, only, start = START } = this.#options;
    const next: [number, number] = [...(this.#options.sequence ?? [1000, 5000])];
    const frames: Frame[] = [];
    let waited = 0;
    const send = (toServer: boolean, role: Role, flags: number, payload: Buffer = Buffer.alloc(0)): void => {
      const [own, other] = toServer ? ([0, 1] as const) : ([1, 0] as const);
      const [from, to] = toServer ? [this.#client, this.#server] : [this.#server, this.#client];
      const acknowledgement = flags & FLAGS.ack ? next[other] : 0;
      const data = tcpFrame(from, to, { sequence: next[own], acknowledgement, flags }, payload);
      const direction = toServer ? 'toServer' : 'toClient';
      if (only === undefined || only === direction)
        frames.push({ time: start + waited + frames.length * STEP, data, role, direction });
      next[own] = (next[own] + payload.length + (flags & (FLAGS.syn | FLAGS.fin) ? 1 : 0)) >>> 0;
    };
    if (handshake) {
      send(true, 'handshake', FLAGS.syn);
      send(false, 'handshake', FLAGS.syn | FLAGS.ack);
      send(true, 'handshake', FLAGS.ack);
    }
    let index = 0;
    for (const { toServer, data, wait } of this.#turns) {
      waited += wait;
      for (let at = 0; at < data.length; ) {
        const size = Math.max(1, Math.floor(typeof segment === 'number' ? segment : segment(index)));
        const part = data.subarray(at, at + size);
        at += part.length;
        index += 1;
        send(toServer, 'data', at >= data.length ? FLAGS.psh | FLAGS.ack : FLAGS.ack, part);
      }
      if (acknowledge && data.length > 0) send(!toServer, 'acknowledgement', FLAGS.ack);
    }
    waited += this.#wait;
    if (close === 'fin') {
      send(true, 'close', FLAGS.fin | FLAGS.ack);
      send(false, 'close', FLAGS.fin | FLAGS.ack);
      send(true, 'close', FLAGS.ack);
    } else if (close === 'rst') send(true, 'close', FLAGS.rst | FLAGS.ack);
    return frames;
  }
}

/** Begins a TCP conversation. */
export function tcp(options: TcpOptions = {}): TcpConversation {
  return new TcpConversation(options);
}
