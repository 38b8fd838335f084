/** The members of a JSON object. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** The members of an object; of anything else, none: a file may hold what it likes. */
export function membersOf(value: unknown): JsonMembers {
  return typeof value === 'object' && value !== null ? (value as JsonMembers) : {};
}

/** A text; anything else is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Characters of a text that things are found and counted by. */
const MOST_CHARACTERS = 512;

/** A text that is kept for every event or group: never longer than names are. */
export function nameOf(value: unknown): string {
  return textOf(value).slice(0, MOST_CHARACTERS);
}

/** A number; anything else is 0. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Texts of one list that are kept. */
const MOST_TEXTS = 64;

/** The texts of a list, at most {@link MOST_TEXTS}. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MOST_TEXTS).filter((item) => typeof item === 'string') : [];
}

/** The object that a line of JSON is; `null` where it is none. */
export function parsedLine(line: string): JsonMembers | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMembers) : null;
  } catch {
    return null;
  }
}

/** The objects that lines of JSON are; other lines are passed over. */
export function parsedLines(lines: readonly string[]): JsonMembers[] {
  return lines.flatMap((line) => {
    const event = parsedLine(line);
    return event === null ? [] : [event];
  });
}
