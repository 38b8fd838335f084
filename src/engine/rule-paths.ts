import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './error.js';

/**
 * A file, or those of a directory and of the directories in it, by name. Links are followed to files alone: no ring.
 * @throws {EngineError} `rules/unreadable`
 */
export function filesAt(path: string): { readonly isDirectory: boolean; readonly files: readonly string[] } {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file or directory' : message;
    throw new EngineError('rules/unreadable', `${path}: ${reason}`, { cause: error });
  }
  return { isDirectory, files: isDirectory ? inDirectory(path) : [path] };
}

function inDirectory(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return inDirectory(path);
    const isFile = entry.isFile() || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
    return isFile ? [path] : [];
  });
}
