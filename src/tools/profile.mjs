// The profile that the release addon is optimised by: how often each branch was taken in the training of `npm run profile`.
// It belongs to one compiler, since names in it hold the compiler's version and its format is that of the compiler's LLVM;
// under any other the addon is built without it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compiler } from './rust.mjs';
import { NATIVE, ROOT } from './shell.mjs';
import { digest } from './stamp.mjs';

/** Where profiles lie: one for each compiler, `HOST-VERSION-COMMIT.profdata.gz`. */
const PROFILES = join(NATIVE, 'profiles');

/** The file of a compiler's profile, whether it exists or not. */
export function profileOf({ host, version, commit }) {
  return join(PROFILES, `${host}-${version}-${commit}.profdata.gz`);
}

/** Options with which cargo optimises by the profile of the compiler there is; none when it has none, or flags of its own. */
export function profileOptions() {
  const found = compiler();
  const flagged = process.env.RUSTFLAGS || process.env.CARGO_ENCODED_RUSTFLAGS;
  if (found === null || flagged || !existsSync(profileOf(found))) return [];
  const packed = profileOf(found);
  const folder = join(ROOT, '.sidewire', 'profiles');
  // Cargo does not look into the file: another profile must have another name.
  const path = join(folder, `${digest([packed]).slice(0, 16)}.profdata`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, gunzipSync(readFileSync(packed)));
  }
  // Functions that have changed since the training are compiled as without a profile; there is nothing to warn of.
  return compilerOptions([`-Cprofile-use=${path}`, '-Cllvm-args=-no-pgo-warn-mismatch']);
}

/** Options of cargo that hand these to the compiler; where the environment has `RUSTFLAGS`, cargo takes those alone. */
export function compilerOptions(flags) {
  return ['--config', `build.rustflags=${JSON.stringify(flags)}`];
}
