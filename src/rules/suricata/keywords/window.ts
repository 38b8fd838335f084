import type { Operand } from '../../../generated/ir.js';
import type { OpenContent, RuleContext } from '../lower/context.js';
import { modified } from './content.js';
import type { Keyword, Option } from './keyword.js';
import { readOperand } from './operand.js';

const MAX_ABSOLUTE = 65_535;
const MAX_RELATIVE = 1_048_576;

/** The content an `offset` or `depth` belongs to, when it may have one. */
function absolute(option: Option, cx: RuleContext): OpenContent | null {
  const target = modified(option, cx);
  if (target === null) return null;
  if (target.check.window.relative) return mixed(option, cx, '`distance` or `within`');
  if (target.startsWith) {
    cx.report(
      'keyword/twice',
      option.span,
      '`startswith` fixes the place already',
      `remove \`startswith\` or \`${option.name}\``,
      option.name,
    );
    return null;
  }
  return fastPatternAllows(option, target, cx) ? target : null;
}

/** The content a `distance` or `within` belongs to. */
function relative(option: Option, cx: RuleContext): OpenContent | null {
  const target = modified(option, cx);
  if (target === null) return null;
  const { window } = target.check;
  if (!window.relative && (window.start !== null || window.end !== null))
    return mixed(option, cx, '`offset`, `depth` or `startswith`');
  return fastPatternAllows(option, target, cx) ? target : null;
}

function mixed(option: Option, cx: RuleContext, others: string): null {
  cx.report(
    'content/mixed-window',
    option.span,
    `\`${option.name}\` cannot follow ${others}`,
    'use `offset`/`depth` to count from the beginning or `distance`/`within` to count from the last match',
    option.name,
  );
  return null;
}

function fastPatternAllows(option: Option, target: OpenContent, cx: RuleContext): boolean {
  const { kind } = target.check.fast_pattern;
  if (kind !== 'only' && !(target.check.negated && kind === 'wanted')) return true;
  cx.report(
    'content/fast-pattern',
    option.span,
    kind === 'only'
      ? '`fast_pattern:only` looks at no place'
      : 'a negated `content` with a place cannot be the fast pattern',
    kind === 'only' ? 'write `fast_pattern` without `only`' : 'give another `content` the `fast_pattern`',
    option.name,
  );
  return false;
}

/** Refuses an end before which the pattern does not fit. */
function fits(option: Option, end: Operand, target: OpenContent, cx: RuleContext): boolean {
  if (typeof end === 'string' || end >= target.length) return true;
  cx.report(
    'content/too-short',
    option.span,
    `${target.length} octets of pattern do not fit into \`${option.name}:${end}\``,
    `write at least \`${option.name}:${target.length}\``,
    option.name,
  );
  return false;
}

export const offset: Keyword = {
  name: 'offset',
  family: 'payload',
  doc: 'The `content` begins no earlier than so many octets from the beginning of the buffer.',
  value: 'required',
  lower(option, cx) {
    const target = absolute(option, cx);
    const start = target === null ? null : readOperand(option.value, 0, MAX_ABSOLUTE, cx, option.span, target.run);
    if (target !== null && start !== null) target.check.window.start = start;
  },
  examples: [
    { options: 'content:"b"; offset:1;', hits: ['ab'], misses: ['ba'] },
    { options: 'content:"b"; offset:65536;', error: 'keyword/value' },
    { options: 'content:"b"; offset:1; offset:2;', error: 'keyword/twice' },
    { options: 'content:"b"; distance:1; offset:2;', error: 'content/mixed-window' },
    { options: 'content:"b"; offset:x;', error: 'variable/unknown' },
    { options: 'offset:1;', error: 'content/missing' },
  ],
};

