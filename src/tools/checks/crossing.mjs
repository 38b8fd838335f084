// Shapes that cross from Rust to TypeScript are generated: what JSON becomes is never typed by hand.
import { lineOf } from './rust-source.mjs';
import { nodes } from './tree.mjs';

const GENERATED = /\/generated\//;

export const crossingShapes = {
  name: 'crossing shapes',
  about: 'JSON that is parsed becomes `unknown` or a type of src/generated',
  find({ ts }) {
    return ts
      .filter(
        ({ path, isTest, isGenerated }) => path.startsWith('src/') && !isTest && !isGenerated && path.endsWith('.ts'),
      )
      .flatMap((file) => [...castsOf(file)]);
  },
};

function* castsOf(file) {
  const imports = importedFrom(file);
  for (const [node] of nodes(file.ast.body)) {
    if (node.type !== 'TSAsExpression' || !isParse(node.expression)) continue;
    const names = typeNames(node.typeAnnotation);
    const isGenerated = (name) => isFromGenerated(imports.get(name));
    const isUnknown = node.typeAnnotation.type === 'TSUnknownKeyword';
    if (isUnknown || names?.every(isGenerated)) continue;
    const shown = file.text.slice(node.typeAnnotation.start, node.typeAnnotation.end).replace(/\s+/g, ' ');
    yield `${file.path}:${lineOf(file.text, node.start)}: JSON.parse(..) as ${shown}`;
  }
}

function isParse({ type, callee }) {
  return type === 'CallExpression' && callee.object?.name === 'JSON' && callee.property?.name === 'parse';
}

/** The names that a type is made of, arrays of a name too; null when it is written out. */
function typeNames(type) {
  if (type.type === 'TSTypeReference') return type.typeName.type === 'Identifier' ? [type.typeName.name] : null;
  if (type.type === 'TSArrayType') return typeNames(type.elementType);
  if (type.type === 'TSTypeOperator') return typeNames(type.typeAnnotation);
  return null;
}

/** Where each imported name is from. */
function importedFrom({ ast }) {
  const found = new Map();
  for (const node of ast.body)
    if (node.type === 'ImportDeclaration')
      for (const { local } of node.specifiers) found.set(local.name, node.source.value);
  return found;
}

/** Whether a name is imported from src/generated. */
function isFromGenerated(source) {
  return source !== undefined && GENERATED.test(source);
}
