import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../package.js';

/** The rule files that come with sidewire. */
export function shippedRules(): string[] {
  const folder = join(PACKAGE_FOLDER, 'rules');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rules'))
    .sort()
    .map((name) => join(folder, name));
}

/** The Sigma rules that come with sidewire: a directory of them. */
export function shippedSigmaRules(): string[] {
  return [join(PACKAGE_FOLDER, 'rules', 'sigma')];
}
