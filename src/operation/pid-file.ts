import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';

/** Writes the process's number to a file; gives what removes it again. A file of a process that is gone gives way. */
export function writePidFile(path: string): () => void {
  const text = `${process.pid}\n`;
  try {
    // `wx`: it must not be there, and links are not followed.
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = Number(readFileSync(path, 'utf8').trim());
    if (!Number.isInteger(other) || other <= 0 || isAlive(other))
      throw new Error(`${path} is there, of process ${other || '?'}: end that, or remove the file`);
    unlinkSync(path);
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
  }
  return () => {
    try {
      if (readFileSync(path, 'utf8') === text) unlinkSync(path);
    } catch {
      // Somebody else has removed it.
    }
  };
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
