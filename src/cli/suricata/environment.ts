import { type ConfigMap, type ConfigNode, fromPlain } from '../../config/index.js';

const VERSION = /^SURICATA_EVE_([A-Z0-9]+)_VERSION$/;
const PLACE = { file: 'environment', line: 0, column: 0 };

/**
 * Versions of EVE event types that the environment names (`SURICATA_EVE_DNS_VERSION=2`), for outputs whose configuration names
 * none.
 */
export function applyEnvironment(tree: ConfigMap, environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, version] of Object.entries(environment)) {
    const type = VERSION.exec(name)?.[1]?.toLowerCase();
    if (type !== undefined && version !== undefined)
      for (const types of eveTypes(tree)) types.splice(0, types.length, ...types.map(versioned(type, version)));
  }
}

/** The lists of event types of all EVE outputs. */
function eveTypes(tree: ConfigMap): ConfigNode[][] {
  const outputs = tree.entries.get('outputs');
  return (outputs?.kind === 'list' ? outputs.items : []).flatMap((output) => {
    const eve = output.kind === 'map' ? output.entries.get('eve-log') : undefined;
    const types = eve?.kind === 'map' ? eve.entries.get('types') : undefined;
    return types?.kind === 'list' ? [types.items] : [];
  });
}

/** Gives an item of a list of types its version, if it is of the type and has none. */
function versioned(type: string, version: string): (item: ConfigNode) => ConfigNode {
  return (item) => {
    if (item.kind === 'scalar') return item.text === type ? fromPlain({ [type]: { version } }, PLACE) : item;
    const options = item.kind === 'map' ? item.entries.get(type) : undefined;
    if (item.kind !== 'map' || options === undefined) return item;
    const entries = options.kind === 'map' ? options.entries : new Map<string, ConfigNode>();
    if (!entries.has('version')) entries.set('version', fromPlain(version, PLACE));
    item.entries.set(type, { kind: 'map', entries, place: options.place });
    return item;
  };
}
