// `npm run setup`: everything that must be there before a build. `--yes` lets it install system packages.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureRust } from './rust.mjs';
import { Failed, isMain, main, must, ROOT, say, seconds } from './shell.mjs';
import { digest, files, isDone, setDone } from './stamp.mjs';

/** Checks Node and Rust, installs the npm packages of the lock file. */
export async function setup({ yes = false } = {}) {
  const start = performance.now();
  checkNode();
  const rust = await ensureRust({ yes });
  const lock = digest(files(['package-lock.json']), process.version);
  if (isDone('npm', lock) && existsSync(join(ROOT, 'node_modules', '.bin', 'tsc'))) {
    say(`setup: Node ${process.versions.node}, Rust ${rust.join('.')}, npm packages as locked (${seconds(start)})`);
    return;
  }
  say('setup: installing the npm packages of package-lock.json');
  await must('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  setDone('npm', lock);
  say(`setup: done (${seconds(start)})`);
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = engines.node.split('||').some((range) => {
    const [, mark, wantMajor, wantMinor = '0'] = /^\s*(\^|>=)\s*(\d+)(?:\.(\d+))?\s*$/.exec(range);
    if (mark === '^') return major === Number(wantMajor) && minor >= Number(wantMinor);
    return major > Number(wantMajor) || (major === Number(wantMajor) && minor >= Number(wantMinor));
  });
  if (!fits) throw new Failed(`Node ${process.versions.node} is not supported: sidewire needs ${engines.node}.`);
}

if (isMain(import.meta.url)) await main(() => setup({ yes: process.argv.includes('--yes') }));
