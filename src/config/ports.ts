import { ConfigError } from './error.js';

/** Expansions of one port list; more is a variable that names itself. */
const MAX_DEPTH = 16;

/**
 * Ports of a list such as `[8472, $VXLAN_PORTS]`, `4789`, `any` (as 0), resolved through port variables.
 * @throws {ConfigError} on what is no port
 */
export function resolvePorts(text: string, groups: Readonly<Record<string, string>>, key: string, depth = 0): number[] {
  return text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      if (part === 'any') return [0];
      if (part.startsWith('$')) {
        const value = groups[part.slice(1)];
        if (value === undefined || depth > MAX_DEPTH)
          throw new ConfigError(`${key}: the variable ${part} is not defined`, null, 'Define it in vars.port-groups.');
        return resolvePorts(value, groups, key, depth + 1);
      }
      const port = Number(part);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new ConfigError(`${key}: "${part}" is no port`, null, 'Write numbers, as in [8472, 4789], or any.');
      return [port];
    });
}
