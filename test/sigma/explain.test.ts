import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileSigmaRules, explainSigma } from '../../src/engine/hunt.js';
import type { SigmaTrace } from '../../src/generated/hunt.js';
import { audited, creation, record, rule } from './fixture.js';

const ID = '11111111-2222-4333-8444-555555555555';

async function explained(detection: string, records: readonly string[]): Promise<SigmaTrace> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-explain-'));
  try {
    const log = join(folder, 'log.jsonl');
    writeFileSync(log, records.join('\n'));
    return await explainSigma([log], ID, { rules: await compileSigmaRules({ text: rule(detection) }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('why a Sigma rule does not match', () => {
  it('tells an absent field from one that differs, and from an exclusion', async () => {
    const trace = await explained('s: {Image: a, ParentImage: p}\nf: {User: x}\ncondition: s and not f', [
      creation({ Image: 'a', ParentImage: 'p' }),
      creation({ Image: 'b', ParentImage: 'p' }),
      creation({ Image: 'c', ParentImage: 'p' }),
      audited({ NewProcessName: 'a' }),
      creation({ Image: 'a', ParentImage: 'p', User: 'x' }),
      record('Application', 'Other', 1, { Image: 'a' }),
    ]);
    expect(trace).toMatchObject({ id: ID, records: 6, looked_at: 5, matched: 1, matches: [{ position: 1 }] });
    expect(trace.failed).toMatchObject([
      { search: 's', field: 'Image', why: 'differs', count: 2, example: { position: 2 }, value: 'b' },
      { search: 'f', why: 'excluded', count: 1, example: { position: 5 } },
      { search: 's', field: 'ParentImage', why: 'absent', count: 1, example: { position: 4 } },
    ]);
  });

  it('says that no rule has the id', async () => {
    const rules = await compileSigmaRules({ text: rule('s: {Image: a}\ncondition: s') });
    await expect(explainSigma([], 'absent', { rules })).rejects.toThrow(/no loaded rule has the id absent/);
  });
});
