import type { PatternPiece } from '../generated/sigma.js';

/** Characters that programs take for the begin of a parameter: hyphen, slash, en dash, em dash, horizontal bar. */
const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const;
/** Parameters of a value that are varied independently; with more, all are written the same way. */
const MAX_INDEPENDENT = 3;
/** A dash that begins a parameter: behind something that is no word, before a word. */
const PARAMETER = /(?<![\p{L}\p{N}_])[-/\u2013\u2014\u2015](?=[\p{L}\p{N}_])/gu;

/** A value with its parameters written in every way (`windash`). */
export function windash(text: string): string[] {
  const places = [...text.matchAll(PARAMETER)].map(({ index }) => index);
  if (places.length === 0) return [text];
  if (places.length > MAX_INDEPENDENT)
    return [...new Set([text, ...DASHES.map((dash) => text.replace(PARAMETER, dash))])];
  let variants = [text];
  for (const place of places)
    variants = variants.flatMap((variant) =>
      DASHES.map((dash) => variant.slice(0, place) + dash + variant.slice(place + 1)),
    );
  return variants;
}

/** Text as octets: UTF-8, or UTF-16 as Windows has it. */
export type TextEncoding = 'utf8' | 'utf16le' | 'utf16be' | 'utf16';

/** The octets of a text. */
export function encode(text: string, encoding: TextEncoding): Buffer {
  const little = Buffer.from(text, 'utf16le');
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  if (encoding === 'utf16le') return little;
  if (encoding === 'utf16be') return little.swap16();
  return Buffer.concat([Buffer.from([0xff, 0xfe]), little]);
}

/** The Base64 of octets wherever they stand in what is encoded: for each of the three places, what does not depend on others. */
export function base64Offsets(octets: Buffer): string[] {
  const begins = [0, 2, 3];
  return begins.map((begin, offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset, 0x20), octets]);
    const end = padded.length % 3 === 0 ? undefined : -(padded.length % 3 === 1 ? 3 : 2);
    return padded.toString('base64').slice(begin, end);
  });
}

/** Octets as the pieces of a pattern, each a character. */
export function octetPieces(octets: Buffer): PatternPiece[] {
  return [{ text: octets.toString('latin1') }];
}

/** A placeholder: `%name%`. */
export const PLACEHOLDER = /%([\w-]+)%/g;

/** The values with their placeholders replaced by each of their texts; the names of those that have none. */
export function expand(
  text: string,
  placeholders: ReadonlyMap<string, readonly string[]>,
): { readonly values: string[]; readonly missing: string[] } {
  const names = [...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ''))];
  const missing = names.filter((name) => !placeholders.has(name));
  let values = [text];
  for (const name of names)
    values = values.flatMap((value) => (placeholders.get(name) ?? []).map((one) => value.replaceAll(`%${name}%`, one)));
  return { values, missing };
}
