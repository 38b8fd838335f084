import { utf16 } from './bytes.js';

/** Stubs are built of these, each padded to 4 octets. NDR, little-endian, [C706] chapter 14. */

/** Numbers of 32 bits. */
export function u32(...numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(numbers.length * 4);
  for (const [at, number] of numbers.entries()) out.writeUInt32LE(number >>> 0, at * 4);
  return out;
}

/** A conformant varying string of UTF-16 units with its NUL. */
export function wide(text: string): Buffer {
  return padded(Buffer.concat([u32(text.length + 1, 0, text.length + 1), utf16(text, { terminated: true })]));
}

/** A unique pointer: a referent, then what it points to; `null` is a null pointer. */
export function pointer(to: Buffer | null): Buffer {
  return to === null ? u32(0) : Buffer.concat([u32(0x0002_0000), to]);
}

/** A pointer to a BSTR. [MS-OAUT] 2.2.23. */
export function bstr(text: string): Buffer {
  const { length } = text;
  return pointer(padded(Buffer.concat([u32(length, length * 2, length), utf16(text)])));
}

/** An `RPC_UNICODE_STRING`: lengths, a pointer, the string without a NUL. [MS-DTYP] 2.3.10. */
export function unicode(text: string): Buffer {
  const octets = utf16(text);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(octets.length, 0);
  lengths.writeUInt16LE(octets.length, 2);
  return Buffer.concat([lengths, pointer(padded(Buffer.concat([u32(text.length, 0, text.length), octets])))]);
}

/** A context handle. */
export const HANDLE = Buffer.concat([Buffer.alloc(4), Buffer.alloc(16, 0x11)]);

/** `ORPCTHIS` without extensions. [MS-DCOM] 2.2.13.3. */
export const ORPC_THIS = Buffer.concat([Buffer.from([5, 0, 7, 0]), u32(0, 0), Buffer.alloc(16, 0x22), u32(0)]);

function padded(octets: Buffer): Buffer {
  return Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
}
