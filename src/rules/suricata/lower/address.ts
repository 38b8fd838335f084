import type { Interval } from './intervals.js';

/** The families an address can be of. */
export type Family = 4 | 6;

/** The greatest address of a family. */
export const LAST: Readonly<Record<Family, bigint>> = { 4: 0xffff_ffffn, 6: (1n << 128n) - 1n };

/** An address as a number. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** Reads an IPv4 or IPv6 address; `null` when the text is none. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === null ? null : { family: 4, value };
  }
  const value = parseV6(text);
  return value === null ? null : { family: 6, value };
}

/** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1-10.0.0.9`, and the same in IPv6; `null` when the text is none. */
export function parseAddressRange(text: string): { readonly family: Family; readonly range: Interval } | null {
  const slash = text.indexOf('/');
  if (slash >= 0) {
    const address = parseAddress(text.slice(0, slash));
    if (address === null) return null;
    const mask = parseMask(text.slice(slash + 1), address.family);
    if (mask === null) return null;
    const from = address.value & mask;
    return { family: address.family, range: { from, to: from | (LAST[address.family] ^ mask) } };
  }
  const dash = text.indexOf('-');
  if (dash >= 0) {
    const from = parseAddress(text.slice(0, dash));
    const to = parseAddress(text.slice(dash + 1));
    if (from === null || to === null || from.family !== to.family || from.value > to.value) return null;
    return { family: from.family, range: { from: from.value, to: to.value } };
  }
  const address = parseAddress(text);
  return address === null ? null : { family: address.family, range: { from: address.value, to: address.value } };
}

function parseMask(text: string, family: Family): bigint | null {
  const width = family === 4 ? 32 : 128;
  if (/^\d{1,3}$/.test(text)) {
    const bits = Number(text);
    return bits > width ? null : LAST[family] ^ (LAST[family] >> BigInt(bits));
  }
  const mask = parseAddress(text);
  if (mask === null || mask.family !== family) return null;
  const holes = LAST[family] ^ mask.value;
  return (holes & (holes + 1n)) === 0n ? mask.value : null;
}

function parseV4(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let value = 0;
  for (let at = 1; at <= 4; at += 1) {
    const part = Number(match[at]);
    if (part > 255) return null;
    value = value * 256 + part;
  }
  return BigInt(value);
}

function parseV6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  let value = 0n;
  for (const group of [...head, ...new Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return value;
}

/** 16-bit groups; the last may be a dotted IPv4 address when `last` is set. */
function groups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (last && at === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part);
      if (v4 === null) return null;
      out.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      out.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return out;
}

/** The text form of an address; IPv6 as in RFC 5952. */
export function formatAddress(family: Family, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => ((value >> shift) & 255n).toString()).join('.');
  const parts: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) parts.push(((value >> shift) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (parts[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
    start += length;
  }
  if (best.start < 0) return parts.join(':');
  return `${parts.slice(0, best.start).join(':')}::${parts.slice(best.start + best.length).join(':')}`;
}
