import type { Threshold, Track } from '../../../generated/ir.js';

/** A classtype of classification.config. */
export interface Classification {
  readonly description: string;
  readonly priority: number;
}

/** A `threshold`, `event_filter` or `suppress` line: whom it is for. 0 stands for every generator or signature. */
export interface GlobalThreshold {
  readonly gid: number;
  readonly sid: number;
  readonly threshold: Threshold;
}

/** A `suppress` line. */
export interface GlobalSuppression {
  readonly gid: number;
  readonly sid: number;
  readonly track: Track;
  /** Address expression as written; `null`: every address. */
  readonly addresses: string | null;
}

/** What the rules of a set are compiled against. */
export interface Settings {
  readonly addressVariables: ReadonlyMap<string, string>;
  readonly portVariables: ReadonlyMap<string, string>;
  /** By lower-case short name. `null`: no classification.config was given, and every classtype is taken. */
  readonly classifications: ReadonlyMap<string, Classification> | null;
  /** Prefix by lower-case kind. `null`: no reference.config was given, and every kind is taken. */
  readonly references: ReadonlyMap<string, string> | null;
  readonly thresholds: readonly GlobalThreshold[];
  readonly suppressions: readonly GlobalSuppression[];
  /** Version `requires` compares with. */
  readonly version: readonly [number, number, number];
  /** Lower-case features `requires` may ask for. */
  readonly features: ReadonlySet<string>;
  /** The text of a list that a rule of a file names; `null` when there is none. */
  readList(name: string, ruleFile: string): string | null;
}
