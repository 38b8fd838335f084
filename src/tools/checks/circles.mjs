// Files that need each other in a ring cannot be read, tested or moved one at a time.
import { dirname, join, normalize } from 'node:path';
import { moduleGraph } from './rust-modules.mjs';
import { nodes } from './tree.mjs';

export const rustCircles = {
  name: 'circles of Rust files',
  about: 'no files of a crate use each other in a ring',
  find({ rust }) {
    return Object.values(Object.groupBy ? Object.groupBy(rust, ({ crate }) => crate) : grouped(rust)).flatMap((files) =>
      rings(moduleGraph(files.filter(({ isTest }) => !isTest))).map(shown),
    );
  },
};

export const scriptCircles = {
  name: 'circles of TypeScript files',
  about: 'no modules import each other in a ring',
  find({ ts }) {
    return rings(importGraph(ts.filter(({ path }) => path.startsWith('src/')))).map(shown);
  },
};

const shown = (ring) => ring.join(' <-> ');

function grouped(rust) {
  const groups = {};
  for (const file of rust) {
    groups[file.crate] ??= [];
    groups[file.crate].push(file);
  }
  return groups;
}

/** For each file, the files that it imports, types included. */
export function importGraph(ts) {
  const known = new Set(ts.map(({ path }) => path));
  return new Map(
    ts.map(({ path, ast }) => {
      const used = new Set();
      for (const [{ type, source }] of nodes(ast.body)) {
        if (!/^(Import|Export\w*)(Declaration|Expression)$/.test(type) || typeof source?.value !== 'string') continue;
        if (!source.value.startsWith('.')) continue;
        const target = normalize(join(dirname(path), source.value));
        const found = [target, target.replace(/\.js$/, '.ts'), target.replace(/\.js$/, '.tsx')].find((one) =>
          known.has(one),
        );
        if (found && found !== path) used.add(found);
      }
      return [path, used];
    }),
  );
}

/** The rings of a graph: its strongly connected parts of more than one node (Tarjan). */
export function rings(graph) {
  const state = new Map();
  const stack = [];
  const found = [];
  let count = 0;
  const visit = (node) => {
    const mine = { index: count, low: count, on: true };
    count += 1;
    state.set(node, mine);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const other = state.get(next);
      if (other === undefined) mine.low = Math.min(mine.low, visit(next).low);
      else if (other.on) mine.low = Math.min(mine.low, other.index);
    }
    if (mine.low !== mine.index) return mine;
    const part = stack.splice(stack.indexOf(node));
    for (const one of part) state.get(one).on = false;
    if (part.length > 1) found.push(part.sort());
    return mine;
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return found;
}
