// What others wrote, and under what terms: every crate and npm package that is built with or shipped, offline.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noticesPage } from '../notices.mjs';
import { ROOT } from '../shell.mjs';

/** Licences that what is shipped may have. native/deny.toml says the same to `cargo deny`; this check holds them together. */
export function allowedLicences(text) {
  const [, list] = /^allow = \[([^\]]*)\]/m.exec(text) ?? [];
  return new Set([...(list ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name));
}

/** Licences of crates whose manifest names a file instead of one; the file says which it is. */
const BY_FILE = { 'suricata-htp': 'BSD-3-Clause' };

/** Licences of packages that only build and test: nothing of them is shipped. */
const FOR_DEVELOPMENT = ['MPL-2.0', 'PSF-2.0'];

/** Where crates may be from. */
const REGISTRY = 'registry+https://github.com/rust-lang/crates.io-index';

export const licences = {
  name: 'licences',
  about: 'every dependency has a licence that native/deny.toml allows',
  find({ metadata, texts }) {
    const allowed = allowedLicences(texts['native/deny.toml'] ?? '');
    const crates = metadata.packages
      .filter(({ source }) => source !== null)
      .map(({ name, version, license }) => [`crate ${name} ${version}`, license ?? BY_FILE[name], allowed]);
    const building = new Set([...allowed, ...FOR_DEVELOPMENT]);
    const packages = Object.entries(JSON.parse(texts['package-lock.json']).packages)
      .filter(([path]) => path !== '')
      .map(([path, { version, license, dev }]) => [
        `npm ${path.replace(/^.*node_modules\//, '')} ${version}`,
        license ?? installed(path),
        dev ? building : allowed,
      ]);
    return [...crates, ...packages]
      .filter(([, licence, set]) => !isAllowed(licence, set))
      .map(([name, licence]) => `${name}: ${licence ?? 'no licence'}`);
  },
};

export const sources = {
  name: 'sources of crates',
  about: 'every crate is of the workspace or of crates.io',
  find({ metadata }) {
    return metadata.packages
      .filter(({ source }) => source !== null && source !== REGISTRY)
      .map(({ name, source }) => `${name}: ${source}`);
  },
};

function installed(path) {
  const manifest = join(ROOT, path, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).license : undefined;
}

/**
 * Whether an SPDX expression can be met with what is allowed: `A OR B` with one of them, `A AND B` with both. The old
 * `A/B` is `A OR B`.
 */
export function isAllowed(expression, allowed) {
  if (typeof expression !== 'string') return false;
  const words = expression.replaceAll('/', ' OR ').match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = () => {
    let holds = both();
    while (words[at] === 'OR') {
      at += 1;
      const other = both();
      holds ||= other;
    }
    return holds;
  };
  const both = () => {
    let holds = one();
    while (words[at] === 'AND') {
      at += 1;
      const other = one();
      holds &&= other;
    }
    return holds;
  };
  const one = () => {
    const word = words[at];
    at += 1;
    if (word === '(') {
      const holds = either();
      at += 1;
      return holds;
    }
    if (words[at] !== 'WITH') return allowed.has(word);
    at += 2;
    return allowed.has(word) || allowed.has(`${word} WITH ${words[at - 1]}`);
  };
  const holds = either();
  return holds && at === words.length;
}

export const notices = {
  name: 'third-party notices',
  about: 'native/THIRD_PARTY_NOTICES.md lists what is built with',
  find({ texts, metadata }) {
    const stale = texts['native/THIRD_PARTY_NOTICES.md'] !== noticesPage(metadata).page;
    return stale ? ['native/THIRD_PARTY_NOTICES.md is stale: run `node src/tools/notices.mjs`'] : [];
  },
};
