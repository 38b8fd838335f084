// Every check, quick ones first. A check of the tree has `find(tree)`, which gives a sentence for each fault; one that is a
// program has `program`, and `remedy` for when it fails.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { staleEvents } from '../events.mjs';
import { violations } from '../layering.mjs';
import { CARGO, LINTED_WITH, lintsDecide } from '../rust.mjs';
import { NATIVE, output, ROOT, run } from '../shell.mjs';
import { rustCircles, scriptCircles } from './circles.mjs';
import { crossingShapes } from './crossing.mjs';
import { crossingFields } from './crossing-fields.mjs';
import { npmDependencies, rustDependencies } from './dependencies.mjs';
import { documentPaths } from './documents.mjs';
import { licences, notices, sources } from './licences.mjs';
import { inheritedLints, moduleDocs, wholesaleAllows } from './lints.mjs';
import { protocolNames, rights } from './rooms.mjs';
import { fileSizes, functionSizes } from './sizes.mjs';
import { toolchain } from './toolchain.mjs';
import { readTree } from './tree.mjs';
import { typeNames } from './type-names.mjs';

const layering = {
  name: 'layering',
  about: 'every crate uses crates of lower layers only',
  find: ({ metadata }) =>
    violations({ packages: metadata.packages.filter(({ id }) => metadata.workspace_members.includes(id)) }),
};

const eventTypes = {
  name: 'generated events',
  about: 'types and schemas of events are what the descriptions say',
  find: () => staleEvents().map((path) => `${path} is stale: run \`npm run generate\``),
};

/** Checks of the sources as they lie there. */
export const OF_THE_TREE = [
  layering,
  rights,
  protocolNames,
  rustCircles,
  scriptCircles,
  typeNames,
  fileSizes,
  functionSizes,
  inheritedLints,
  wholesaleAllows,
  moduleDocs,
  crossingShapes,
  crossingFields,
  eventTypes,
  rustDependencies,
  npmDependencies,
  licences,
  sources,
  notices,
  toolchain,
  documentPaths,
];

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

/** Programs that look at the sources. */
export const PROGRAMS = [
  {
    name: 'rustfmt',
    about: 'Rust is formatted',
    program: [CARGO, ['fmt', '--all', '--check'], NATIVE],
    needs: [CARGO, ['fmt', '--version']],
    decides: lintsDecide,
    remedy: 'Run `cargo fmt --all` in native/.',
  },
  {
    name: 'biome',
    about: 'TypeScript is formatted and linted',
    program: [bin('biome'), ['ci', '--error-on-warnings'], ROOT],
    remedy: 'Run `npx biome check --write`.',
  },
  {
    name: 'types',
    about: 'TypeScript has its types right',
    program: [bin('tsc'), ['--noEmit'], ROOT],
    remedy: 'The compiler has said where.',
  },
  {
    name: 'types of the page',
    about: 'what runs in a browser has its types right, and uses nothing of Node',
    program: [bin('tsc'), ['-p', join('src', 'page', 'app'), '--noEmit'], ROOT],
    remedy: 'The compiler has said where.',
  },
];

/** Programs that take as long as a build. */
export const SLOW_PROGRAMS = [
  {
    name: 'clippy',
    about: 'Rust is linted, the lints that forbid panics among them',
    program: [CARGO, ['clippy', '--workspace', '--all-targets', '--locked', '--quiet', '--', '-D', 'warnings'], NATIVE],
    needs: [CARGO, ['clippy', '--version']],
    decides: lintsDecide,
    remedy: 'Clippy has said where.',
  },
  {
    name: 'fuzz targets',
    about: 'what fuzzing runs compiles: a workspace of its own, which no test builds',
    // Nothing is linked, so libFuzzer need not be compiled: any path in its place will do.
    program: [
      CARGO,
      ['check', '--locked', '--quiet', '--config', 'env.CUSTOM_LIBFUZZER_PATH="none/libnone.a"'],
      join(NATIVE, 'fuzz'),
    ],
    remedy: 'The compiler has said where. When its lock file is old: `cargo check` in native/fuzz/ renews it.',
  },
];

/**
 * Runs a check. A program that `decides` not, because it is of another version than ours, fails nothing.
 * @returns {Promise<{ faults: string[], skipped?: string }>} `skipped`: why it could not run
 */
export async function perform(check, tree) {
  if (check.find) return { faults: await check.find(tree()) };
  const [program, args, cwd] = check.program;
  if (check.needs && output(...check.needs, { cwd: NATIVE }) === null)
    return {
      faults: [],
      skipped: `${[check.needs[0], ...check.needs[1]].join(' ')} does not run: \`npm run setup\` says how to get it`,
    };
  if ((await run(program, args, { cwd })) === 0) return { faults: [] };
  if (check.decides?.() === false) return { faults: [], skipped: `that of Rust ${LINTED_WITH.join('.')} decides` };
  return { faults: [check.remedy] };
}

/** How many faults a check may still have: numbers that go down, and never up. */
export function ratchet() {
  return JSON.parse(readFileSync(join(ROOT, 'src', 'tools', 'checks', 'ratchet.json'), 'utf8'));
}

/** The tree, read when a check first asks for it. */
export function lazyTree() {
  let tree;
  return () => {
    tree ??= readTree();
    return tree;
  };
}
