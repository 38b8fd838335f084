import type { ConfigNode } from './node.js';

/** A configuration line by line, `path = value`, as `--dump-config` prints it. A map in a list shows its first key. */
export function dumpConfig(node: ConfigNode, prefix = ''): string[] {
  if (node.kind === 'scalar') return [];
  const children =
    node.kind === 'map' ? [...node.entries] : node.items.map((item, index) => [String(index), item] as const);
  return children.flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [`${path} = ${shown(child, node.kind === 'list')}`, ...dumpConfig(child, path)];
  });
}

function shown(node: ConfigNode, inList: boolean): string {
  if (node.kind === 'scalar') return node.text === '' ? '(null)' : node.text;
  if (inList && node.kind === 'map') return [...node.entries.keys()][0] ?? '(null)';
  return '(null)';
}
