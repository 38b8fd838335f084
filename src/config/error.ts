import type { Place } from './node.js';

/** A configuration that cannot be used: what is wrong, where, and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config';

  constructor(
    readonly problem: string,
    readonly place: Place | null,
    readonly help: string,
  ) {
    super(`${place ? `${showPlace(place)}: ` : ''}${problem}${help ? `\n  ${help}` : ''}`);
  }
}

/** `file:line:column`; the file alone when there is no line. */
export function showPlace({ file, line, column }: Place): string {
  return line > 0 ? `${file}:${line}:${column}` : file;
}
