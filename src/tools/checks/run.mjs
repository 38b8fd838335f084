// Running checks and saying what they found.
import { say, seconds } from '../shell.mjs';
import { lazyTree, perform, ratchet } from './index.mjs';

/** Faults shown of one check. */
const MAX_SHOWN = 40;

/** Runs checks one after the other. @returns {Promise<{ passed: number, failed: number, skipped: number }>} */
export async function runChecks(checks) {
  const tree = lazyTree();
  const allowed = ratchet();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) {
    const began = performance.now();
    if (check.program) say(`check: ${check.name}: ${check.about}`);
    const { faults, skipped } = await perform(check, tree);
    const { verdict, lines } = judged(check, faults, skipped, allowed[check.name] ?? 0);
    total[verdict] += 1;
    say(`check: ${check.name} ${lines[0]} (${seconds(began)})`);
    for (const line of lines.slice(1)) say(`  ${line}`);
  }
  return total;
}

/** What became of a check, in lines; `allowed`: faults that it may still have. */
export function judged({ about }, faults, skipped, allowed) {
  if (skipped) return { verdict: 'skipped', lines: [`SKIPPED: ${skipped}`] };
  if (faults.length > allowed) {
    const shown = faults.slice(0, MAX_SHOWN);
    const more = faults.length > shown.length ? [`and ${faults.length - shown.length} more`] : [];
    const over = allowed > 0 ? ` (${faults.length}, of which ${allowed} are allowed for now)` : '';
    return { verdict: 'failed', lines: [`DOES NOT HOLD${over}: ${about}`, ...shown, ...more] };
  }
  const left = faults.length > 0 ? `, but for ${faults.length} of ${allowed} faults that are known` : '';
  return { verdict: 'passed', lines: [`holds${left}`] };
}
