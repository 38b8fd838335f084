// Commands of a checkout start before anything is installed: what they import statically is Node's own, or the project's.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const IMPORT = /^(?:import|export)\b[^;]*?from '([^']+)'|^import '([^']+)'/gm;

/** Packages in the static imports of a module and of what it imports, each with the module that names it. */
function packages(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].flatMap(([, from, alone]) => {
    const name = from ?? alone ?? '';
    if (name.startsWith('.')) return packages(join(dirname(path), name), seen);
    return name.startsWith('node:') ? [] : [`${relative(ROOT, path)} imports ${name}`];
  });
}

describe('a fresh clone', () => {
  it.each(Object.entries(scripts))('starts `npm run %s` with nothing installed', (_name, command) => {
    const file = /^node (\S+\.mjs)/.exec(command)?.[1];
    expect(file).toBeDefined();
    expect(packages(join(ROOT, file ?? ''))).toEqual([]);
  });

  it('would show a package that a tool imports', () => {
    expect(packages(join(ROOT, 'src/tools/checks/index.mjs'))).toContain(
      'src/tools/checks/tree.mjs imports rolldown/parseAst',
    );
  });
});
