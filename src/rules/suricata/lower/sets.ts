import type { AddressRange, AddressSet, BatchSets, PortSet } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import type { Settings } from '../settings/settings.js';
import type { ListNode } from '../syntax/ast.js';
import { parseList } from '../syntax/list.js';
import { type Family, formatAddress, LAST, parseAddressRange } from './address.js';
import { type Interval, type IntervalSet, subtract, union } from './intervals.js';

/** How deep variables may name each other. */
const MAX_VARIABLES = 16;
const LAST_PORT = 65_535n;

/** Why an address or port expression is none, at a place in it. */
export interface SetProblem {
  readonly code: 'syntax/list' | 'header/address' | 'header/port' | 'header/variable';
  readonly span: Span;
  readonly message: string;
  readonly help: string;
}

export type Resolved<Set> =
  | { readonly set: Set; readonly problem: null }
  | { readonly set: null; readonly problem: SetProblem };

/** Numbers of one or two families at once, so that both kinds of expression share their arithmetic. */
type Ranges = readonly IntervalSet[];

interface Domain {
  readonly what: 'address' | 'port';
  readonly variables: ReadonlyMap<string, string>;
  readonly any: Ranges;
  /** A single value as ranges; `null` when it is none. */
  value(text: string): Ranges | null;
}

/** Resolves address and port expressions; each is worked out once. */
export class SetResolver {
  readonly #addresses: Domain;
  readonly #ports: Domain;
  readonly #addressCache = new Map<string, Resolved<AddressSet>>();
  readonly #portCache = new Map<string, Resolved<PortSet>>();

