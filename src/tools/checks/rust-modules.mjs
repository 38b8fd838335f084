// The files of a crate as modules, and which of them use which. A path is followed through what modules re-export to the
// file that defines the name. That a module and those inside it know each other is no edge: they are one room.

/** For each file, the files that it uses. */
export function moduleGraph(files) {
  const modules = new Map(files.map((file) => [modulePath(file.path), { ...file, uses: usesOf(file.code) }]));
  return new Map(
    [...modules].map(([at, file]) => {
      const used = new Set();
      for (const path of [...file.uses.map(({ path }) => path), ...inlinePaths(file.code)]) {
        const target = resolve(modules, at, path, 0);
        if (target !== null && !isInside(target, at) && !isInside(at, target)) used.add(modules.get(target).path);
      }
      return [file.path, used];
    }),
  );
}

/** `native/crates/x/src/a/b.rs` is the module `a::b`, `src/a/mod.rs` is `a`, `src/lib.rs` the empty path. */
function modulePath(path) {
  const inside = path.replace(/^.*?\/src\//, '').replace(/\.rs$/, '');
  return inside.replace(/(^|\/)(mod|lib|main)$/, '').replaceAll('/', '::');
}

function isInside(inner, outer) {
  return outer === '' || inner === outer || inner.startsWith(`${outer}::`);
}

const parentOf = (module) => module.split('::').slice(0, -1).join('::');
const child = (module, name) => (module === '' ? name : `${module}::${name}`);

/** Re-exports that lead to re-exports; more is a ring of them. */
const MAX_DEPTH = 8;

/** The module whose file defines what a path names; null when it is outside the crate. */
function resolve(modules, from, [first, ...rest], depth) {
  let module;
  if (first === 'crate') module = '';
  else if (first === 'self') module = from;
  else if (first === 'super') module = parentOf(from);
  else if (modules.has(child(from, first))) module = child(from, first);
  else return null;
  for (const [number, name] of rest.entries()) {
    if (name === 'super') module = parentOf(module);
    else if (name === 'self') continue;
    else if (modules.has(child(module, name))) module = child(module, name);
    else return reexported(modules, module, [name, ...rest.slice(number + 1)], depth) ?? module;
  }
  return module;
}

function reexported(modules, module, [name, ...rest], depth) {
  if (depth > MAX_DEPTH) return null;
  for (const use of modules.get(module)?.uses ?? []) {
    if (use.name === name) return resolve(modules, module, [...use.path, ...rest], depth + 1);
    if (use.name !== '*') continue;
    const source = resolve(modules, module, use.path, depth + 1);
    const defined = source !== null && source !== module && defines(modules.get(source).code, name);
    if (defined) return source;
  }
  return null;
}

function defines(code, name) {
  return new RegExp(`\\b(?:struct|enum|union|trait|type|fn|const|static|mod)\\s+${name}\\b`).test(code);
}

/** The paths of a file's `use` declarations, one for each name: `{ name, path }`; a glob has the name `*`. */
export function usesOf(code) {
  const found = [];
  for (const [, tree] of code.matchAll(/\buse\s+([^;]+);/g)) collect(tree.replace(/\s+/g, ' ').trim(), [], found);
  return found;
}

function collect(tree, prefix, found) {
  const open = tree.indexOf('{');
  if (open >= 0) {
    const before = segments(tree.slice(0, open));
    for (const part of parts(tree.slice(open + 1, tree.lastIndexOf('}')))) collect(part, [...prefix, ...before], found);
    return;
  }
  const [path, alias] = tree.split(/\bas\b/).map((side) => side.trim());
  const all = [...prefix, ...segments(path)];
  if (all.at(-1) === '*') found.push({ name: '*', path: all.slice(0, -1) });
  else if (all.at(-1) === 'self') found.push({ name: alias ?? all.at(-2), path: all.slice(0, -1) });
  else found.push({ name: alias ?? all.at(-1), path: all });
}

const segments = (path) =>
  path
    .split('::')
    .map((name) => name.trim().replace(/^r#/, ''))
    .filter((name) => name !== '');

/** The parts of a list between commas, those inside braces left whole. */
function parts(list) {
  const found = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= list.length; at += 1) {
    if (list[at] === '{') depth += 1;
    else if (list[at] === '}') depth -= 1;
    else if (at === list.length || (list[at] === ',' && depth === 0)) {
      found.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  return found.filter((part) => part !== '');
}

/** Paths that stand in the code itself: `crate::a::f(..)`, `super::X`. */
function inlinePaths(code) {
  const withoutUses = code.replace(/\buse\s+[^;]+;/g, '');
  return [...withoutUses.matchAll(/\b(crate|super|self)((?:\s*::\s*\w+)+)/g)].map(([, first, rest]) => [
    first,
    ...segments(rest),
  ]);
}
