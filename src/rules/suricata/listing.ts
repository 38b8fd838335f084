import type { Catalog } from '../../generated/catalog.js';
import { CatalogIndex } from './catalog/catalog.js';
import { loadCatalog } from './catalog/load.js';
import { suricataFamily, suricataKeywords } from './catalog/suricata.js';
import { KeywordTable } from './keywords/index.js';
import type { Example, NamedChoice } from './keywords/keyword.js';

/** A keyword as listings show it. */
export interface KeywordEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly family: string;
  /** One sentence; empty for what is not supported. */
  readonly doc: string;
  /** False: Suricata has it, this engine not yet. */
  readonly supported: boolean;
  /** What the value may name, where that is a list of the engine's own. */
  readonly values: readonly NamedChoice[];
  readonly examples: readonly Example[];
}

/** Every keyword, by family and name: those the engine has, and those of Suricata it does not have yet. */
export function keywords(catalog: Catalog = loadCatalog()): readonly KeywordEntry[] {
  const table = new KeywordTable(new CatalogIndex(catalog));
  const names = new Map<string, string[]>();
  for (const name of table.names()) {
    const main = table.get(name)?.name ?? name;
    const list = names.get(main);
    if (list === undefined) names.set(main, name === main ? [] : [name]);
    else if (name !== main) list.push(name);
  }
  const entries: KeywordEntry[] = table.list().map((keyword) => ({
    name: keyword.name,
    aliases: (names.get(keyword.name) ?? []).sort(),
    family: keyword.family,
    doc: keyword.doc,
    supported: true,
    values: keyword.values?.(catalog).map(({ name, doc }) => ({ name, doc })) ?? [],
    examples: keyword.examples,
  }));
  for (const name of suricataKeywords()) {
    if (table.has(name)) continue;
    const family = suricataFamily(name) ?? '';
    entries.push({ name, aliases: [], family, doc: '', supported: false, values: [], examples: [] });
  }
  return entries.sort((a, b) => compare(a.family, b.family) || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
