import { open } from 'node:fs/promises';
import { markOf, type PageMark } from '../model/marks.js';
import { parsedLines } from '../model/members.js';

/** Octets of the file that are read: the last ones. */
const MOST_OCTETS = 16 << 20;
const NEWLINE = 10;

/** Marks and notes, one a line of JSON, in the order they were made. Nothing in the file is ever changed, only added. */
export class MarkFile {
  constructor(private readonly path: string) {}

  /**
   * All marks there are; what else is in the file is passed over.
   * @throws {Error} when the file is there and cannot be read
   */
  async read(): Promise<PageMark[]> {
    const text = await this.#text();
    return parsedLines(text.split('\n')).flatMap((value) => markOf(value) ?? []);
  }

  /**
   * Adds a mark.
   * @throws {Error} when it cannot be written
   */
  async add(mark: PageMark): Promise<void> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1, NEWLINE);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // A line that was cut off by a crash spoils none but itself.
      await file.appendFile(`${last[0] === NEWLINE ? '' : '\n'}${JSON.stringify(mark)}\n`);
    } finally {
      await file.close();
    }
  }

  async #text(): Promise<string> {
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
    try {
      const { size } = await file.stat();
      const length = Math.min(size, MOST_OCTETS);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
