/** Keys by what they have in common: `outputs.eve-log.types (dns, tls), multi-detect`. */
export function grouped(keys: readonly string[]): string {
  const groups = new Map<string, Set<string>>();
  for (const key of keys) {
    const dot = key.lastIndexOf('.');
    const prefix = dot < 0 ? '' : key.slice(0, dot);
    groups.set(prefix, (groups.get(prefix) ?? new Set()).add(key.slice(dot + 1)));
  }
  return [...groups]
    .map(([prefix, names]) => (prefix === '' ? [...names].join(', ') : `${prefix} (${[...names].join(', ')})`))
    .join(', ');
}
