import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The rule files that come with sidewire. */
export function shippedRules(): string[] {
  const folder = fileURLToPath(new URL('../../rules', import.meta.url));
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rules'))
    .sort()
    .map((name) => join(folder, name));
}
