/** A nested part of a configuration as pairs: `{a: {b: 'x'}, c: ['p', 'q']}` is `a.b: x`, `c: p,q`. */
export function flatten(value: unknown, prefix = '', into: Record<string, string> = {}): Record<string, string> {
  if (typeof value === 'string') {
    if (prefix !== '') into[prefix] = value;
  } else if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'string')) into[prefix] = value.join(',');
    else for (const [index, item] of value.entries()) flatten(item, join(prefix, String(index)), into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) flatten(child, join(prefix, key), into);
  }
  return into;
}

function join(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}.${key}`;
}
