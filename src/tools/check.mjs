// `npm run check [-- PATTERN]`: format, lints, types, and what else a machine can hold of the project's contracts. Changes
// nothing. `npm test` runs the same, and the tests.
import { GENERATED_TYPES } from './generated.mjs';
import { setup } from './setup.mjs';
import { Failed, main, say, seconds } from './shell.mjs';

await main(async () => {
  const start = performance.now();
  await setup();
  // After the set-up: the checks use npm packages.
  const { OF_THE_TREE, PROGRAMS, SLOW_PROGRAMS } = await import('./checks/index.mjs');
  const { runChecks } = await import('./checks/run.mjs');
  const [pattern = ''] = process.argv.slice(2);
  const checks = [...OF_THE_TREE, ...PROGRAMS, GENERATED_TYPES, ...SLOW_PROGRAMS].filter(({ name }) =>
    name.includes(pattern),
  );
  if (checks.length === 0) throw new Failed(`There is no check whose name has "${pattern}" in it.`);
  const { passed, failed, skipped } = await runChecks(checks);
  const left = skipped > 0 ? `, ${skipped} could not run` : '';
  say(`check: ${passed} hold, ${failed} do not${left} (${seconds(start)})`);
  if (failed > 0) process.exitCode = 1;
});
