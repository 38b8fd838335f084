import { SigmaRuleset } from '../engine/hunt.js';
import { Ruleset } from '../engine/ruleset.js';

/** Refuses a compiled set where text or files are due. */
export function refuseCompiled(rules: unknown): void {
  if (rules instanceof Ruleset || rules instanceof SigmaRuleset)
    throw new TypeError('Rules are given as text, or as `{ files: [...] }`, not as a compiled set.');
}
