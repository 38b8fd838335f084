import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorpusResult } from './job.js';
import { corpusResult } from './shape.js';

const RECORD = 'result.json';

/**
 * The results of a corpus: a folder for each key, which appears whole or not at all. Results are spread over folders by the
 * last two digits of their key, so that no folder holds a million names.
 */
export class ResultStore {
  constructor(readonly folder: string) {}

  /** Where the result of a key is, or will be. */
  folderOf(key: string): string {
    return join(this.folder, key.slice(-2), key);
  }

  /** The result of a key; `null`: there is none. */
  read(key: string): CorpusResult | null {
    const path = join(this.folderOf(key), RECORD);
    return existsSync(path) ? corpusResult(readFileSync(path, 'utf8'), path) : null;
  }

  /** A new folder that nobody else writes into, beside the results. */
  draft(key: string, worker: string): string {
    const folder = join(this.folder, 'drafts', `${key}.${worker}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Puts a draft in its place. Where another worker was faster, its result stays, and is what is given back. */
  publish(draft: string, result: CorpusResult): CorpusResult {
    writeFileSync(join(draft, RECORD), `${JSON.stringify(result, null, 2)}\n`);
    const place = this.folderOf(result.key);
    mkdirSync(join(place, '..'), { recursive: true });
    try {
      renameSync(draft, place);
      return result;
    } catch (error) {
      const faster = this.read(result.key);
      if (faster === null) throw error;
      rmSync(draft, { recursive: true, force: true });
      return faster;
    }
  }

  /** Every result, by key within each folder. */
  *all(): Generator<CorpusResult> {
    for (const group of names(this.folder).filter((name) => name !== 'drafts'))
      for (const key of names(join(this.folder, group))) {
        const result = this.read(key);
        if (result) yield result;
      }
  }
}

/** The names in a folder, in order; none where there is no folder. */
export function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