  constructor(settings: Pick<Settings, 'addressVariables' | 'portVariables'>) {
    this.#addresses = {
      what: 'address',
      variables: settings.addressVariables,
      any: [[{ from: 0n, to: LAST[4] }], [{ from: 0n, to: LAST[6] }]],
      value(text) {
        const parsed = parseAddressRange(text);
        if (parsed === null) return null;
        return parsed.family === 4 ? [[parsed.range], []] : [[], [parsed.range]];
      },
    };
    this.#ports = {
      what: 'port',
      variables: settings.portVariables,
      any: [[{ from: 0n, to: LAST_PORT }]],
      value(text) {
        const range = parsePorts(text);
        return range === null ? null : [[range]];
      },
    };
  }

  addresses(text: string): Resolved<AddressSet> {
    let known = this.#addressCache.get(text);
    if (known === undefined) {
      known = resolve(this.#addresses, text, (ranges, negated) => addressSet(this.#addresses, ranges, negated));
      this.#addressCache.set(text, known);
    }
    return known;
  }

  ports(text: string): Resolved<PortSet> {
    let known = this.#portCache.get(text);
    if (known === undefined) {
      known = resolve(this.#ports, text, portSet);
      this.#portCache.set(text, known);
    }
    return known;
  }
}

/** Of a list that negates, what it leaves out is told as well: rules on it are looked at packet by packet (`like_ip_only`). */
function addressSet(domain: Domain, ranges: Ranges, negated: boolean): AddressSet {
  const others = ranges.map((family, at) => (family.length === 0 ? [] : subtract(domain.any[at] ?? [], family)));
  return { include: addressRanges(ranges), exclude: negated ? addressRanges(others) : [] };
}

function addressRanges(ranges: Ranges): AddressRange[] {
  return ([4, 6] as const satisfies readonly Family[]).flatMap((family, at) =>
    (ranges[at] ?? []).map(({ from, to }) => ({ from: formatAddress(family, from), to: formatAddress(family, to) })),
  );
}

function portSet(ranges: Ranges): PortSet {
  return { ranges: (ranges[0] ?? []).map(({ from, to }) => ({ from: Number(from), to: Number(to) })) };
}

function parsePorts(text: string): Interval | null {
  const match = /^(\d{0,5})(:?)(\d{0,5})$/.exec(text);
  if (match === null) return null;
  const [, first = '', colon = '', second = ''] = match;
  if (colon === '' && first === '') return null;
  const from = first === '' ? 0n : BigInt(first);
  const to = colon === '' ? from : second === '' ? LAST_PORT : BigInt(second);
  return to > LAST_PORT || from > to ? null : { from, to };
}

function resolve<Set>(domain: Domain, text: string, make: (ranges: Ranges, negated: boolean) => Set): Resolved<Set> {
  const parsed = parseList(text);
  if (parsed.node === null) {
    const { span, message, help } = parsed.problem;
    return { set: null, problem: { code: 'syntax/list', span, message, help } };
  }
  const ranges = evaluate(domain, parsed.node, 0);
  if ('code' in ranges) return { set: null, problem: ranges };
  if (ranges.every((family) => family.length === 0)) {
    return {
      set: null,
      problem: {
        code: `header/${domain.what}`,
        span: parsed.node,
        message: `no ${domain.what} is left in this list`,
        help: 'what is excluded covers all that is included; `!any`, or a negated variable that is `any`, holds nothing',
      },
    };
  }
  return { set: make(ranges, negates(domain, parsed.node)), problem: null };
}

function evaluate(domain: Domain, node: ListNode, depth: number): Ranges | SetProblem {
  const inner = evaluatePlain(domain, node, depth);
  return 'code' in inner || !node.negated ? inner : without(domain, [], inner);
}

function evaluatePlain(domain: Domain, node: ListNode, depth: number): Ranges | SetProblem {
  switch (node.kind) {
    case 'item': {
      if (node.text.toLowerCase() === 'any') return domain.any;
      return (
        domain.value(node.text) ?? {
          code: `header/${domain.what}`,
          span: node,
          message: `\`${node.text}\` is not ${domain.what === 'port' ? 'a port' : 'an address'}`,
          help:
            domain.what === 'port'
              ? 'ports are `80`, `1024:2048`, `1024:` or `:1023`, up to 65535'
              : 'addresses are `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9` or the same in IPv6; names are not looked up',
        }
      );
    }
    case 'variable':
      return evaluateVariable(domain, node, depth);
    case 'group': {
      const includes: Ranges[] = [];
      const excludes: Ranges[] = [];
      for (const item of node.items) {
        const ranges = evaluatePlain(domain, item, depth);
        if ('code' in ranges) return ranges;
        (item.negated ? excludes : includes).push(ranges);
      }
      return without(domain, merge(domain, includes), merge(domain, excludes));
    }
  }
}

function evaluateVariable(domain: Domain, node: ListNode & { kind: 'variable' }, depth: number): Ranges | SetProblem {
  const value = domain.variables.get(node.text);
  const fail = (message: string, help: string): SetProblem => ({ code: 'header/variable', span: node, message, help });
  if (value === undefined) {
    return fail(
      `the variable \`$${node.text}\` is not defined`,
      `define it among the ${domain.what}-groups of \`vars\``,
    );
  }
  if (depth >= MAX_VARIABLES) return fail(`\`$${node.text}\` names itself`, 'remove the circle from `vars`');
  const parsed = parseList(value.trim());
  if (parsed.node === null)
    return fail(`the value of \`$${node.text}\` cannot be read: ${parsed.problem.message}`, parsed.problem.help);
  const ranges = evaluate(domain, parsed.node, depth + 1);
  return 'code' in ranges ? fail(`in \`$${node.text}\`: ${ranges.message}`, ranges.help) : ranges;
}

/**
 * What a group holds: what it includes without what it excludes. Where it only excludes, it includes everything, but of that
 * family alone: as in Suricata, `!10.0.0.0/8` holds no IPv6 address.
 */
function without(domain: Domain, included: Ranges, excluded: Ranges): Ranges {
  return domain.any.map((all, at) => {
    const [include, exclude] = [included[at] ?? [], excluded[at] ?? []];
    return subtract(include.length === 0 && exclude.length > 0 ? all : include, exclude);
  });
}

/** Does a list say `!` somewhere, be it in a variable? */
function negates(domain: Domain, node: ListNode, depth = 0): boolean {
  if (node.negated) return true;
  if (node.kind === 'group') return node.items.some((item) => negates(domain, item, depth));
  if (node.kind !== 'variable' || depth >= MAX_VARIABLES) return false;
  const parsed = parseList(domain.variables.get(node.text)?.trim() ?? '');
  return parsed.node !== null && negates(domain, parsed.node, depth + 1);
}

function merge(domain: Domain, sets: readonly Ranges[]): Ranges {
  return domain.any.map((_, at) => union(sets.flatMap((set) => set[at] ?? [])));
}

/** The sets of one batch: equal sets are stored once. */
export class BatchSetTable {
  readonly sets: BatchSets = { addresses: [], ports: [] };
  readonly #addresses = new Map<AddressSet, number>();
  readonly #ports = new Map<PortSet, number>();

  /** Sets come out of a {@link SetResolver}, which gives one object per expression. */
  addresses(set: AddressSet): number {
    return intern(this.#addresses, this.sets.addresses, set);
  }

  ports(set: PortSet): number {
    return intern(this.#ports, this.sets.ports, set);
  }
}

function intern<Set>(table: Map<Set, number>, list: Set[], set: Set): number {
  const known = table.get(set);
  if (known !== undefined) return known;
  table.set(set, list.length);
  list.push(set);
  return list.length - 1;
}
