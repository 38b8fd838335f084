import * as v from 'valibot';
import { ConfigError } from './error.js';
import { type ConfigMap, nearest, toPlain } from './node.js';

/**
 * Gives the values of a configuration the meaning that a schema says.
 * @throws {ConfigError} naming the first value that has none, and its place
 */
export function parseAs(schema: v.GenericSchema, config: ConfigMap): unknown {
  const result = v.safeParse(schema, toPlain(config));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => key as PropertyKey);
  const message = issue.message.startsWith('must be') ? issue.message : `has the wrong shape: ${issue.message}`;
  throw new ConfigError(`${path.map(String).join('.')} ${message}`, nearest(config, path).place, '');
}
