import { BlockList, isIP, isIPv6 } from 'node:net';
import type { MsrpcRecord } from '../engine/index.js';
import type { CallFilter } from './call.js';
import { callText } from './wording.js';

/** Part of a filter that cannot be used; the message says what that part takes. */
export class FilterError extends Error {
  override readonly name = 'FilterError';

  constructor(
    readonly part: 'host' | 'grep',
    message: string,
  ) {
    super(message);
  }
}

export interface FilterWords {
  /** Addresses or networks; a call passes when either side is in one of them. */
  readonly hosts?: readonly string[] | undefined;
  /** Names or UUIDs of interfaces, or beginnings of them. */
  readonly interfaces?: readonly string[] | undefined;
  /** Accounts that call, as the wire shows them: a name, or with its domain as `CORP\\name` or `name@corp`. */
  readonly users?: readonly string[] | undefined;
  /** A regular expression for the text of a call, upper and lower case alike. */
  readonly grep?: string | undefined;
}

/**
 * A filter out of what the command line says; `null` when it says nothing.
 * @throws {FilterError} for an address, a network or an expression that is none
 */
export function filterOf({ hosts = [], interfaces = [], users = [], grep }: FilterWords): CallFilter | null {
  const filters: CallFilter[] = [];
  if (hosts.length > 0) {
    const wanted = networks(hosts);
    const isIn = (address: string) => isIP(address) > 0 && wanted.check(address, family(address));
    filters.push(({ from, to }) => isIn(from) || isIn(to));
  }
  if (interfaces.length > 0) {
    const wanted = interfaces.map((name) => name.toLowerCase());
    filters.push(({ record: { interface: on } }) =>
      [on?.name, on?.uuid].some((known) => wanted.some((name) => known?.toLowerCase().startsWith(name))),
    );
  }
  if (users.length > 0) {
    const wanted = users.map((name) => name.toLowerCase());
    filters.push(({ record: { auth } }) => accountNames(auth).some((name) => wanted.includes(name)));
  }
  if (grep !== undefined) {
    const expression = compiled(grep);
    filters.push(({ record }) => expression.test(callText(record)));
  }
  return filters.length === 0 ? null : (call) => filters.every((filter) => filter(call));
}

/** The ways of writing who calls, in small letters. */
function accountNames(auth: MsrpcRecord['auth']): string[] {
  if (auth?.user === undefined) return [];
  const { user, domain } = auth;
  const names = domain === undefined ? [user] : [user, `${domain}\\${user}`, `${user}@${domain}`];
  return names.map((name) => name.toLowerCase());
}

function networks(hosts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const host of hosts) {
    const [address = '', prefix] = host.split('/');
    const bits = prefix === undefined ? Number.NaN : Number(prefix);
    const most = isIPv6(address) ? 128 : 32;
    const isNetwork = /^\d{1,3}$/.test(prefix ?? '') && bits <= most;
    if (isIP(address) === 0 || (prefix !== undefined && !isNetwork))
      throw new FilterError('host', `takes an address or a network, as in 10.0.0.5 or 10.0.0.0/8, not "${host}"`);
    if (isNetwork) list.addSubnet(address, bits, family(address));
    else list.addAddress(address, family(address));
  }
  return list;
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function compiled(text: string): RegExp {
  try {
    return new RegExp(text, 'iu');
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    throw new FilterError('grep', `takes a regular expression: ${reason}. A backslash makes a character literal: \\(`);
  }
}
