// What was done for which content: a step is skipped when nothing it reads has changed since it last succeeded.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './shell.mjs';

const STAMPS = join(ROOT, '.sidewire', 'stamps');
const SKIPPED = new Set(['node_modules', 'target', 'dist', '.git', '.sidewire']);

/** All files below the paths given (files or folders, relative to the checkout), sorted; `keep` chooses by name. */
export function files(paths, keep = () => true) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) if (!SKIPPED.has(name)) visit(join(path, name));
    } else if (keep(path)) found.push(path);
  };
  for (const path of paths) visit(join(ROOT, path));
  return found.sort();
}

/** A digest over names and contents, and over whatever else decides the result (`more`). */
export function digest(list, more = '') {
  const hash = createHash('sha256').update(more);
  for (const path of list) hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/** Whether the step's last success was for this digest. */
export function isDone(step, value) {
  const path = join(STAMPS, step);
  return existsSync(path) && readFileSync(path, 'utf8') === value;
}

/** Records a success. */
export function setDone(step, value) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, step), value);
}
