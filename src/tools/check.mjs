// `npm run check`: format, lints, types, layering, generated files. Changes nothing.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cargoMetadata, violations } from './layering.mjs';
import { CARGO, rustVersion } from './rust.mjs';
import { setup } from './setup.mjs';
import { Failed, main, NATIVE, output, ROOT, run, say, seconds } from './shell.mjs';
import { digest, files, isDone, setDone } from './stamp.mjs';

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

/** Each check: what it is called, and what it does; it returns a reason when it does not hold. */
const CHECKS = [
  ['rustfmt', () => program(CARGO, ['fmt', '--all', '--check'], NATIVE, 'Run `cargo fmt --all` in native/.')],
  ['biome', () => program(bin('biome'), ['ci', '--error-on-warnings'], ROOT, 'Run `npx biome check --write`.')],
  ['types', () => program(bin('tsc'), ['--noEmit'], ROOT, 'The TypeScript compiler has said where.')],
  ['layering', () => violations(cargoMetadata()).join('; ') || null],
  [
    'clippy',
    () =>
      program(
        CARGO,
        ['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'],
        NATIVE,
        'Clippy has said where.',
      ),
  ],
  ['generated files', generated],
];

async function program(name, args, cwd, way) {
  return (await run(name, args, { cwd })) === 0 ? null : way;
}

/** The types that Rust exports must be those in src/generated. */
async function generated() {
  const fresh = join(ROOT, '.sidewire', 'generated');
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const status = await run(
    CARGO,
    ['test', '-p', 'sidewire-ir', '-p', 'sidewire-engine', '--locked', '--quiet', '--lib', 'export_bindings'],
    {
      cwd: NATIVE,
      env: { TS_RS_EXPORT_DIR: fresh },
    },
  );
  if (status !== 0) return 'Exporting the types failed.';
  const stale = drift(fresh, join(ROOT, 'src', 'generated'));
  return stale.length === 0
    ? null
    : `Stale in src/generated: ${stale.join(', ')}. Run \`cargo test\` in native/ and commit.`;
}

function drift(fresh, committed) {
  const names = readdirSync(fresh).filter((name) => /\.(ts|json)$/.test(name));
  return names.filter((name) => {
    const path = join(committed, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== readFileSync(join(fresh, name), 'utf8');
  });
}

await main(async () => {
  const start = performance.now();
  await setup();
  const listed = output('git', [
    'ls-files',
    '-co',
    '--exclude-standard',
    '-z',
    'src',
    'native',
    'test',
    'bench',
    '*.json',
    '*.ts',
  ]);
  const inputs = listed === null ? files(['src', 'native', 'test', 'bench', 'package.json']) : present(listed);
  const value = digest(inputs, String(rustVersion()));
  if (isDone('check', value)) {
    say(`check: nothing has changed since everything held (${seconds(start)})`);
    return;
  }
  const broken = [];
  for (const [name, holds] of CHECKS) {
    const began = performance.now();
    say(`check: ${name}`);
    const reason = await holds();
    say(`check: ${name} ${reason === null ? 'holds' : 'DOES NOT HOLD'} (${seconds(began)})`);
    if (reason !== null) broken.push(`${name}: ${reason}`);
  }
  if (broken.length > 0) throw new Failed(broken.join('\n'));
  setDone('check', value);
  say(`check: everything holds (${seconds(start)})`);
});

function present(listed) {
  return listed
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(ROOT, name)))
    .map((name) => join(ROOT, name))
    .sort();
}
