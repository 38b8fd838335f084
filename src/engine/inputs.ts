import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './error.js';

/** In which order the captures of a directory are replayed. */
export type InputOrder = 'name' | 'time';

export interface InputOptions {
  /** Directories inside directories, too. */
  readonly recursive?: boolean;
  readonly order?: InputOrder;
}

/** Directories below one another; more is a circle of links. */
const MAX_DEPTH = 64;

/** How captures, and what they are compressed with, begin: pcap in both byte orders, pcapng, gzip, zstd. */
const MAGICS = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a', '1f8b', '28b52ffd'];

/**
 * The captures that files and directories stand for, in the order they are to be replayed. `-` is standard input. A file
 * that is named is taken as it is; of a directory, the files that begin as a capture does.
 * @throws {EngineError} `capture/not-found` for a path that does not exist or a directory that holds nothing
 */
export function expandInputs(paths: readonly string[], options: InputOptions = {}): string[] {
  return paths.flatMap((path) => {
    if (path === '-' || path === '/dev/stdin') return ['-'];
    const stats = statOf(path);
    if (!stats.isDirectory()) return [path];
    const found = list(path, options.recursive ?? false, 0);
    if (found.length === 0)
      throw new EngineError(
        'capture/not-found',
        `${path}: the directory holds no captures${options.recursive ? '' : '; --recursive looks into the directories in it'}`,
      );
    return sort(found, options.order ?? 'name').map(({ file }) => file);
  });
}

interface Found {
  readonly file: string;
  readonly modified: number;
}

function list(directory: string, recursive: boolean, depth: number): Found[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry): Found[] => {
    if (entry.name.startsWith('.')) return [];
    const file = join(directory, entry.name);
    const stats = statOf(file);
    if (stats.isDirectory()) return recursive && depth < MAX_DEPTH ? list(file, recursive, depth + 1) : [];
    return stats.isFile() && isCapture(file) ? [{ file, modified: stats.mtimeMs }] : [];
  });
}

function isCapture(file: string): boolean {
  const start = Buffer.alloc(4);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, start, 0, start.length, 0);
  } finally {
    closeSync(handle);
  }
  return beginsAsCapture(start);
}

/** Whether a file that begins with these octets is a capture, or compressed as one may be. */
export function beginsAsCapture(start: Uint8Array): boolean {
  const digits = Buffer.from(start.subarray(0, 4)).toString('hex');
  return MAGICS.some((magic) => digits.startsWith(magic));
}

function sort(found: Found[], order: InputOrder): Found[] {
  const byName = (a: Found, b: Found) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
  return found.sort(order === 'time' ? (a, b) => a.modified - b.modified || byName(a, b) : byName);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EngineError(
      code === 'ENOENT' ? 'capture/not-found' : 'capture/unreadable',
      `${path}: ${code === 'ENOENT' ? 'there is no such file or directory' : (error as Error).message}`,
      { cause: error },
    );
  }
}
