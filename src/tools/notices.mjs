// Writes native/THIRD_PARTY_NOTICES.md: every Rust crate in the addon and every npm package a user installs or that is bundled, with version
// and licence, and the licence texts that come with them. From `cargo metadata` and package-lock.json.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CARGO } from './rust.mjs';
import { Failed, isMain, main, NATIVE, output, ROOT, say } from './shell.mjs';

/** Data that a package is made of under terms of its own, and where it can be had. */
const DATA = new Map([
  ['psl', 'MPL-2.0 for the public suffix list, <https://publicsuffix.org/list/public_suffix_list.dat>'],
]);

/** The page, and what it counts. `metadata`: what cargo says of the workspace and all it is built of. */
export function noticesPage(metadata) {
  const parts = [...crates(metadata), ...packages()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const texts = new Map();
  for (const { folder, name, version } of parts)
    for (const text of licences(folder)) texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
  const terms = ({ name, licence }) => [licence, ...(DATA.has(name) ? [DATA.get(name)] : [])].join('; ');
  const rows = parts.map((part) => `| ${part.name} | ${part.version} | ${terms(part)} | ${part.kind} |`);
  const bodies = [...texts].map(([text, names]) => `## ${names.join(', ')}\n\n\`\`\`text\n${text.trim()}\n\`\`\``);
  const page = [
    '# Third-party notices',
    '',
    'What sidewire is built with, beside its own code. Written by `node src/tools/notices.mjs`.',
    '',
    '| name | version | licence | kind |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...bodies,
    '',
  ].join('\n');
  return { page, packages: parts.length, texts: texts.size };
}

/** The crates the addon is linked from: reachable over ordinary dependencies from sidewire-napi. */
function crates({ packages: all, resolve }) {
  const byId = new Map(all.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set();
  const visit = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) visit(pkg);
  };
  visit(all.find(({ name }) => name === 'sidewire-napi').id);
  return [...seen]
    .map((id) => byId.get(id))
    .filter(({ source }) => source !== null)
    .map(({ name, version, license, manifest_path: path }) => ({
      name,
      version,
      licence: license ?? 'see its text',
      kind: 'Rust',
      folder: dirname(path),
    }));
}

/** Packages for development that are put into what is published: the page is bundled with them. */
const BUNDLED = ['preact'];

/** The npm packages that come with an installation, and those whose code does. */
function packages() {
  const { packages: all } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  // Not by the marks of the lock file: a package that is here for development may be another's optional peer as well.
  const seen = new Set();
  const visit = ({ dependencies = {} }) => {
    for (const name of Object.keys(dependencies)) {
      if (seen.has(name)) continue;
      seen.add(name);
      visit(all[`node_modules/${name}`]);
    }
  };
  visit(all['']);
  for (const name of BUNDLED) seen.add(name);
  return [...seen].map((name) => {
    const { version, license } = all[`node_modules/${name}`];
    const folder = join(ROOT, 'node_modules', name);
    return { name, version, licence: license ?? 'see its text', kind: 'npm', folder };
  });
}

function licences(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .flatMap((name) => {
      try {
        return [readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')];
      } catch {
        return [];
      }
    });
}

if (isMain(import.meta.url))
  await main(() => {
    const text = output(CARGO, ['metadata', '--format-version', '1', '--locked'], { cwd: NATIVE });
    if (text === null) throw new Failed('`cargo metadata` failed.');
    const { page, packages: count, texts } = noticesPage(JSON.parse(text));
    writeFileSync(join(NATIVE, 'THIRD_PARTY_NOTICES.md'), page);
    say(`notices: ${count} packages, ${texts} licence texts`);
  });
