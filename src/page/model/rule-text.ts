/** One option of a rule, or its header. */
export interface RuleOption {
  readonly name: string;
  readonly value?: string;
  /** What the keyword means, in a sentence. */
  readonly doc?: string;
}

/** A rule as it is shown. */
export interface RuleText {
  readonly gid: number;
  readonly sid: number;
  /** Everything in front of the options. */
  readonly header: string;
  readonly options: readonly RuleOption[];
  /** How far it came on each flow, a line each; absent when that was not asked for. */
  readonly explained?: readonly string[];
}
