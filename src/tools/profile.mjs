// The profile that the release addon is optimised by: how often each branch was taken in the training of `npm run profile`.
// It belongs to one compiler, since names in it hold the compiler's version and its format is that of the compiler's LLVM;
// under any other the addon is built without it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { NATIVE, output, ROOT } from './shell.mjs';

/** Where profiles lie: one for each compiler, `HOST-VERSION-COMMIT.profdata.gz`. */
const PROFILES = join(NATIVE, 'profiles');

/** The compiler cargo would use: its host, version, commit and major version of LLVM; null when it does not say all of them. */
export function compiler() {
  const text = output(process.env.RUSTC || 'rustc', ['-vV']) ?? '';
  const field = (name) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1];
  const [host, version, commit, llvm] = ['host', 'release', 'commit-hash', 'LLVM version'].map(field);
  if (!host || !version || !llvm || !/^[0-9a-f]{9,}$/.test(commit ?? '')) return null;
  return { host, version, commit: commit.slice(0, 9), llvm: Number.parseInt(llvm, 10) };
}

/** The file of a compiler's profile, whether it exists or not. */
export function profileOf({ host, version, commit }) {
  return join(PROFILES, `${host}-${version}-${commit}.profdata.gz`);
}

/** Options with which cargo optimises by the profile of the compiler there is; none when it has none, or flags of its own. */
export function profileOptions() {
  const found = compiler();
  const flagged = process.env.RUSTFLAGS || process.env.CARGO_ENCODED_RUSTFLAGS;
  if (found === null || flagged || !existsSync(profileOf(found))) return [];
  const packed = readFileSync(profileOf(found));
  // Cargo does not look into the file: another profile must have another name.
  const name = `${createHash('sha256').update(packed).digest('hex').slice(0, 16)}.profdata`;
  const path = join(ROOT, '.sidewire', 'profiles', name);
  if (!existsSync(path)) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, gunzipSync(packed));
  }
  // Functions that have changed since the training are compiled as without a profile; there is nothing to warn of.
  return compilerOptions([`-Cprofile-use=${path}`, '-Cllvm-args=-no-pgo-warn-mismatch']);
}

/** Options of cargo that hand these to the compiler; where the environment has `RUSTFLAGS`, cargo takes those alone. */
export function compilerOptions(flags) {
  return ['--config', `build.rustflags=${JSON.stringify(flags)}`];
}
