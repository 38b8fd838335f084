// `npm run build`: TypeScript to dist/, and the release addon to native/sidewire.PLATFORM.node.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundlePage } from './page.mjs';
import { platformName } from './platform.mjs';
import { profileOptions } from './profile.mjs';
import { rustVersion } from './rust.mjs';
import { isMain, main, must, NATIVE, ROOT, say, seconds } from './shell.mjs';
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
  const sources = files(['src'], (path) => /\.(tsx?|json|css)$/.test(path) && !path.endsWith('.test.ts'));
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
  await bundlePage();
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
  // The same library as modules: of the CommonJS that it has for Node nothing can be left out, and all of it runs at the start.
  const resolve = { alias: { yaml: join(ROOT, 'node_modules', 'yaml', 'browser', 'dist', 'index.js') } };
  // Optional peers are found where they are installed, or not.
  const external = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).peerDependencies);
  const bundled = await rolldown({ input: { bin: entry }, platform: 'node', resolve, external });
  const names = { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' };
  const { output } = await bundled.generate({ format: 'esm', ...names });
  await bundled.close();
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const { fileName, code } of output) writeFileSync(join(folder, fileName), code);
}

async function buildAddon() {
  const start = performance.now();
  const sources = files(['native'], (path) => /\.(rs|toml|lock|json|inc|bin|txt|gz)$/.test(path));
  const value = digest(sources, `${rustVersion()} ${process.env.RUSTFLAGS ?? ''}`);
  if (isDone('addon', value) && existsSync(ADDON)) {
    say(`build: the native addon is up to date (${seconds(start)})`);
    return;
  }
  const profile = profileOptions();
  const how =
    profile.length > 0
      ? 'optimised by its profile'
      : 'without a profile (there is none of this compiler, or RUSTFLAGS are set)';
  say(`build: building the native addon, release mode, ${how} (a few minutes the first time)`);
  const made = await compileAddon(join(ROOT, '.sidewire', 'addon'), profile);
  // Moved into place whole: a process that has the old file mapped keeps it.
  copyFileSync(made, `${ADDON}.new`);
  renameSync(`${ADDON}.new`, ADDON);
  setDone('addon', value);
  say(`build: the native addon is built (${seconds(start)})`);
}

/** Compiles the addon in release mode into a folder, with more options of cargo; its path. */
export async function compileAddon(folder, options) {
  const napi = join(ROOT, 'node_modules', '.bin', 'napi');
  const what = [
    '--package-json-path',
    join(ROOT, 'package.json'),
    '--package',
    'sidewire-napi',
    '--platform',
    '--release',
  ];
  // In the folder of the workspace, where cargo finds its configuration.
  const args = ['build', ...what, '--output-dir', folder, '--no-js', '--', '--locked', ...options];
  await must('Building the addon', napi, args, { cwd: NATIVE });
  return join(folder, basename(ADDON));
}

if (isMain(import.meta.url)) await main(build);
