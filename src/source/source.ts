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
      const decoded = utf8(text);
      this.encoding = decoded === null ? 'latin1' : 'utf8';
      this.text = decoded ?? latin1(text);
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

/** The text of octets; `null` when they are no UTF-8. A byte order mark stays. */
function utf8(octets: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return null;
  }
}

/** Octets that become characters at once: `fromCharCode` takes each as an argument. */
const PIECE = 8192;

/** Each octet as the character of its number. `TextDecoder` has no Latin-1: its label means Windows-1252. */
function latin1(octets: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < octets.length; at += PIECE)
    pieces.push(String.fromCharCode(...octets.subarray(at, at + PIECE)));
  return pieces.join('');
}
