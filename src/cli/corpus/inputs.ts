import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { beginsAsCapture } from '../../engine/index.js';
import { EXIT, Stop } from '../exit.js';
import type { InputKind } from './job.js';

/** Octets that tell what a file is: enough of a compressed one for its own beginning. */
const START = 4096;
/** Folders below one another; more is a circle of links. */
const MAX_DEPTH = 64;
/** How files of logs are called where only their name can tell: inside zstd, which not every Node reads. */
const LOG_NAME = /\.(?:evtx|jsonl?|ndjson|xml|log|zip)\.zst$/i;

/** A file that can be worked on. */
export interface CorpusInput {
  readonly kind: InputKind;
  /** Absolute. */
  readonly path: string;
  readonly size: number;
}

/**
 * The captures and event logs that files and folders stand for, by their content; folders are searched whole, by name. `skipped`
 * is told of files in folders that are neither.
 * @throws {Stop} for a path that is not there, or a file named that is neither
 */
export function* corpusInputs(paths: readonly string[], skipped: (path: string) => void): Generator<CorpusInput> {
  for (const path of paths.map((one) => resolve(one))) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) throw new Stop(EXIT.usage, `${path}: there is no such file or folder`);
    if (stats.isDirectory()) yield* inFolder(path, skipped, 0);
    else {
      const kind = kindOf(path);
      if (kind === null) throw new Stop(EXIT.usage, `${path}: neither a capture nor an event log`);
      yield { kind, path, size: stats.size };
    }
  }
}

function* inFolder(folder: string, skipped: (path: string) => void, depth: number): Generator<CorpusInput> {
  for (const name of readdirSync(folder).sort()) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() && depth < MAX_DEPTH) yield* inFolder(path, skipped, depth + 1);
    else if (stats?.isFile()) {
      const kind = kindOf(path);
      if (kind === null) skipped(path);
      else yield { kind, path, size: stats.size };
    }
  }
}

/** What a file is, by how it begins; `null`: neither. */
export function kindOf(path: string): InputKind | null {
  const start = startOf(path);
  if (begins(start, '28b52ffd')) return LOG_NAME.test(path) ? 'log' : 'capture';
  return kindOfStart(begins(start, '1f8b') ? unzipped(start) : start);
}

function kindOfStart(start: Buffer): InputKind | null {
  if (beginsAsCapture(start)) return 'capture';
  // ElfFile, PK; text of JSON or XML as UTF-8 or UTF-16, with a mark or without.
  if (begins(start, '456c6646696c6500') || begins(start, '504b0304')) return 'log';
  const text = start
    .subarray(0, 64)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf|^\xff\xfe|^\xfe\xff/, '');
  return /^[\s\0]*[{[<]/.test(text) ? 'log' : null;
}

/** The beginning of what a gzip file holds; empty when it is none. */
function unzipped(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 });
  } catch {
    return Buffer.alloc(0);
  }
}

function begins(start: Buffer, digits: string): boolean {
  return start.toString('hex', 0, digits.length / 2) === digits;
}

function startOf(path: string): Buffer {
  const start = Buffer.alloc(START);
  const handle = openSync(path, 'r');
  try {
    return start.subarray(0, readSync(handle, start, 0, start.length, 0));
  } finally {
    closeSync(handle);
  }
}
