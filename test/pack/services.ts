import { type Call, HANDLE, u32, wide } from '../../src/testing/index.js';
import { changeService, createService } from './stubs.js';

/** Calls on services by handles that the server made up, which are told apart by a number. */

/** A context handle that the server made up. */
export const made = (number: number) => Buffer.concat([Buffer.alloc(4), Buffer.alloc(16, number)]);
/** A service is opened, and called by its handle. */
export const open = (name: string, number: number): Call => ({
  opnum: 16,
  stub: Buffer.concat([HANDLE, wide(name), u32(0xf01ff)]),
  answer: Buffer.concat([made(number), u32(0)]),
});
export const create = (program: string, number: number): Call => ({
  opnum: 12,
  stub: createService(program),
  answer: Buffer.concat([u32(0), made(number), u32(0)]),
});
export const start = (number: number): Call => ({ opnum: 19, stub: Buffer.concat([made(number), u32(0, 0)]) });
export const change = (number: number): Call => ({
  opnum: 11,
  stub: Buffer.concat([made(number), changeService('c:\\x.exe').subarray(HANDLE.length)]),
});
export const remove = (number: number): Call => ({ opnum: 2, stub: made(number) });
