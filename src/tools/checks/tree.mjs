// What the checks look at: the sources of both languages, read once, and what cargo says of the workspace.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { CARGO } from '../rust.mjs';
import { Failed, NATIVE, output, ROOT } from '../shell.mjs';
import { files } from '../stamp.mjs';
import { blanked, testModules, withoutTests } from './rust-source.mjs';

/** The tree of the checkout. */
export function readTree() {
  const paths = present();
  const text = (path) => readFileSync(join(ROOT, path), 'utf8');
  return treeOf(
    Object.fromEntries(
      paths.filter((path) => /\.(rs|tsx?|mjs|toml|json|md)$/.test(path)).map((path) => [path, text(path)]),
    ),
  );
}

/**
 * The tree of texts by path: what tests of the checks make. Of a source, `path` is relative to the checkout, `code` is Rust
 * without comments, insides of texts and tests, `ast` is the syntax tree of a script, `isTest`: it is for tests only.
 */
export function treeOf(texts) {
  const sources = Object.entries(texts).map(([path, text]) => ({ path, text }));
  const rust = sources.filter(({ path }) => /^native\/crates\/.*\.rs$/.test(path)).map(rustFile);
  markTests(rust);
  const ts = sources.filter(({ path }) => /\.(tsx?|mjs)$/.test(path) && !path.endsWith('.d.ts')).map(scriptFile);
  let metadata;
  return {
    texts,
    rust,
    ts,
    /** What cargo says, asked once somebody wants it. */
    get metadata() {
      metadata ??= cargoMetadata();
      return metadata;
    },
  };
}

function rustFile({ path, text }) {
  const code = blanked(text);
  const [, , crate] = path.split('/');
  return { path, text, crate, code, isTest: /\/(tests|benches|examples|fuzz)\//.test(path) };
}

/** Marks the files that a `#[cfg(test)] mod x;` includes, and takes the tests out of the code of all others. */
function markTests(rust) {
  const byPath = new Map(rust.map((file) => [file.path, file]));
  for (const file of rust) {
    const folder = ['mod.rs', 'lib.rs', 'main.rs'].includes(basename(file.path))
      ? dirname(file.path)
      : file.path.replace(/\.rs$/, '');
    for (const name of testModules(file.code))
      for (const candidate of [`${folder}/${name}.rs`, `${folder}/${name}/mod.rs`]) {
        const found = byPath.get(candidate);
        if (found) found.isTest = true;
      }
    file.code = withoutTests(file.code);
  }
}

/** What a script is parsed as, by the end of its name. */
const LANGUAGES = { '.ts': 'ts', '.tsx': 'tsx', '.mjs': 'js' };

function scriptFile({ path, text }) {
  let ast;
  return {
    path,
    text,
    isTest: path.startsWith('test/') || path.endsWith('.test.ts'),
    isGenerated: path.startsWith('src/generated/'),
    get ast() {
      ast ??= parseAst(text, { lang: LANGUAGES[extname(path)] });
      return ast;
    },
  };
}

/** What cargo says of the workspace and all it is built of. */
function cargoMetadata() {
  const text = output(CARGO, ['metadata', '--format-version', '1', '--locked', '--offline'], { cwd: NATIVE });
  const found = text ?? output(CARGO, ['metadata', '--format-version', '1', '--locked'], { cwd: NATIVE });
  if (found === null) throw new Failed('`cargo metadata` failed.');
  return JSON.parse(found);
}

/** The files of the checkout, those that git ignores left out. */
function present() {
  try {
    const args = ['ls-files', '-co', '--exclude-standard', '-z'];
    const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
  } catch {
    // Not a repository: an archive of one.
    return files(['.']).map((path) => path.slice(ROOT.length));
  }
}

/** Every node of a syntax tree, with its parents from the outermost. */
export function* nodes(node, parents = []) {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const item of node) yield* nodes(item, parents);
    return;
  }
  if (typeof node.type !== 'string') return;
  yield [node, parents];
  const inside = [...parents, node];
  for (const [key, child] of Object.entries(node)) if (key !== 'type') yield* nodes(child, inside);
}
