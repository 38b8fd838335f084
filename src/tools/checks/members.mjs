// What is described of events and seen in no test is written by nobody, or tested by nobody. test/setup.ts keeps what was
// seen while the tests of TypeScript run.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describedMembers } from '../eve-members.mjs';
import { ROOT } from '../shell.mjs';

const FOLDER = join(ROOT, '.sidewire', 'eve-members');

/** Forgets what earlier runs have seen. */
export function forgetMembers() {
  rmSync(FOLDER, { recursive: true, force: true });
}

export const EVENT_MEMBERS = {
  name: 'members of events',
  about: 'a test has seen every member of events that is described, and none that is excused',
  find() {
    const seen = new Set(
      (existsSync(FOLDER) ? readdirSync(FOLDER) : []).flatMap((name) =>
        JSON.parse(readFileSync(join(FOLDER, name), 'utf8')),
      ),
    );
    const schema = JSON.parse(readFileSync(join(ROOT, 'src', 'schema', 'eve.json'), 'utf8'));
    return unmatched(describedMembers(schema), seen);
  },
};

/** What of the described members does not fit what was seen. */
export function unmatched({ members, excused }, seen) {
  const missing = [...members].filter((member) => !seen.has(member)).map((member) => `${member} was not seen`);
  const wrong = [...excused].filter((member) => seen.has(member)).map((member) => `${member} is excused, and was seen`);
  return [...missing, ...wrong];
}
