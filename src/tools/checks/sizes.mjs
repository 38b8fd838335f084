// A file holds one idea and a function one step: neither may be longer than a reader keeps in mind.
import { functions, lineOf } from './rust-source.mjs';
import { nodes } from './tree.mjs';

const MAX_FILE = 600;
const MAX_FUNCTION = 80;

export const fileSizes = {
  name: 'file sizes',
  about: `no file of code over ${MAX_FILE} lines`,
  find({ rust, ts }) {
    return [...rust, ...ts.filter(({ isGenerated }) => !isGenerated)]
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_FILE)
      .map(({ path, lines }) => `${path}: ${lines} lines`);
  },
};

export const functionSizes = {
  name: 'function sizes',
  about: `no function over ${MAX_FUNCTION} lines`,
  find({ rust, ts }) {
    const found = [];
    const add = (path, { name, line, lines }) => {
      if (lines > MAX_FUNCTION) found.push(`${path}:${line}: ${name} has ${lines} lines`);
    };
    for (const file of rust) if (!file.isTest) for (const one of functions(file.code)) add(file.path, one);
    for (const file of ts)
      if (!file.isTest && !file.isGenerated) for (const one of scriptFunctions(file)) add(file.path, one);
    return found;
  },
};

function* scriptFunctions({ text, ast }) {
  for (const [node, parents] of nodes(ast.body)) {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type) || !node.body) continue;
    const line = lineOf(text, node.start);
    const parent = parents.at(-1);
    const name = node.id?.name ?? parent?.key?.name ?? parent?.id?.name ?? 'a function';
    yield { name, line, lines: lineOf(text, node.end) - line + 1 };
  }
}
