// `npm run profile`: trains the profile that release builds are optimised by (profile.mjs). An addon that counts its branches
// replays a capture made of those in pcaps/, and everyday traffic. To be run again when much has changed in native/, or for
// another compiler.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ADDON, build, compileAddon } from './build.mjs';
import { compilerOptions, profileOf } from './profile.mjs';
import { compiler, RUSTC } from './rust.mjs';
import { setup } from './setup.mjs';
import { Failed, main, must, output, ROOT, say, seconds } from './shell.mjs';

const FOLDER = join(ROOT, '.sidewire', 'training');
const COUNTS = join(FOLDER, 'counts');

await main(async () => {
  const start = performance.now();
  const found = compiler();
  if (found === null) throw new Failed('`rustc -vV` does not say the version and commit of this compiler.');
  const merge = merger(found);
  await setup();
  await build();
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(COUNTS, { recursive: true });
  say('profile: building an addon that counts');
  const addon = await compileAddon(join(FOLDER, 'addon'), compilerOptions([`-Cprofile-generate=${COUNTS}`]));
  say('profile: replaying');
  await train(addon);
  const merged = join(FOLDER, 'merged.profdata');
  await must('Merging the counts', merge, ['merge', '--sparse', '-o', merged, COUNTS]);
  const kept = profileOf(found);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, gzipSync(readFileSync(merged), { level: 9 }));
  say(`profile: trained in ${seconds(start)}; \`npm run build\` optimises by ${kept}`);
});

/** Replays with the counting addon, in a package of its own so that the command line finds it: as a sensor, and in full. */
async function train(addon) {
  const folder = join(FOLDER, 'package');
  mkdirSync(join(folder, 'native'), { recursive: true });
  mkdirSync(join(folder, 'out'));
  for (const name of ['package.json', 'dist', 'rules'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  copyFileSync(addon, join(folder, 'native', basename(ADDON)));
  const rules = join(folder, 'rules', 'lateral-movement.rules');
  const common = ['-l', join(folder, 'out')];
  for (const capture of captures())
    for (const words of [
      ['suricata', '-r', capture, '-S', rules, '-k', 'none', '--runmode', 'single', ...common],
      ['replay', capture, '--workers', '1', ...common],
    ])
      await must('A replay', process.execPath, [join(folder, 'dist', 'cli', 'bin.js'), ...words], {
        env: { LLVM_PROFILE_FILE: join(COUNTS, '%p.profraw') },
      });
}

/** Makes the captures of the training; their paths. */
function captures() {
  const made = output(process.execPath, [join(ROOT, 'bench', 'training.mjs'), FOLDER]);
  if (made === null) throw new Failed('The captures of the training cannot be made.');
  return made.trim().split('\n');
}

/** The program that merges counts: rustup's component `llvm-tools`, else that of the compiler's LLVM in PATH. */
function merger({ host, llvm }) {
  const sysroot = output(RUSTC, ['--print', 'sysroot'])?.trim() ?? '';
  const found = [
    join(sysroot, 'lib', 'rustlib', host, 'bin', 'llvm-profdata'),
    `llvm-profdata-${llvm}`,
    'llvm-profdata',
  ].find((program) => version(program) === llvm);
  if (found) return found;
  throw new Failed(
    `There is no llvm-profdata of LLVM ${llvm}. Get it with \`rustup component add llvm-tools\` or \`apt-get install ` +
      `llvm-${llvm}\`.`,
  );
}

/** The major version of an LLVM program; null when there is no such program. */
function version(program) {
  const match = /LLVM version (\d+)/.exec(output(program, ['--version']) ?? '');
  return match ? Number(match[1]) : null;
}
