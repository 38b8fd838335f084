import type { KeyMarks } from '../model/marks.js';
import type { PageOverview } from '../model/overview.js';
import type { Marker } from './marks-panel.js';
import type { PageSource } from './page-source.js';

/** What every view gets. */
export interface ViewProps {
  readonly source: PageSource;
  readonly overview: PageOverview;
  readonly marks: ReadonlyMap<string, KeyMarks>;
  readonly mark: Marker;
  readonly parameters: URLSearchParams;
  /** Grows whenever there is something new. */
  readonly version: number;
}
