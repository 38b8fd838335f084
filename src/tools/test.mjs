// `npm test`: set-up, build, and every test of both languages. Ends with one line: `N passed, N failed`.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { CARGO } from './rust.mjs';
import { setup } from './setup.mjs';
import { Failed, NATIVE, ROOT, run, say, seconds } from './shell.mjs';

const start = performance.now();
const total = { passed: 0, failed: 0 };

try {
  await setup({ yes: process.argv.includes('--yes') });
  await build();
  await rustTests();
  await typeScriptTests();
} catch (error) {
  total.failed += 1;
  process.stderr.write(`\n${error instanceof Failed ? error.message : error.stack}\n`);
}
say(`\ntest: all done in ${seconds(start)}`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function rustTests() {
  say('test: Rust');
  const found = { passed: 0, failed: 0 };
  const status = await run(CARGO, ['test', '--workspace', '--locked', '--no-fail-fast'], {
    cwd: NATIVE,
    onLine(line) {
      const match = /^test result: \w+\. (\d+) passed; (\d+) failed;/.exec(line);
      if (!match) return;
      found.passed += Number(match[1]);
      found.failed += Number(match[2]);
    },
  });
  count('Rust', found, status);
}

async function typeScriptTests() {
  say('test: TypeScript');
  const report = join(ROOT, '.sidewire', 'vitest.json');
  rmSync(report, { force: true });
  mkdirSync(join(ROOT, '.sidewire'), { recursive: true });
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await run(process.execPath, [vitest, 'run', ...reporters]);
  const found = { passed: 0, failed: 0 };
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    found.passed = numPassedTests;
    found.failed = numFailedTests;
  }
  count('TypeScript', found, status);
}

/** A runner that fails without a failed test (it did not compile, it crashed) counts as one. */
function count(language, { passed, failed }, status) {
  total.passed += passed;
  total.failed += Math.max(failed, status === 0 ? 0 : 1);
  say(
    `test: ${language}: ${passed} passed, ${failed} failed${status === 0 || failed > 0 ? '' : `; the runner ended with status ${status}`}`,
  );
}
