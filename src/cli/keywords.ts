import type { Catalog } from '../generated/catalog.js';
import { type KeywordEntry, keywords } from '../rules/suricata/index.js';

/** The keywords rules may use here. */
export function keywordList(catalog: Catalog): readonly KeywordEntry[] {
  return keywords(catalog).filter(({ supported }) => supported);
}
