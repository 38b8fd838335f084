import { Source } from '../../source/source.js';
import { type CompileOptions, makeCompiler } from './compile.js';
import type { Origins } from './lower/context.js';
import { lowerRule } from './lower/rule.js';
import { BatchSetTable } from './lower/sets.js';
import { RuleLine } from './syntax/lines.js';
import { parseRule } from './syntax/parse.js';

/** Parts of a rule that an evaluation may fail at, beside its conditions. */
export type RulePart = 'protocol' | 'address' | 'port' | 'flow';

/** The texts that a rule's parts were written as. */
export interface RuleOrigins {
  /** A part of the header, or the `flow` option. */
  part(part: RulePart): string | undefined;
  /** A condition, or a check inside it, by the positions they have in the IR. A content with its modifiers. */
  condition(condition: number, check?: number): string | undefined;
}

/** Reads a rule once more, to say what its conditions and checks were written as. `null` when it cannot be read. */
export function ruleOrigins(text: string, options: CompileOptions = {}): RuleOrigins | null {
  const { rule: node } = parseRule(text);
  if (node === null) return null;
  const origins: Origins = new Map();
  const line = new RuleLine(new Source('', text), text, [{ at: 0, offset: 0 }]);
  const lowered = lowerRule(
    line,
    makeCompiler(options, () => {}),
    new BatchSetTable(),
    origins,
  );
  if (lowered.outcome !== 'loaded') return null;
  const { conditions } = lowered.rule;
  const { protocol, source, sourcePort, direction, destination, destinationPort } = node.header;
  const flow = node.options.find(({ name }) => name.text.toLowerCase() === 'flow');
  return {
    part(part) {
      if (part === 'protocol') return protocol.text;
      if (part === 'address') return `${source.text} ${direction.text} ${destination.text}`;
      if (part === 'port') return `${sourcePort.text} ${direction.text} ${destinationPort.text}`;
      return flow === undefined ? undefined : `flow:${flow.value?.text}`;
    },
    condition(at, check) {
      const condition = conditions[at];
      if (condition === undefined) return undefined;
      const checks = 'checks' in condition ? condition.checks : [];
      const inside = check === undefined ? undefined : checks[check];
      const span = origins.get(inside ?? condition);
      return span === undefined ? undefined : text.slice(span.start, span.end);
    },
  };
}