export const depth: Keyword = {
  name: 'depth',
  family: 'payload',
  doc: 'The `content` lies within so many octets from the beginning of the buffer, or from `offset`.',
  value: 'required',
  lower(option, cx) {
    const target = absolute(option, cx);
    const end = target === null ? null : readOperand(option.value, 0, MAX_ABSOLUTE, cx, option.span, target.run);
    if (target !== null && end !== null && fits(option, end, target, cx)) target.check.window.end = end;
  },
  examples: [
    { options: 'content:"b"; depth:2;', hits: ['ab'], misses: ['aab'] },
    { options: 'content:"b"; offset:1; depth:1;', hits: ['ab'], misses: ['b', 'aab'] },
    { options: 'content:"abc"; depth:2;', error: 'content/too-short' },
    { options: 'content:"b"; within:2; depth:2;', error: 'content/mixed-window' },
  ],
};

export const startswith: Keyword = {
  name: 'startswith',
  family: 'payload',
  doc: 'The `content` stands at the beginning of the buffer.',
  value: 'none',
  lower(option, cx) {
    const target = absolute(option, cx);
    if (target === null) return;
    const { window } = target.check;
    if (window.start !== null || window.end !== null) {
      cx.report(
        'content/mixed-window',
        option.span,
        '`startswith` fixes the place; `offset` and `depth` do too',
        'keep one of them',
        option.name,
      );
      return;
    }
    window.start = 0;
    window.end = target.length;
    target.startsWith = true;
  },
  examples: [
    { options: 'content:"ab"; startswith;', hits: ['abc'], misses: ['cab'] },
    { options: 'content:"ab"; offset:1; startswith;', error: 'content/mixed-window' },
    { options: 'content:"ab"; startswith; depth:4;', error: 'keyword/twice' },
  ],
};

export const endswith: Keyword = {
  name: 'endswith',
  family: 'payload',
  doc: 'The `content` stands at the end of the buffer.',
  value: 'none',
  lower(option, cx) {
    if (cx.content === null) {
      modified(option, cx);
      return;
    }
    cx.content.check.ends_with = true;
  },
  examples: [
    { options: 'content:"bc"; endswith;', hits: ['abc', 'bcbc'], misses: ['bcd'] },
    { options: 'endswith;', error: 'content/missing' },
  ],
};

export const distance: Keyword = {
  name: 'distance',
  family: 'payload',
  doc: 'The `content` begins no earlier than so many octets after the end of the last match; may be negative.',
  value: 'required',
  lower(option, cx) {
    const target = relative(option, cx);
    const start =
      target === null ? null : readOperand(option.value, -MAX_RELATIVE, MAX_RELATIVE, cx, option.span, target.run);
    if (target === null || start === null) return;
    target.check.window.relative = true;
    target.check.window.start = start;
  },
  examples: [
    { options: 'content:"a"; content:"b"; distance:1;', hits: ['a.b'], misses: ['ab'] },
    { options: 'content:"ab"; content:"b"; distance:-1;', hits: ['ab'], misses: ['a.b'] },
    { options: 'content:"a"; content:"b"; depth:3; distance:1;', error: 'content/mixed-window' },
    { options: 'content:"a"; distance:1048577;', error: 'keyword/value' },
  ],
};

export const within: Keyword = {
  name: 'within',
  family: 'payload',
  doc: 'The `content` ends no later than so many octets after the end of the last match.',
  value: 'required',
  lower(option, cx) {
    const target = relative(option, cx);
    const end =
      target === null ? null : readOperand(option.value, -MAX_RELATIVE, MAX_RELATIVE, cx, option.span, target.run);
    if (target === null || end === null || !fits(option, end, target, cx)) return;
    target.check.window.relative = true;
    target.check.window.end = end;
  },
  examples: [
    { options: 'content:"a"; content:"b"; within:2;', hits: ['ab', 'a.b'], misses: ['a..b'] },
    { options: 'content:"b"; offset:1; within:2;', error: 'content/mixed-window' },
    { options: 'content:"a"; content:"bcd"; within:2;', error: 'content/too-short' },
  ],
};
