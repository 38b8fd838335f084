import { join } from 'node:path';
import { nativeFolder } from './native.js';

/** File name of the Vectorscan library that may lie beside the addon. */
const VECTORSCAN = 'libhs.so.5';

/** The Vectorscan library beside the addon goes before the system's. */
export function vectorscanLibraries(): string[] {
  const folder = nativeFolder();
  return folder === null ? [] : [join(folder, VECTORSCAN)];
}
