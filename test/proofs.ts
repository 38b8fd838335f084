// What proves the rules that are shipped, as the table that is shipped with them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { proofTable } from '../src/coverage/index.js';
import { ROOT } from './eve.js';

/** The sample of rules that a conversation of the pack's tests makes alert. */
const CONVERSATION = 'test/pack/cases.ts';

/** The table of rules/proofs.tsv: rules that a recorded capture hits, and those that a conversation hits, by sid. */
export function shippedProofs(conversations: readonly string[]): string {
  const manifest = readFileSync(join(ROOT, 'pcaps/MANIFEST.tsv'), 'utf8').split('\n');
  const recorded = manifest
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(1)
    .flatMap((line) => {
      const [file = '', , hits = ''] = line.split('\t');
      const sids = hits.split(' ').flatMap((hit) => hit.split(':')[0] || []);
      return sids.map((sid) => [sid, `pcaps/${file}`] as const);
    });
  return proofTable([...recorded, ...conversations.map((sid) => [sid, CONVERSATION] as const)]);
}
