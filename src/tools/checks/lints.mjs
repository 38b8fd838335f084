// What clippy cannot say of itself: that every crate has the workspace's lints, and that none is switched off wholesale.
import { lineOf } from './rust-source.mjs';

/** Lints that keep a hostile packet from ending the process: they may be allowed for an expression, never for a file. */
const NO_PANIC = ['unwrap_used', 'expect_used', 'panic', 'indexing_slicing', 'todo', 'unimplemented'];

export const wholesaleAllows = {
  name: 'wholesale allows',
  about: 'no file allows what could panic',
  find({ rust }) {
    const found = [];
    for (const { path, text, isTest } of rust) {
      if (isTest) continue;
      for (const match of text.matchAll(/^\s*#!\[(?:allow|expect)\(([^\]]*)\)\]/gm)) {
        const lints = NO_PANIC.filter((lint) => new RegExp(`\\bclippy::${lint}\\b`).test(match[1]));
        if (lints.length > 0 && !isTestModule(text, match.index))
          found.push(`${path}:${lineOf(text, match.index)}: ${lints.join(', ')}`);
      }
    }
    return found;
  },
};

/** Whether an inner attribute stands in a `#[cfg(test)] mod`. */
function isTestModule(text, at) {
  return /#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{\s*$/.test(text.slice(0, at));
}

export const inheritedLints = {
  name: 'inherited lints',
  about: 'every crate has the lints of the workspace',
  find({ texts }) {
    return Object.entries(texts)
      .filter(([path]) => /^native\/crates\/[^/]+\/Cargo\.toml$/.test(path))
      .filter(([, text]) => !/^\[lints\]\s*\n(?:#[^\n]*\n)*workspace\s*=\s*true/m.test(text))
      .map(([path]) => `${path}: add \`[lints] workspace = true\``);
  },
};

export const moduleDocs = {
  name: 'module docs',
  about: 'every module of Rust opens with what it is for',
  find({ rust }) {
    return rust
      .filter(({ text, isTest }) => !isTest && !/^(?:#!\[[^\n]*\n|\s)*\/\/!\s*\S/.test(text))
      .map(({ path }) => path);
  },
};
