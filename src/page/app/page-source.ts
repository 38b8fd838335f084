import type { EventPage } from '../model/answer.js';
import type { CoverageTable } from '../model/coverage.js';
import type { PageTitle } from '../model/document.js';
import type { PageMark } from '../model/marks.js';
import type { PageOverview } from '../model/overview.js';
import type { EventQuery } from '../model/query.js';
import type { RuleText } from '../model/rule-text.js';

/** What a page that is made of a file and one that is served have in common. */
export interface PageSource {
  readonly about: PageTitle;
  readonly coverage: CoverageTable;
  /** Events that were counted and that the page has no line of. */
  readonly left: number;
  /** Marks are kept; else they are gone with the page. */
  readonly keepsMarks: boolean;
  overview(): Promise<PageOverview>;
  events(query: EventQuery, before?: number): Promise<EventPage>;
  /** Lines between two hosts that a ladder is made of, in the order of time, and how many more there are. */
  conversation(one: string, other: string): Promise<{ readonly lines: readonly string[]; readonly left: number }>;
  rule(gid: number, sid: number): Promise<RuleText | null>;
  marks(): Promise<readonly PageMark[]>;
  mark(mark: Omit<PageMark, 'made'>): Promise<void>;
  /** Calls back when there is something new. */
  listen(changed: () => void, state: (isLive: boolean) => void): void;
}
