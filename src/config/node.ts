/** Where something stands in a configuration file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A configuration as Suricata sees it: a tree whose leaves are text. What a text means is the schema's business. */
export type ConfigNode = ConfigScalar | ConfigMap | ConfigList;

export interface ConfigScalar {
  readonly kind: 'scalar';
  readonly text: string;
  readonly place: Place;
}

export interface ConfigMap {
  readonly kind: 'map';
  readonly entries: Map<string, ConfigNode>;
  readonly place: Place;
}

export interface ConfigList {
  readonly kind: 'list';
  readonly items: ConfigNode[];
  readonly place: Place;
}

/** A tree as plain data: strings, arrays, objects. An empty node is an empty string. */
export type Plain = string | Plain[] | { [key: string]: Plain };

/** Drops the places. */
export function toPlain(node: ConfigNode): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.text;
    case 'list':
      return node.items.map(toPlain);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, child]) => [key, toPlain(child)]));
  }
}

/** Gives plain data one place for all of it: defaults and command lines have no lines. */
export function fromPlain(plain: Plain, place: Place): ConfigNode {
  if (typeof plain === 'string') return { kind: 'scalar', text: plain, place };
  if (Array.isArray(plain)) return { kind: 'list', items: plain.map((item) => fromPlain(item, place)), place };
  const entries = new Map(Object.entries(plain).map(([key, child]) => [key, fromPlain(child, place)]));
  return { kind: 'map', entries, place };
}

/** An empty tree. */
export function emptyMap(place: Place): ConfigMap {
  return { kind: 'map', entries: new Map(), place };
}

/** The node at a path, or the deepest one on the way to it. */
export function nearest(root: ConfigNode, path: readonly PropertyKey[]): ConfigNode {
  let node = root;
  for (const part of path) {
    const next =
      node.kind === 'map'
        ? node.entries.get(String(part))
        : node.kind === 'list'
          ? node.items[Number(part)]
          : undefined;
    if (!next) break;
    node = next;
  }
  return node;
}

/**
 * Sets the leaf at a dotted path, as `--set` and dotted keys do: `outputs.1.eve-log.enabled`. Maps on the way are made;
 * a number goes into a list where there is one, and makes one where there is nothing.
 */
export function setPath(root: ConfigMap, path: readonly string[], value: ConfigNode): void {
  let node: ConfigMap | ConfigList = root;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    const fresh = (): ConfigMap | ConfigList =>
      /^\d+$/.test(path[index + 1] ?? '') ? { kind: 'list', items: [], place: value.place } : emptyMap(value.place);
    const present: ConfigNode | undefined = node.kind === 'map' ? node.entries.get(part) : node.items[Number(part)];
    const next: ConfigNode = last ? value : present && present.kind !== 'scalar' ? present : fresh();
    if (node.kind === 'map') node.entries.set(part, next);
    else put(node.items, Number(part), next, value.place);
    if (next.kind === 'scalar') return;
    node = next;
  }
}

function put(items: ConfigNode[], index: number, node: ConfigNode, place: Place): void {
  if (!Number.isInteger(index) || index > MAX_LIST) return;
  while (items.length < index) items.push({ kind: 'scalar', text: '', place });
  items[index] = node;
}

/** Items a `--set` may give a list; more is a mistake. */
const MAX_LIST = 10_000;
