// `npm run build`: TypeScript to dist/, and the release addon to native/sidewire.PLATFORM.node.
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { platformName } from './platform.mjs';
import { rustVersion } from './rust.mjs';
import { main, must, NATIVE, ROOT, say, seconds } from './shell.mjs';
import { digest, files, isDone, setDone } from './stamp.mjs';

/** The addon file of a checkout. */
export const ADDON = join(NATIVE, `sidewire.${platformName()}.node`);

/** Builds what has changed. */
export async function build() {
  await buildTypeScript();
  await buildAddon();
}

async function buildTypeScript() {
  const start = performance.now();
  const sources = files(['src'], (path) => /\.(ts|json)$/.test(path) && !path.endsWith('.test.ts'));
  const value = digest([...sources, ...files(['tsconfig.json', 'package-lock.json'])]);
  const entry = join(ROOT, 'dist', 'cli', 'bin.js');
  if (isDone('typescript', value) && existsSync(entry)) {
    say(`build: dist/ is up to date (${seconds(start)})`);
    return;
  }
  say('build: compiling TypeScript to dist/');
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  // From nothing: what was renamed or removed must not stay behind in a package.
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  await must('Compiling TypeScript', process.execPath, [compiler, '-p', 'src']);
  await bundle(entry);
  chmodSync(entry, 0o755);
  mkdirSync(join(ROOT, 'dist', 'generated'), { recursive: true });
  copyFileSync(join(ROOT, 'src', 'generated', 'catalog.json'), join(ROOT, 'dist', 'generated', 'catalog.json'));
  setDone('typescript', value);
  say(`build: dist/ built (${seconds(start)})`);
}

/** Puts the command line and what it imports into few files: finding and compiling hundreds takes longer than all else. */
export async function bundle(entry) {
  // Not before it is installed.
  const { rolldown } = await import('rolldown');
  const folder = dirname(entry);
  const bundled = await rolldown({ input: { bin: entry }, platform: 'node' });
  const names = { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' };
  const { output } = await bundled.generate({ format: 'esm', ...names });
  await bundled.close();
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const { fileName, code } of output) writeFileSync(join(folder, fileName), code);
}

async function buildAddon() {
  const start = performance.now();
  const sources = files(['native'], (path) => /\.(rs|toml|lock|json|inc|bin|txt)$/.test(path));
  const value = digest(sources, `${rustVersion()} ${process.env.RUSTFLAGS ?? ''}`);
  if (isDone('addon', value) && existsSync(ADDON)) {
    say(`build: the native addon is up to date (${seconds(start)})`);
    return;
  }
  say('build: building the native addon, release mode (a few minutes the first time)');
  const made = join(ROOT, '.sidewire', 'addon');
  const napi = join(ROOT, 'node_modules', '.bin', 'napi');
  const what = ['--manifest-path', join(NATIVE, 'Cargo.toml'), '--package', 'sidewire-napi', '--platform', '--release'];
  await must('Building the addon', napi, ['build', ...what, '--output-dir', made, '--no-js', '--', '--locked']);
  // Moved into place whole: a process that has the old file mapped keeps it.
  copyFileSync(join(made, basename(ADDON)), `${ADDON}.new`);
  renameSync(`${ADDON}.new`, ADDON);
  setDone('addon', value);
  say(`build: the native addon is built (${seconds(start)})`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(build);
