// The Rust toolchain: which one there is, and how to get one that is new enough.
import { Failed, output, run, say } from './shell.mjs';

/** The oldest Rust this builds with; `rust-version` of the workspace. */
export const OLDEST = [1, 88];

/**
 * The Rust whose rustfmt and clippy decide. What another version of them says is shown and fails nothing: each version
 * formats and warns a little otherwise. No rust-toolchain file says it, because rustup would download this version
 * wherever another is installed, without being asked.
 */
export const LINTED_WITH = [1, 95];

/** The cargo program: `$CARGO`, or the one in PATH. */
export const CARGO = process.env.CARGO || 'cargo';

/** The compiler: `$RUSTC`, or the one in PATH. */
export const RUSTC = process.env.RUSTC || 'rustc';

/** Debian's package names of a Rust that is new enough (its plain `rustc` may not be). */
const DEBIAN = ['rustc-web', 'cargo-web', 'rust-web-clippy', 'rustfmt-web'];

/** The version of the compiler cargo would use, as `[major, minor]`; null without one. */
export function rustVersion() {
  const text = output(RUSTC, ['--version']);
  const match = text && output(CARGO, ['--version']) && /^rustc (\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : null;
}

/** The compiler cargo would use: its host, version, commit and major version of LLVM; null when it does not say all of them. */
export function compiler() {
  const text = output(RUSTC, ['-vV']) ?? '';
  const field = (name) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1];
  const [host, version, commit, llvm] = ['host', 'release', 'commit-hash', 'LLVM version'].map(field);
  if (!host || !version || !llvm || !/^[0-9a-f]{9,}$/.test(commit ?? '')) return null;
  return { host, version, commit: commit.slice(0, 9), llvm: Number.parseInt(llvm, 10) };
}

/** Makes sure there is a Rust that is new enough. Installs one with `yes` alone, root's or not; else says how. */
export async function ensureRust({ yes }) {
  const found = rustVersion();
  if (found && !older(found)) return found;
  const why = found ? `Rust ${found.join('.')} is too old` : 'Rust is not installed';
  const needed = `${why}: sidewire needs ${OLDEST.join('.')} or newer.`;
  if (!output('apt-get', ['--version'])) throw new Failed(`${needed} Install it from https://rustup.rs and try again.`);
  const root = process.getuid?.() === 0;
  const command = [...(root ? [] : ['sudo']), 'apt-get', 'install', '-y', ...DEBIAN];
  if (!yes) throw new Failed(`${needed} Run\n  ${command.join(' ')}\nor \`npm run setup -- --yes\`, which does it.`);
  say(`setup: ${why}; installing ${DEBIAN.join(' and ')}`);
  await run(root ? 'apt-get' : 'sudo', root ? ['update', '-q'] : ['apt-get', 'update', '-q']);
  const [program, ...args] = command;
  await run(program, args, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  const now = rustVersion();
  if (!now || older(now))
    throw new Failed(`${needed} The package manager has none; install it from https://rustup.rs.`);
  return now;
}

/** Whether this machine's rustfmt and clippy are those that decide. */
export function lintsDecide() {
  return String(rustVersion()) === String(LINTED_WITH);
}

function older([major, minor]) {
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
