import type { CoverageTable } from './coverage.js';
import type { PageOverview } from './overview.js';
import type { RuleText } from './rule-text.js';

/** What a page is about. */
export interface PageTitle {
  /** In a few words: names of captures, or the directory. */
  readonly title: string;
  /** When it was made; ISO 8601. */
  readonly made: string;
  /** Version of sidewire. */
  readonly release: string;
  /** Captures, logs or EVE files that it was made of. */
  readonly inputs: readonly string[];
  /** What went wrong or was left out when it was made. */
  readonly remarks: readonly string[];
}

/** The first line of a report's data; EVE lines follow. */
export interface ReportHead {
  readonly about: PageTitle;
  readonly overview: PageOverview;
  /** Rules that alerted. */
  readonly rules: readonly RuleText[];
  readonly coverage: CoverageTable;
  /** Lines that follow, of `overview.events`. */
  readonly kept: number;
}

/** What a page that is served knows before it asks for anything. */
export interface ServedHead {
  readonly about: PageTitle;
  readonly coverage: CoverageTable;
  /** Events that are counted and no longer kept. */
  readonly left: number;
}
