// `npm run new protocol NAME`: a protocol that works, out of native/crates/protocols/_template, which the tests of the crate
// compile. Writes the folder and its lines in lib.rs; nothing else has to know of a protocol.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CARGO } from './rust.mjs';
import { Failed, isMain, main, must, NATIVE, say } from './shell.mjs';

const CRATE = join(NATIVE, 'crates', 'protocols');

/** The template's name for itself, which gives way to the protocol's. */
const TEMPLATE = 'template';

/**
 * Makes the folder of a protocol, and its lines in `lib.rs`.
 * @returns {string[]} the files, relative to the crate
 */
export function newProtocol(name, crate = CRATE) {
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new Failed(`\`${name}\` is no name of a protocol: lower case letters, digits and underscores, as in rules.`);
  const folder = join('src', name);
  const lib = join(crate, 'src', 'lib.rs');
  const lines = readFileSync(lib, 'utf8');
  if (name === TEMPLATE || existsSync(join(crate, folder)))
    throw new Failed(`There is a protocol \`${name}\` already.`);
  const made = copy(join(crate, '_template'), join(crate, folder), (text) => named(text, name));
  writeFileSync(lib, withLines(lines, name));
  return [join('src', 'lib.rs'), ...made.map((path) => join(folder, path))];
}

/** Copies a folder; names of files and texts as `rename` has them. Gives the files, relative to it. */
function copy(from, to, rename) {
  mkdirSync(to, { recursive: true });
  return readdirSync(from, { withFileTypes: true }).flatMap((entry) => {
    const source = join(from, entry.name);
    const target = rename(entry.name === 'eve.json' ? `${TEMPLATE}.eve.json` : entry.name);
    if (entry.isDirectory()) return copy(source, join(to, target), rename).map((path) => join(target, path));
    // Corpora are octets: what is no text stays as it is.
    const text = Buffer.from(rename(readFileSync(source, 'latin1')), 'latin1');
    writeFileSync(join(to, target), text);
    return [target];
  });
}

/** A text of the template with the protocol's name, in each spelling. */
function named(text, name) {
  const type = name.replace(/(^|_)([a-z0-9])/g, (_, __, letter) => letter.toUpperCase());
  return text.replaceAll('Template', type).replaceAll(TEMPLATE, name).replaceAll('TEMPLATE', name.toUpperCase());
}

/** `lib.rs` with the folder of a protocol, in the order of the alphabet, and with its definition as the last. */
function withLines(lib, name) {
  const modules = [...lib.matchAll(/^pub mod (\w+);$/gm)];
  const next = modules.find(([, other]) => other > name);
  const list = /^\];$/m.exec(lib);
  if (modules.length === 0 || list === null) throw new Failed('lib.rs has no list of protocols.');
  const at = next?.index ?? modules.at(-1).index + modules.at(-1)[0].length + 1;
  // What belongs to the next module (attributes) stays with it.
  const before = lib.slice(0, at).replace(/(?:^#\[.*\]\n)+$/m, '');
  const type = named('TemplateSession', name);
  return [
    before,
    `pub mod ${name};\n`,
    lib.slice(before.length, list.index),
    `    sidewire_app_layer::def::<${name}::${type}>(),\n`,
    lib.slice(list.index),
  ].join('');
}

if (isMain(import.meta.url))
  await main(async () => {
    const [kind, name] = process.argv.slice(2);
    if (kind !== 'protocol' || name === undefined) throw new Failed('usage: npm run new protocol NAME');
    for (const path of newProtocol(name)) say(`native/crates/protocols/${path}`);
    await must('Formatting', CARGO, ['fmt', '-p', 'sidewire-protocols'], { cwd: NATIVE });
    say(`new: \`${name}\` is there; \`npm run generate\` tells TypeScript, docs/adding/protocol.md says how to go on`);
  });
