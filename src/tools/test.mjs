// `npm test [-- PATTERN]`: set-up, checks, build, and every test of both languages; with a pattern, those that have it in
// their names. Quick ones first. Ends with one line: `N passed, N failed`; a check counts as a test.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { emptyFresh, FRESH, GENERATED_TYPES, staleTypes } from './generated.mjs';
import { CARGO } from './rust.mjs';
import { setup } from './setup.mjs';
import { Failed, NATIVE, ROOT, run, say, seconds } from './shell.mjs';

const start = performance.now();
const pattern = process.argv.slice(2).find((word) => !word.startsWith('-')) ?? '';
const total = { passed: 0, failed: 0, skipped: 0 };
/** What the checks use of npm packages is not there before the set-up: they are loaded after it. */
let held = {};
const named = (checks) => checks.filter(({ name }) => name.includes(pattern));

try {
  await setup({ yes: process.argv.includes('--yes') });
  held = {
    ...(await import('./checks/index.mjs')),
    ...(await import('./checks/members.mjs')),
    ...(await import('./checks/run.mjs')),
    ...(await import('./checks/tree.mjs')),
  };
  say(
    `test: ${pattern === '' ? 'everything' : `what has "${pattern}" in its name`}: checks, build, TypeScript, Rust, lints`,
  );
  await checks([...held.OF_THE_TREE, ...held.PROGRAMS]);
  await build();
  await typeScriptTests();
  await rustTests();
  await checks(held.SLOW_PROGRAMS);
} catch (error) {
  total.failed += 1;
  process.stderr.write(`\n${error instanceof Failed ? error.message : error.stack}\n`);
}
if (pattern !== '' && total.passed + total.failed === 0) say(`\ntest: nothing has "${pattern}" in its name`);
if (total.skipped > 0) say(`\ntest: ${total.skipped} checks could not run on this machine`);
say(`\ntest: all done in ${seconds(start)}`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function checks(list) {
  const { passed, failed, skipped } = await held.runChecks(named(list));
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

async function rustTests() {
  const packages = rustPackages();
  if (packages.length === 0) return;
  say('test: Rust');
  emptyFresh();
  const found = { passed: 0, failed: 0 };
  const filter = pattern === '' ? [] : ['--', pattern];
  const status = await run(CARGO, ['test', ...packages, '--locked', '--no-fail-fast', ...filter], {
    cwd: NATIVE,
    env: { TS_RS_EXPORT_DIR: FRESH },
    onLine(line) {
      const match = /^test result: \w+\. (\d+) passed; (\d+) failed;/.exec(line);
      if (!match) return;
      found.passed += Number(match[1]);
      found.failed += Number(match[2]);
    },
  });
  count('Rust', found, status);
  if (pattern === '') await checks([{ ...GENERATED_TYPES, find: staleTypes }]);
}

/** The packages to test: of a pattern, those that have it in the name of a function or of a module. */
function rustPackages() {
  if (pattern === '') return ['--workspace'];
  const name = new RegExp(`\\bfn\\s+\\w*${escaped(pattern)}`);
  const crates = held
    .readTree()
    .rust.filter(({ path, text }) => path.includes(pattern) || name.test(text))
    .map(({ crate }) => `sidewire-${crate}`);
  return [...new Set(crates)].flatMap((crate) => ['-p', crate]);
}

async function typeScriptTests() {
  say('test: TypeScript');
  const report = join(ROOT, '.sidewire', 'vitest.json');
  rmSync(report, { force: true });
  mkdirSync(join(ROOT, '.sidewire'), { recursive: true });
  held.forgetMembers();
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const filter = pattern === '' ? [] : ['--testNamePattern', escaped(pattern), '--passWithNoTests'];
  const status = await run(process.execPath, [vitest, 'run', ...reporters, ...filter]);
  const found = { passed: 0, failed: 0 };
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    found.passed = numPassedTests;
    found.failed = numFailedTests;
  }
  count('TypeScript', found, status);
  if (pattern === '') await checks([held.EVENT_MEMBERS]);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A runner that fails without a failed test (it did not compile, it crashed) counts as one. */
function count(language, { passed, failed }, status) {
  total.passed += passed;
  total.failed += Math.max(failed, status === 0 ? 0 : 1);
  say(
    `test: ${language}: ${passed} passed, ${failed} failed${status === 0 || failed > 0 ? '' : `; the runner ended with status ${status}`}`,
  );
}
