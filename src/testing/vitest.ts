/**
 * Matchers for vitest: `import 'sidewire/vitest'` once, in a test or a setup file.
 *
 * ```ts
 * expect(await replay(http().exchange({ uri: '/evil' }), rules)).toAlert(1000001, { times: 1 });
 * expect(await hunt('Security.evtx', { files: ['my-rule.yml'] })).toAlert('10c14723-61c7-4c75-92ca-9af245723ad2');
 * ```
 */
import { expect } from 'vitest';
import type { Hunted } from './hunt.js';
import { type AlertExpectation, toAlert } from './matchers.js';
import type { Replayed } from './replay.js';

expect.extend({
  toAlert: (received: Replayed | Hunted, rule: number | string, expectation?: AlertExpectation) =>
    toAlert(received, rule, expectation),
});

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: vitest's own declaration has these parameters
  interface Matchers<T = any> {
    /** The rule with this sid, or the Sigma rule of this id, name or title, raised an alert: at least one, or exactly `times`. */
    toAlert(rule: number | string, expectation?: AlertExpectation): T;
  }
}
