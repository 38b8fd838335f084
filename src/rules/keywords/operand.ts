import type { Operand } from '../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Span } from '../syntax/ast.js';
import { parseSigned } from './number.js';

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** A number between two bounds, or a variable that `byte_extract` or `byte_math` set before. Reports and gives `null` else. */
export function readOperand(text: string, min: number, max: number, cx: RuleContext, span: Span): Operand | null {
  const trimmed = text.trim();
  if (NAME.test(trimmed)) {
    if (cx.variables.has(trimmed)) return trimmed;
    cx.report(
      'variable/unknown',
      span,
      `nothing before this sets \`${trimmed}\``,
      'put the `byte_extract` or `byte_math` that sets it earlier in the rule',
    );
    return null;
  }
  const value = parseSigned(trimmed);
  if (value === null || value < min || value > max) {
    cx.report('keyword/value', span, `\`${trimmed}\` is not a number from ${min} to ${max}`, 'write a number in that range or a variable');
    return null;
  }
  return value;
}

/** The commas of a value, blanks around them removed. */
export function splitCommas(value: string): string[] {
  return value.split(',').map((part) => part.trim());
}

/** True for a name rules may give a variable. */
export function isName(text: string): boolean {
  return NAME.test(text);
}
