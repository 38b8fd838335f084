import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../../generated/catalog.js';
import { PACKAGE_FOLDER } from '../../../package.js';

/** Where the catalog is: in a checkout, or in what is published. */
const PLACES = ['src/generated/catalog.json', 'dist/generated/catalog.json'].map((path) => join(PACKAGE_FOLDER, path));

let loaded: Catalog | null = null;

/** The catalog of the engine this package was built with: written by the build, read once. */
export function loadCatalog(): Catalog {
  loaded ??= JSON.parse(readFileSync(PLACES.find(existsSync) ?? '', 'utf8')) as Catalog;
  return loaded;
}
