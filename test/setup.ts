// Every event that any test takes from a run must be what its description says (docs/EVE.md). Members seen are kept, so
// that `npm test` finds descriptions of what nothing writes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { afterAll, afterEach, expect } from 'vitest';
import { Run } from '../src/engine/run.js';
import { checkEvent, ROOT, seenMembers, takeFaults } from './eve.js';

const iterate = Run.prototype[Symbol.asyncIterator];
Run.prototype[Symbol.asyncIterator] = async function* (this: Run) {
  for await (const event of iterate.call(this)) {
    checkEvent(event);
    yield event;
  }
};

afterEach(() => {
  expect(takeFaults(), 'events that are not as they are described (docs/EVE.md)').toEqual([]);
});

afterAll(() => {
  if (seenMembers.size === 0) return;
  const folder = join(ROOT, '.sidewire/eve-members');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${process.pid}-${threadId}-${performance.now()}.json`), JSON.stringify([...seenMembers]));
});
