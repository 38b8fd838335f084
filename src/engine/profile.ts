import type { RuleCost, RuleProfile } from '../generated/profile.js';

export type { RuleCost, RuleProfile };

/** Patterns shorter than this are met in most traffic. */
const SHORT = 4;
/** Checks from which on advice is worth having. */
const MANY = 100;
/** A rule that seldom holds where it is tried. */
const SELDOM = 0.01;
/** Microseconds a check that cost this much is slow. */
const SLOW_US = 20;

/**
 * What would make a rule cheaper, from what it cost; `null` when nothing stands out. Only what the figures show: the texts of the
 * rules are not judged.
 */
export function costAdvice(cost: RuleCost): string | null {
  const wasted = cost.checks >= MANY && cost.matches / cost.checks < SELDOM;
  if (wasted && cost.pattern === undefined)
    return 'it has no content to look for beforehand: add one, or ports, flow, flags or flowbits that seldom hold';
  if (wasted && cost.pattern_length < SHORT)
    return `"${cost.pattern}" is met often: give fast_pattern to a longer or rarer content`;
  if (cost.us / cost.checks > SLOW_US)
    return 'each check takes long: put contents before pcre, bound them (depth, within), and name a smaller buffer';
  if (wasted) return `"${cost.pattern}" is met often and the rest seldom holds: give fast_pattern to another content`;
  return null;
}
