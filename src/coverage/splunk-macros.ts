import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseDocuments, Reporter } from '../sigma/document.js';
import { textOf } from '../sigma/values.js';
import { Source } from '../source/source.js';

/** The macros that lie beside Splunk's rules: `macros/NAME.yml` in a directory above them, with a `definition`. */
export class SplunkMacros {
  /** The folder of macros by directory of rules; `null` where there is none. */
  readonly #folders = new Map<string, string | null>();
  readonly #definitions = new Map<string, string | null>();

  /** What a macro stands for in the rules of a file; `null` when that is not known. */
  definition(ruleFile: string, name: string): string | null {
    // With arguments it is a text with places to fill.
    if (!/^\w+$/.test(name)) return null;
    const folder = this.#folder(dirname(resolve(ruleFile)));
    if (folder === null) return null;
    const path = join(folder, `${name}.yml`);
    const known = this.#definitions.get(path);
    if (known !== undefined) return known;
    const found = readDefinition(path);
    this.#definitions.set(path, found);
    return found;
  }

  #folder(directory: string): string | null {
    const known = this.#folders.get(directory);
    if (known !== undefined) return known;
    const own = join(directory, 'macros');
    const above = dirname(directory);
    const isThere = statSync(own, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const found = isThere ? own : above === directory ? null : this.#folder(above);
    this.#folders.set(directory, found);
    return found;
  }
}

function readDefinition(path: string): string | null {
  if (!(statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)) return null;
  const [map] = parseDocuments(new Reporter(new Source(path, readFileSync(path)), () => {}));
  return map ? textOf(map, 'definition') : null;
}
