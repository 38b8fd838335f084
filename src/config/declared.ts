import { isAbsolute, join } from 'node:path';
import type { SettingRow } from '../generated/catalog.js';
import { ConfigError } from './error.js';
import { octets, truth } from './values.js';

/** Where settings that the engine declares stand in a configuration, and what they are read for. */
export interface DeclaredPlace {
  /** The path of what has them: `outputs.1.eve-log`. */
  readonly path: string;
  /** Folder that relative paths are below. */
  readonly logDir: string;
}

/**
 * The values of what declares its settings in the engine, each as the engine reads it; `given` are texts by their keys.
 * @throws {ConfigError} when a text has no meaning, or a setting that must have a value has none
 */
export function resolveDeclared(
  rows: readonly SettingRow[],
  given: Readonly<Record<string, string>>,
  place: DeclaredPlace,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const row of rows) {
    const text = given[row.key] || row.usual;
    if (text) values[row.key] = written(row, text, place);
    else if (row.required) throw new ConfigError(`${place.path}.${row.key} is missing`, null, row.doc);
  }
  return values;
}

/** A text as the engine reads it. */
function written(row: SettingRow, text: string, { path, logDir }: DeclaredPlace): string {
  const { kind } = row;
  const value = (what: string, read: string | null): string => {
    if (read !== null) return read;
    throw new ConfigError(`${path}.${row.key} must be ${what}, not "${text}"`, null, row.doc);
  };
  switch (kind.kind) {
    case 'text':
      return text;
    case 'path':
      return isAbsolute(text) ? text : join(logDir, text);
    case 'flag': {
      const flag = truth(text);
      return value('yes or no', flag === null ? null : flag ? 'yes' : 'no');
    }
    case 'number': {
      const number = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
      return value(`a whole number up to ${kind.most}`, number <= kind.most ? String(number) : null);
    }
    case 'size': {
      const size = octets(text);
      return value('a size such as 64mb, 128 KiB or 4096', size === null ? null : String(size));
    }
    case 'file_mode':
      return value('three octal digits', /^0?[0-7]{3}$/.test(text) ? text : null);
    case 'span':
      return value(
        'minute, hour, day or a span such as 30m, 6h, 1d',
        /^(minute|hour|day|[1-9]\d{0,8}[smhdw])$/.test(text) ? text : null,
      );
    case 'one_of':
      return value(`one of ${kind.words.join(', ')}`, kind.words.find((word) => word === text.toLowerCase()) ?? null);
  }
}
