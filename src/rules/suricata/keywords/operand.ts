import type { Operand } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import { type CheckRun, PAYLOAD, type RuleContext } from '../lower/context.js';
import { parseSigned } from './number.js';

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * A number between two bounds, or a variable that `byte_extract` or `byte_math` set before. What was set in the payload can be used
 * in the payload alone: buffers are looked at before it. Reports and gives `null` else.
 */
export function readOperand(
  text: string,
  min: number,
  max: number,
  cx: RuleContext,
  span: Span,
  run: CheckRun,
): Operand | null {
  const trimmed = text.trim();
  if (NAME.test(trimmed)) {
    const buffer = cx.variables.get(trimmed);
    if (buffer !== undefined && (buffer === run.condition.buffer || buffer !== PAYLOAD)) return trimmed;
    cx.report(
      'variable/unknown',
      span,
      buffer === undefined
        ? `nothing before this sets \`${trimmed}\``
        : `\`${trimmed}\` is set in \`${buffer}\`, this looks into \`${run.condition.buffer}\``,
      'set it with `byte_extract` or `byte_math` earlier in the rule, in the same buffer',
    );
    return null;
  }
  const value = parseSigned(trimmed);
  if (value === null || value < min || value > max) {
    cx.report(
      'keyword/value',
      span,
      `\`${trimmed}\` is not a number from ${min} to ${max}`,
      'write a number in that range or a variable',
    );
    return null;
  }
  return value;
}

/** The commas of a value, blanks around them removed. */
export function splitCommas(value: string): string[] {
  if (!value.includes(',')) return [value.trim()];
  const parts: string[] = [];
  for (let from = 0; ; ) {
    const comma = value.indexOf(',', from);
    parts.push(value.slice(from, comma < 0 ? value.length : comma).trim());
    if (comma < 0) return parts;
    from = comma + 1;
  }
}

/** True for a name rules may give a variable. */
export function isName(text: string): boolean {
  return NAME.test(text);
}
