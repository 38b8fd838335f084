import { type Bytes, octets } from './bytes.js';
import { type Endpoint, endpoint, type Frame, udpFrame } from './frame.js';
import type { Conversation } from './pcap.js';

/** How a UDP conversation is built. */
export interface UdpOptions {
  readonly client?: string | Endpoint;
  readonly server?: string | Endpoint;
  /** Time of the first frame. Microseconds since 1970. */
  readonly start?: number;
}

/** Datagrams between two ends, in turn. */
export class UdpConversation implements Conversation {
  readonly #options: UdpOptions;
  readonly #turns: { readonly toServer: boolean; readonly data: Buffer }[] = [];

  constructor(options: UdpOptions = {}) {
    this.#options = options;
  }

  toServer(data: Bytes): this {
    this.#turns.push({ toServer: true, data: octets(data) });
    return this;
  }

  toClient(data: Bytes): this {
    this.#turns.push({ toServer: false, data: octets(data) });
    return this;
  }

  frames(): Frame[] {
    const client = endpoint(this.#options.client ?? '10.0.0.1', 49_152);
    const server = endpoint(this.#options.server ?? '10.0.0.2', 53);
    const start = this.#options.start ?? 1_704_067_200_000_000;
    return this.#turns.map(({ toServer, data }, index) => ({
      time: start + index * 100,
      data: toServer ? udpFrame(client, server, data) : udpFrame(server, client, data),
      role: 'data',
      direction: toServer ? 'toServer' : 'toClient',
    }));
  }
}

/** Begins a UDP conversation. */
export function udp(options: UdpOptions = {}): UdpConversation {
  return new UdpConversation(options);
}
