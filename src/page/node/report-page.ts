import { gzipSync } from 'node:zlib';
import type { CoverageTable } from '../model/coverage.js';
import type { PageTitle, ReportHead } from '../model/document.js';
import { pageAssets, pageHtml, reportPolicy } from './assets.js';
import { chooseRows, type PageBudget } from './choose.js';
import type { EveStore } from './eve-store.js';
import type { KnownRules } from './known-rules.js';

/** What a report is made of, beside its events. */
export interface ReportParts {
  readonly about: PageTitle;
  readonly rules: KnownRules;
  readonly coverage: CoverageTable;
  readonly budget: PageBudget;
  /** How far rules came on each flow, by signature id. */
  readonly explained: ReadonlyMap<number, readonly string[]>;
}

/** A page with everything inside, and how much that is. */
export interface ReportPage {
  readonly html: string;
  readonly events: number;
  /** Of these, in the page. */
  readonly kept: number;
}

/** Makes one page of the events of a store. */
export async function reportPage(
  store: EveStore,
  { about, rules, coverage, budget, explained }: ReportParts,
): Promise<ReportPage> {
  const lines: string[] = [];
  for (const { segment, rows } of chooseRows(store.segments, budget)) lines.push(...(await segment.lines(rows)));
  const { overview } = store;
  const head: ReportHead = {
    about,
    overview,
    rules: overview.groups
      .flatMap(({ gid, sid }) => rules.text(gid, sid) ?? [])
      .filter(isFirst)
      .map((rule) => {
        const lines = explained.get(rule.sid);
        return lines === undefined ? rule : { ...rule, explained: lines };
      }),
    coverage,
    kept: lines.length,
  };
  const text = [JSON.stringify(head), ...lines].join('\n');
  const assets = pageAssets();
  const html = pageHtml(assets, {
    title: `sidewire: ${about.title}`,
    policy: reportPolicy(assets),
    data: gzipSync(text).toString('base64'),
  });
  return { html, events: overview.events, kept: lines.length };
}

function isFirst<Item>(item: Item, index: number, all: readonly Item[]): boolean {
  return all.indexOf(item) === index;
}
