import { isUtf8 } from 'node:buffer';

/** A place in a source: 1-based, columns count UTF-16 units as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** How the octets of a file became text, and so how text becomes octets again. */
export type Encoding = 'utf8' | 'latin1';

/** A rule file: its text, and where its lines begin once somebody asks. */
export class Source {
  readonly path: string;
  readonly text: string;
  readonly encoding: Encoding;
  #lineStarts: number[] | null = null;

  /** Octets that are no UTF-8 are read as Latin-1, so that each stays the octet it was. */
  constructor(path: string, text: string | Uint8Array) {
    this.path = path;
    if (typeof text === 'string') {
      this.text = text;
      this.encoding = 'utf8';
    } else {
      this.encoding = isUtf8(text) ? 'utf8' : 'latin1';
      this.text = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString(this.encoding);
    }
  }

  position(offset: number): Position {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line without its end. */
  line(number: number): string {
    const starts = this.#starts();
    const start = starts[number - 1] ?? this.text.length;
    const end = starts[number] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, '');
  }

  #starts(): number[] {
    if (this.#lineStarts === null) {
      const starts = [0];
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}
