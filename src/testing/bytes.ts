/** Octets, or text as UTF-8. */
export type Bytes = Uint8Array | string;

/** Octets of text or octets. */
export function octets(data: Bytes): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data);
}

/** Text in UTF-16, little-endian, as Windows protocols carry it; `terminated` ends it with a NUL. */
export function utf16(text: string, { terminated = false } = {}): Buffer {
  return Buffer.from(terminated ? `${text}\0` : text, 'utf16le');
}

/** Octets of hexadecimal text; spaces and line ends may stand between. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ''), 'hex');
}

/** A pseudo-random sequence in [0, 1) that is the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
