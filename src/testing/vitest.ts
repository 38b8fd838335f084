/**
 * Matchers for vitest: `import 'sidewire/vitest'` once, in a test or a setup file.
 *
 * ```ts
 * expect(await replay(http().exchange({ uri: '/evil' }), rules)).toAlert(1000001, { times: 1 });
 * ```
 */
import { expect } from 'vitest';
import { type AlertExpectation, toAlert } from './matchers.js';
import type { Replayed } from './replay.js';

expect.extend({
  toAlert: (received: Replayed, sid: number, expectation?: AlertExpectation) => toAlert(received, sid, expectation),
});

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: vitest's own declaration has these parameters
  interface Matchers<T = any> {
    /** The rule with this sid raised an alert: at least one, or exactly `times`. */
    toAlert(sid: number, expectation?: AlertExpectation): T;
  }
}
