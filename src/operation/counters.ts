/** Counters with dotted names as nested objects, as `stats` events have them. */
export type NestedCounters = { [name: string]: number | NestedCounters };

/** `flow.end.state.new` becomes `{flow: {end: {state: {new: ..}}}}`. */
export function nested(counters: Readonly<Record<string, number>>): NestedCounters {
  const root: NestedCounters = {};
  for (const [name, value] of Object.entries(counters)) {
    const parts = name.split('.');
    const last = parts.pop() ?? name;
    let node = root;
    for (const part of parts) {
      const present = node[part];
      const next = typeof present === 'object' ? present : {};
      node[part] = next;
      node = next;
    }
    node[last] = value;
  }
  return root;
}
