// The types that Rust hands to TypeScript: `cargo test` writes them, and here they are held against src/generated.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CARGO } from './rust.mjs';
import { NATIVE, ROOT, run } from './shell.mjs';

/** Where tests write the types, when they are to be compared and not to be kept. */
export const FRESH = join(ROOT, '.sidewire', 'generated');

/** The tests of the crates whose types cross. */
export const EXPORT = [
  'test',
  '-p',
  'sidewire-ir',
  '-p',
  'sidewire-detect',
  '-p',
  'sidewire-engine',
  '--locked',
  '--quiet',
  '--lib',
  'export_bindings',
];

/** An empty folder for fresh types. */
export function emptyFresh() {
  rmSync(FRESH, { recursive: true, force: true });
  mkdirSync(FRESH, { recursive: true });
}

/** Files in src/generated that are not what the tests have written to {@link FRESH}. */
export function staleTypes() {
  const fresh = readdirSync(FRESH).filter((name) => /\.(ts|json)$/.test(name));
  if (fresh.length === 0) return ['no types were written by the tests of Rust'];
  const kept = (name) => join(ROOT, 'src', 'generated', name);
  return fresh
    .filter(
      (name) => !existsSync(kept(name)) || readFileSync(kept(name), 'utf8') !== readFileSync(join(FRESH, name), 'utf8'),
    )
    .map((name) => `src/generated/${name} is stale: run \`npm run generate\``);
}

/** The check that writes them first. */
export const GENERATED_TYPES = {
  name: 'generated types',
  about: 'src/generated is what Rust says',
  async find() {
    emptyFresh();
    const status = await run(CARGO, EXPORT, { cwd: NATIVE, env: { TS_RS_EXPORT_DIR: FRESH } });
    return status === 0 ? staleTypes() : ['exporting the types failed'];
  },
};
