import type { Catalog } from '../../../generated/catalog.js';
import type { Span } from '../../../source/span.js';
import type { Code } from '../codes.js';
import type { RuleContext } from '../lower/context.js';

/** An option of a rule as its keyword sees it. */
export interface Option {
  /** As the rule wrote it, lower case. */
  readonly name: string;
  /** The value without quotes and without the `!` of a negation; empty without one. */
  readonly value: string;
  /** Where the value stands; the option itself when it has none. */
  readonly span: Span;
  /** A `!` stood before the value. */
  readonly negated: boolean;
}

/** Something the value of a keyword may name. */
export interface NamedChoice {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
}

/** An example: it is shown to people and run as a test. */
export interface Example {
  /** Options beside `msg` and `sid`. */
  readonly options: string;
  /** Protocol of the rule; `tcp` without. */
  readonly protocol?: string;
  /** Payloads or buffers the rule must fire on. */
  readonly hits?: readonly string[];
  /** And those it must not. */
  readonly misses?: readonly string[];
  /** The diagnostic the rule must be refused with. */
  readonly error?: Code;
}

/** A keyword. One object says what it takes, what it means and how it is shown. */
export interface Keyword {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** For listings: `payload`, `flow`, `rule`, `header`, `event`, `dcerpc`, `http`, `transform`. */
  readonly family: string;
  /** One sentence. */
  readonly doc: string;
  readonly value: 'none' | 'optional' | 'required';
  /** Whether the value stands in double quotes. `kept`: they may be there and belong to the keyword's own grammar. */
  readonly quotes?: 'required' | 'allowed' | 'kept';
  /** `!` before the value negates. */
  readonly negatable?: boolean;
  /** What of the catalog it stands on; without that the keyword does not exist. */
  readonly needs?: { readonly field: string } | { readonly protocol: string } | { readonly buffer: string };
  /** What the value may name, where that is a list of the engine's own. */
  values?(catalog: Catalog): readonly NamedChoice[];
  readonly examples: readonly Example[];
  lower(option: Option, cx: RuleContext): void;
}
