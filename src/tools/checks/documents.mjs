// Documents name files; files move. A path that a document names must exist.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../shell.mjs';

/** Documents that say what is: not the history of what was. */
const DOCUMENTS = /^(?:[A-Z]+\.md|docs\/.*\.md)$/;
const HISTORY = new Set(['CHANGELOG.md', 'native/THIRD_PARTY_NOTICES.md']);
/** Folders at the top of the checkout: a word in backquotes that begins with one is a path. */
const TOP = /^(?:src|native|test|bench|docs|rules|pcaps|examples)\/[\w./-]+$/;

export const documentPaths = {
  name: 'paths in documents',
  about: 'a file or folder that a document names exists',
  find({ texts }) {
    return Object.entries(texts)
      .filter(([path]) => DOCUMENTS.test(path) && !HISTORY.has(path))
      .flatMap(([path, text]) =>
        [...text.matchAll(/`([^`\n]+)`|\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map(([, quoted, link]) => quoted ?? link)
          .filter(
            (name) =>
              TOP.test(name) && !/[A-Z]{3,}/.test(name.replace(/\.[A-Z]+$/, '')) && !existsSync(join(ROOT, name)),
          )
          .map((name) => `${path} names ${name}`),
      );
  },
};
