import { readFileSync } from 'node:fs';
import type { Catalog } from '../../generated/catalog.js';

let loaded: Catalog | null = null;

/** The catalog of the engine this package was built with: written by the build, read once. */
export function loadCatalog(): Catalog {
  loaded ??= JSON.parse(readFileSync(new URL('../../generated/catalog.json', import.meta.url), 'utf8')) as Catalog;
  return loaded;
}
