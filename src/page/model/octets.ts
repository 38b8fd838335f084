/** A line of a dump of octets. */
export interface DumpLine {
  /** Hexadecimal. */
  readonly offset: string;
  readonly hex: string;
  /** As ASCII; a dot for what has no shape. */
  readonly text: string;
}

const WIDTH = 16;

/** Base64 as a dump of at most so many octets; `null` for what is no base64. */
export function octetDump(base64: string, most = 4096): { readonly lines: DumpLine[]; readonly left: number } | null {
  let octets: string;
  try {
    octets = atob(base64);
  } catch {
    return null;
  }
  const lines: DumpLine[] = [];
  for (let at = 0; at < Math.min(octets.length, most); at += WIDTH) {
    const part = octets.slice(at, Math.min(at + WIDTH, most));
    const hex = [...part].map((octet) => octet.charCodeAt(0).toString(16).padStart(2, '0'));
    lines.push({
      offset: at.toString(16).padStart(4, '0'),
      hex: `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.trimEnd(),
      text: part.replace(/[^\x20-\x7e]/g, '.'),
    });
  }
  return { lines, left: Math.max(octets.length - most, 0) };
}
