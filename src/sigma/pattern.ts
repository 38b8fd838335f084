import type { PatternPiece, TextPattern } from '../generated/sigma.js';

/**
 * The pieces of a text with wildcards: `*` is any number of characters, `?` one. A backslash before a wildcard or a backslash
 * takes its meaning away; any other backslash is one. So `\\127` and `\127` are the same, and `\\*` is a backslash and a wildcard.
 */
export function parsePattern(text: string): PatternPiece[] {
  const pieces: PatternPiece[] = [];
  let literal = '';
  const flush = (piece: PatternPiece): void => {
    if (literal !== '') pieces.push({ text: literal });
    literal = '';
    pieces.push(piece);
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const next = text[at + 1];
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += next;
      at += 1;
    } else if (character === '*') {
      // Several are one.
      if (literal !== '' || pieces.at(-1) !== 'any') flush('any');
    } else if (character === '?') flush('one');
    else literal += character;
  }
  if (literal !== '') pieces.push({ text: literal });
  return pieces;
}

/** Where in a value a pattern may stand. */
export type Place = 'whole' | 'start' | 'end' | 'inside';

/** A pattern that begins or ends anywhere. */
export function placed(pieces: readonly PatternPiece[], place: Place): TextPattern {
  const open = (piece: PatternPiece | undefined) => piece !== 'any';
  const before = (place === 'end' || place === 'inside') && open(pieces[0]);
  const behind = (place === 'start' || place === 'inside') && open(pieces.at(-1));
  const whole: PatternPiece[] = [...(before ? (['any'] as const) : []), ...pieces];
  return behind && open(whole.at(-1)) ? [...whole, 'any'] : whole;
}

/** The text of a pattern without wildcards; `null` when it has some. */
export function plainText(pieces: readonly PatternPiece[]): string | null {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') return null;
    text += piece.text;
  }
  return text;
}
