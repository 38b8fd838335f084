import { readFileSync } from 'node:fs';

/**
 * The rule a line of a file belongs to, as one line, and where it begins. `texts` keeps the files that were read; of one that
 * cannot be read there is no text.
 */
export function ruleAt(texts: Map<string, string[]>, file: string, line: number): { text: string; line: number } {
  let lines = texts.get(file);
  if (lines === undefined) {
    try {
      lines = readFileSync(file, 'utf8').split('\n');
    } catch {
      lines = [];
    }
    texts.set(file, lines);
  }
  const goesOn = (index: number) => /\\\s*$/.test(lines[index] ?? '');
  let start = line - 1;
  while (goesOn(start - 1)) start -= 1;
  let end = start;
  while (goesOn(end)) end += 1;
  const text = lines.slice(start, end + 1).map((part) => part.replace(/\\\s*$/, ''));
  return { text: text.join('').trim(), line: start + 1 };
}
