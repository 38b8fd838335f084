import { ConfigError } from './error.js';
import { type ConfigMap, emptyMap, type Place, setPath } from './node.js';

/** The place of what the command line says. */
export const COMMAND_LINE: Place = { file: 'command line', line: 0, column: 0 };

/**
 * Applies one `--set key=value`.
 * @throws {ConfigError} without a `=`
 */
export function applySet(config: ConfigMap, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals < 1)
    throw new ConfigError(`--set "${assignment}" has no value`, null, 'Write it as --set stream.midstream=yes.');
  const path = assignment.slice(0, equals).trim().split('.');
  setPath(config, path, { kind: 'scalar', text: assignment.slice(equals + 1).trim(), place: COMMAND_LINE });
}

/** A tree that holds nothing but what the command line will say. */
export function commandLineConfig(): ConfigMap {
  return emptyMap(COMMAND_LINE);
}
