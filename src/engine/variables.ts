/** Address and port variables by name, as rules use them: `$HOME_NET`. */
export interface Variables {
  readonly addresses: ReadonlyMap<string, string>;
  readonly ports: ReadonlyMap<string, string>;
}

/** IPv4 networks of a list without negation and variables; `null` when the list is more than that. */
export function plainNetworks(text: string): readonly [base: number, mask: number][] | null {
  const parts = text
    .replace(/[[\]\s]/g, '')
    .split(',')
    .filter((part) => part !== '');
  const networks = parts.map((part): [number, number] | null => {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(part);
    if (!match) return null;
    const mask = maskOf(Number(match[5] ?? 32));
    return [address(match.slice(1, 5).map(Number)) & mask, mask];
  });
  return networks.includes(null) ? null : (networks as [number, number][]);
}

/** Whether an IPv4 address is in one of the networks. */
export function isInside(text: string, networks: readonly (readonly [number, number])[]): boolean {
  const octets = text.split('.').map(Number);
  if (octets.length !== 4) return false;
  const value = address(octets);
  return networks.some(([base, mask]) => (value & mask) === base);
}

function address(octets: readonly number[]): number {
  return octets.reduce((value, octet) => (value << 8) | octet, 0);
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : -1 << (32 - prefix);
}
