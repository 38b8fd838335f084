import { type Diagnostic as AnyDiagnostic, type CodeTable, placed } from '../diagnostics/diagnostic.js';

/** Every code a diagnostic about a Sigma rule may carry, how much it matters and what it is about. */
export const CODES = {
  'sigma/yaml': ['error', 'The file is no YAML.'],
  'sigma/document': ['error', 'A document is no Sigma rule, correlation or filter.'],
  'sigma/title': ['error', 'A rule has no title.'],
  'sigma/no-id': ['note', 'A rule has no id; one is made of its text.'],
  'sigma/id': ['warning', 'An id is no UUID.'],
  'sigma/duplicate': ['warning', 'Several rules have the same id; the first stays.'],
  'sigma/level': ['warning', 'The level is none of the five.'],
  'sigma/status': ['warning', 'The status is none of the five.'],
  'sigma/logsource': ['error', 'The log source cannot be read.'],
  'sigma/logsource-list': [
    'warning',
    'A log source names a list, which is not in the specification; any of it will do.',
  ],
  'sigma/logsource-unknown': [
    'warning',
    'Neither an event log nor traffic is of this log source: the rule applies to nothing.',
  ],
  'sigma/field-missing': ['warning', 'No event about traffic has a field that a rule on traffic asks for.'],
  'sigma/detection': ['error', 'The detection cannot be read.'],
  'sigma/identifier': ['error', 'The condition names a search identifier that is not there.'],
  'sigma/unused': ['warning', 'No condition names the search identifier.'],
  'sigma/condition': ['error', 'The condition cannot be read.'],
  'sigma/aggregation': ['error', 'Conditions with `|` are not part of Sigma any more; correlations took their place.'],
  'sigma/modifier': ['error', 'There is no such modifier, or it does not go with the others.'],
  'sigma/value': ['error', 'The modifier cannot be applied to the value.'],
  'sigma/placeholder': ['warning', 'A placeholder has no values: the test never holds.'],
  'sigma/timeframe': ['warning', '`timeframe` has no effect without an aggregation.'],
  'sigma/retired': ['note', 'ATT&CK has retired the technique.'],
  'sigma/correlation': ['error', 'The correlation cannot be read.'],
  'sigma/rule': ['error', 'The correlation or filter names a rule that is not there.'],
  'sigma/filter': ['error', 'The filter cannot be read.'],
} as const satisfies CodeTable;

export type Code = keyof typeof CODES;

/** Something to say about a Sigma rule. */
export type Diagnostic = AnyDiagnostic<Code>;

/** Gives a finding its place. */
export const diagnostic = placed(CODES);
