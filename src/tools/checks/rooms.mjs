// What only some crates may do, because determinism and safety rest on it. ARCHITECTURE.md says the same under Invariants.
import { lineOf } from './rust-source.mjs';

/** What, how it looks in code, and the crates that may. */
const RIGHTS = [
  {
    what: 'reads the clock',
    pattern: /\b(?:Instant|SystemTime)::now\b/g,
    // `detect` for how long compiling takes, `files` for the time of a file that is stored once more, `live` for the time of a
    // wire on which nothing happens.
    crates: ['engine', 'detect', 'files', 'live', 'napi'],
  },
  {
    what: 'touches files',
    pattern: /\b(?:std::fs|fs::\w+|File::(?:open|create)|OpenOptions)\b/g,
    crates: ['capture', 'engine', 'files', 'magic', 'napi'],
  },
  {
    what: 'starts threads',
    pattern: /\bthread::(?:spawn|scope|Builder)\b/g,
    crates: ['engine', 'detect', 'napi'],
  },
  {
    what: 'uses unsafe',
    pattern: /\bunsafe\b(?!_)/g,
    crates: ['capture', 'library', 'live', 'magic', 'mpm', 'napi'],
  },
];

export const rights = {
  name: 'rights of crates',
  about: 'only the crates that may read the clock, touch files, start threads or use unsafe',
  find({ rust }) {
    return RIGHTS.flatMap(({ what, pattern, crates }) =>
      rust
        .filter(({ crate, isTest, path }) => !isTest && !crates.includes(crate) && path.includes('/src/'))
        .flatMap(({ path, code, text }) =>
          [...code.matchAll(pattern)].map(
            ({ index }) => `${path}:${lineOf(text, index)}: ${what}, which ${crates.join(', ')} may`,
          ),
        ),
    );
  },
};

/** Crates that know no protocol: each of theirs is in its folder in `protocols`. */
const GENERIC = [
  'app-layer',
  'base',
  'capture',
  'decode',
  'detect',
  'engine',
  'eve',
  'files',
  'flow',
  'ir',
  'live',
  'mpm',
  'tcp',
];

/** Names of other things that a protocol has as well: by file. */
const OTHERS = new Map([
  // A facility of syslog, RFC 5424 section 6.2.1.
  ['native/crates/engine/src/output/sink/syslog.rs', new Set(['ftp', 'ntp'])],
]);

export const protocolNames = {
  name: 'protocols in generic code',
  about: 'no name of a protocol in a text of code that is for all of them',
  find({ rust, texts }) {
    const names = protocolNamesOf(JSON.parse(texts['src/generated/catalog.json']));
    return rust
      .filter(({ crate, isTest }) => !isTest && GENERIC.includes(crate))
      .flatMap(({ path, text, code }) =>
        literals(text, code)
          .filter(({ value }) => names.has(value) && OTHERS.get(path)?.has(value) !== true)
          .map(({ value, at }) => `${path}:${lineOf(text, at)}: "${value}"`),
      );
  },
};

function protocolNamesOf({ protocols }) {
  return new Set(protocols.flatMap(({ name, aliases }) => [name, ...aliases]));
}

/** The texts of a file's code. In `code` their insides are blanks, their quotes are not. */
function literals(text, code) {
  const found = [];
  for (let open = code.indexOf('"'); open >= 0; ) {
    const close = code.indexOf('"', open + 1);
    if (close < 0) break;
    found.push({ value: text.slice(open + 1, close), at: open });
    open = code.indexOf('"', close + 1);
  }
  return found;
}
