import type { Source } from '../../../source/source.js';
import type { Span } from '../../../source/span.js';
import { ruleLines } from '../syntax/lines.js';

/** A line of a settings file. */
export interface SettingLine {
  readonly text: string;
  /** In the file. */
  readonly span: Span;
}

/** The lines of a settings file that say something: they are continued and commented as rules are. */
export function* settingLines(source: Source): Generator<SettingLine, void, undefined> {
  for (const line of ruleLines(source)) {
    yield { text: line.text, span: line.inFile({ start: 0, end: line.text.length }) };
  }
}
