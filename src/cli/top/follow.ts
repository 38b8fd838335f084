import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Octets read at once, and the longest line that is looked at. */
const CHUNK = 1 << 20;
const LONGEST = 16 << 20;

/** Follows a file that grows: gives its new lines, and goes on with the new one when another takes its name. */
export class FollowedFile {
  #handle: number | null = null;
  #inode = 0;
  #offset = 0;
  #rest = '';

  /** `fromStart`: what is there already, too. */
  constructor(
    private readonly path: string,
    private fromStart: boolean,
  ) {}

  /** The whole lines that came since the last call. Nothing while there is no such file. */
  lines(): string[] {
    const lines = this.#read();
    if (this.#isReplaced()) {
      this.#close();
      // The next one is new as a whole.
      this.fromStart = true;
      lines.push(...this.#read());
    }
    return lines;
  }

  close(): void {
    this.#close();
  }

  #read(): string[] {
    if (this.#handle === null && !this.#open()) return [];
    const handle = this.#handle as number;
    // It was begun anew in place.
    if (fstatSync(handle).size < this.#offset) {
      this.#offset = 0;
      this.#rest = '';
    }
    const found: string[] = [];
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const length = readSync(handle, chunk, 0, CHUNK, this.#offset);
      if (length === 0) return found;
      this.#offset += length;
      const parts = (this.#rest + chunk.toString('utf8', 0, length)).split('\n');
      this.#rest = parts.pop() ?? '';
      if (this.#rest.length > LONGEST) this.#rest = '';
      found.push(...parts);
    }
  }

  #open(): boolean {
    try {
      this.#handle = openSync(this.path, 'r');
    } catch {
      return false;
    }
    const { ino, size } = fstatSync(this.#handle);
    this.#inode = ino;
    this.#offset = this.fromStart ? 0 : size;
    this.#rest = '';
    return true;
  }

  #isReplaced(): boolean {
    try {
      return this.#handle !== null && statSync(this.path).ino !== this.#inode;
    } catch {
      return false;
    }
  }

  #close(): void {
    if (this.#handle !== null) closeSync(this.#handle);
    this.#handle = null;
  }
}
