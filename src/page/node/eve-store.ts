import { type FileHandle, open, stat } from 'node:fs/promises';
import type { EventSegment } from '../model/answer.js';
import { EventColumns } from '../model/columns.js';
import { parsedLine } from '../model/members.js';
import { OverviewBuilder, type PageOverview } from '../model/overview.js';

/** Octets that are read at once. */
const CHUNK = 4 << 20;
/** The longest line that is looked at, in octets. */
const LONGEST = 16 << 20;
/** Octets between two lines that are read with them rather than left out by another read. */
const GAP = 64 << 10;
const NEWLINE = 10;

/** How much a store keeps. */
export interface StoreOptions {
  /** Events that can be shown. Older ones only count. */
  readonly mostEvents?: number;
  /** Events of one segment. When there are too many events, the oldest segment goes. */
  readonly segmentEvents?: number;
}

const MOST_EVENTS = 4_000_000;
const SEGMENT_EVENTS = 250_000;

/** A file that is read, and by whom. */
class EveFile {
  users = 0;

  constructor(
    readonly handle: FileHandle,
    readonly inode: number,
  ) {}

  /** Lets go of the file once nobody has use for it. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users <= 0) await this.handle.close();
  }
}

class FileSegment implements EventSegment {
  readonly columns = new EventColumns();

  constructor(
    readonly file: EveFile,
    readonly first: number,
  ) {
    file.users += 1;
  }

  async lines(rows: readonly number[]): Promise<string[]> {
    const { offset, octets } = this.columns;
    const places = rows.map((row, index) => ({ index, start: offset[row] ?? 0, octets: octets[row] ?? 0 }));
    places.sort((a, b) => a.start - b.start);
    const lines = new Array<string>(rows.length).fill('');
    for (let at = 0; at < places.length; ) {
      const start = places[at]?.start ?? 0;
      let to = at;
      let end = start;
      for (let next = places[to]; next !== undefined; next = places[to]) {
        const nextEnd = next.start + next.octets;
        if (to > at && (next.start - end > GAP || nextEnd - start > CHUNK)) break;
        end = nextEnd;
        to += 1;
      }
      const buffer = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await this.file.handle.read(buffer, 0, buffer.length, start);
      for (const place of places.slice(at, to)) {
        const from = place.start - start;
        lines[place.index] = buffer.toString('utf8', from, Math.min(from + place.octets, bytesRead));
      }
      at = to;
    }
    return lines;
  }
}

/**
 * An EVE file as a store: where each event lies and what it is found by is kept in memory, the lines stay in the file. A file that
 * was put aside by rotation is held open, so that what it has can still be read.
 */
export class EveStore {
  readonly #path: string;
  readonly #mostEvents: number;
  readonly #segmentEvents: number;
  readonly #overview = new OverviewBuilder();
  #segments: FileSegment[] = [];
  #file: EveFile | null = null;
  /** Octets of the file that were read, and what was read of a line that is not whole. */
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #isSkipping = false;
  #events = 0;
  #forgotten = 0;

  constructor(path: string, { mostEvents = MOST_EVENTS, segmentEvents = SEGMENT_EVENTS }: StoreOptions = {}) {
    this.#path = path;
    this.#mostEvents = mostEvents;
    this.#segmentEvents = segmentEvents;
  }

  /** Segments in the order of time. */
  get segments(): readonly EventSegment[] {
    return this.#segments;
  }

  /** Events there were. */
  get events(): number {
    return this.#events;
  }

  /** Events that are counted and can no longer be shown. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get overview(): PageOverview {
    return this.#overview.overview;
  }

  /**
   * Takes what has come to the file since the last time, and goes on with the next one when it was rotated; how many events came.
   * Nothing while there is no file.
   * @throws {Error} when the file cannot be read
   */
  async refresh(): Promise<number> {
    const before = this.#events;
    await this.#readOn();
    if (await this.#isReplaced()) {
      await this.#leave();
      await this.#readOn();
    }
    return this.#events - before;
  }

  async close(): Promise<void> {
    const segments = this.#segments;
    this.#segments = [];
    for (const { file } of segments) await file.release();
    await this.#leave();
  }

  async #readOn(): Promise<void> {
    if (this.#file === null && !(await this.#open())) return;
    const file = this.#file;
    if (file === null) return;
    // It was begun anew in place: what was there before is no longer in it.
    if ((await file.handle.stat()).size < this.#offset) await this.#beginAnew(file);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await file.handle.read(chunk, 0, CHUNK, this.#offset);
      if (bytesRead === 0) return;
      await this.#takeChunk(file, chunk.subarray(0, bytesRead));
    }
  }

  async #open(): Promise<boolean> {
    let handle: FileHandle;
    try {
      handle = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.#file = new EveFile(handle, (await handle.stat()).ino);
    this.#file.users += 1;
    this.#startOver();
    return true;
  }

  #startOver(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = false;
  }

  async #beginAnew(file: EveFile): Promise<void> {
    this.#startOver();
    const gone = this.#segments.filter((segment) => segment.file === file);
    this.#segments = this.#segments.filter((segment) => segment.file !== file);
    await this.#forget(gone);
  }

  async #takeChunk(file: EveFile, chunk: Buffer): Promise<void> {
    const start = this.#offset - this.#rest.length;
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#offset += chunk.length;
    let from = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
      if (this.#isSkipping) this.#overview.takeBroken();
      else if (end > from) this.#takeLine(file, data.toString('utf8', from, end), start + from, end - from);
      this.#isSkipping = false;
      from = end + 1;
    }
    await this.#keepBound();
    this.#rest = Buffer.from(data.subarray(from));
    if (this.#rest.length <= LONGEST) return;
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = true;
  }

  #takeLine(file: EveFile, line: string, offset: number, octets: number): void {
    const event = parsedLine(line);
    if (event === null) {
      this.#overview.takeBroken();
      return;
    }
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.file !== file || segment.columns.length >= this.#segmentEvents) {
      segment = new FileSegment(file, this.#events);
      this.#segments.push(segment);
    }
    segment.columns.add(this.#overview.take(event), offset, octets);
    this.#events += 1;
  }

  /** Gives up the oldest segments while there are too many events. */
  async #keepBound(): Promise<void> {
    const most = this.#mostEvents;
    const isOver = ({ first }: FileSegment, index: number) =>
      index < this.#segments.length - 1 && this.#events - first > most;
    const gone = this.#segments.filter(isOver);
    this.#segments = this.#segments.slice(gone.length);
    await this.#forget(gone);
  }

  async #forget(segments: readonly FileSegment[]): Promise<void> {
    for (const { columns, file } of segments) {
      this.#forgotten += columns.length;
      await file.release();
    }
  }

  async #isReplaced(): Promise<boolean> {
    try {
      return this.#file !== null && (await stat(this.#path)).ino !== this.#file.inode;
    } catch {
      return false;
    }
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.release();
  }
}
