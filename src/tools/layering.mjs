// The order of the native crates: each may use only those of lower layers. What ARCHITECTURE.md draws, this enforces.

/** Layers, lowest first. A crate uses crates of lower layers only, but for the edges named below. */
export const LAYERS = [
  ['base', 'tables', 'library'],
  ['ir', 'eve', 'decode', 'msrpc', 'capture', 'mpm', 'magic', 'hostlog'],
  ['files', 'sigma', 'live'],
  ['flow', 'tcp', 'app-layer'],
  ['protocols', 'detect'],
  ['engine'],
  ['napi'],
];

/** Edges inside a layer, each with its reason. */
export const WITHIN = [['msrpc', 'eve', 'RPC calls write themselves as JSON objects; eve knows no protocol']];

/** Edges that go down but must not be, each with its reason. */
export const FORBIDDEN = [
  ['app-layer', 'msrpc', 'what every protocol is knows no protocol; RPC keeps its state in an extension'],
  ['detect', 'msrpc', 'detect meets protocols only through app-layer'],
  ['protocols', 'ir', 'a protocol offers buffers; rules are none of its business'],
  ['protocols', 'mpm', 'a protocol offers buffers; matching is none of its business'],
];

/** Edges between the workspace's crates that the order does not allow, one sentence each. */
export function violations(metadata) {
  const layer = new Map(LAYERS.flatMap((names, index) => names.map((name) => [name, index])));
  const short = (name) => name.replace(/^sidewire-/, '');
  const found = [];
  for (const { name, dependencies } of metadata.packages) {
    const from = short(name);
    if (!layer.has(from)) {
      found.push(`${from} has no layer: give it one in src/tools/layering.mjs`);
      continue;
    }
    for (const dependency of dependencies) {
      const to = short(dependency.name);
      if (!dependency.name.startsWith('sidewire-') || dependency.kind === 'dev') continue;
      const forbidden = FORBIDDEN.find(([user, used]) => user === from && used === to);
      if (forbidden) found.push(`${from} uses ${to}: ${forbidden[2]}`);
      else if (!(layer.get(to) < layer.get(from)) && !WITHIN.some(([user, used]) => user === from && used === to))
        found.push(`${from} uses ${to}, which is not below it`);
    }
  }
  return found;
}
