import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, parseAddressRange } from '../../src/rules/suricata/lower/address.js';
import { subtract, union } from '../../src/rules/suricata/lower/intervals.js';
import { SetResolver } from '../../src/rules/suricata/lower/sets.js';

const resolver = new SetResolver({
  addressVariables: new Map([
    ['HOME_NET', '[10.0.0.0/8,192.168.0.0/16]'],
    ['EXTERNAL_NET', '!$HOME_NET'],
    ['ANY', 'any'],
    ['LOOP', '$LOOP'],
    ['BROKEN', '10.0.0'],
  ]),
  portVariables: new Map([
    ['HTTP_PORTS', '80'],
    ['WEB', '[$HTTP_PORTS,8080]'],
  ]),
});

const V4_ANY = { from: '0.0.0.0', to: '255.255.255.255' };
const V6_ANY = { from: '::', to: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' };

function addresses(text: string): readonly string[] | string {
  const { set, problem } = resolver.addresses(text);
  if (problem !== null) return problem.code;
  return set.include.map(({ from, to }) => `${from}-${to}`);
}

function ports(text: string): readonly string[] | string {
  const { set, problem } = resolver.ports(text);
  return problem !== null ? problem.code : set.ranges.map(({ from, to }) => `${from}-${to}`);
}

describe('addresses', () => {
  it('are text both ways', () => {
    for (const text of ['::', '::1', '2001:db8::1', '1:2:3:4:5:6:7:8', 'fe80::1:0:0:1', '10.1.2.3', '1:0:0:2::']) {
      const parsed = parseAddress(text);
      expect(parsed === null ? null : formatAddress(parsed.family, parsed.value)).toBe(text);
    }
    expect(parseAddress('::ffff:10.0.0.1')?.value).toBe(0xffff0a000001n);
    for (const text of ['10.0.0', '10.0.0.256', '1::2::3', '1:2:3', 'g::', '1:2:3:4:5:6:7:8:9', '::1.2.3', ''])
      expect(parseAddress(text)).toBeNull();
  });

  it('have ranges', () => {
    expect(parseAddressRange('10.0.0.0/255.0.0.0')?.range).toEqual(parseAddressRange('10.0.0.0/8')?.range);
    expect(parseAddressRange('10.0.0.9-10.0.0.1')).toBeNull();
    expect(parseAddressRange('10.0.0.0/33')).toBeNull();
    expect(parseAddressRange('10.0.0.0/255.0.255.0')).toBeNull();
  });

  it('resolve as Suricata resolves them', () => {
    expect(resolver.addresses('any').set).toEqual({ include: [V4_ANY, V6_ANY], exclude: [] });
    expect(addresses('$HOME_NET')).toEqual(['10.0.0.0-10.255.255.255', '192.168.0.0-192.168.255.255']);
    expect(addresses('$EXTERNAL_NET')).toEqual([
      '0.0.0.0-9.255.255.255',
      '11.0.0.0-192.167.255.255',
      '192.169.0.0-255.255.255.255',
    ]);
    expect(resolver.addresses('!0.0.0.0-9.255.255.255').set).toEqual({
      include: [{ from: '10.0.0.0', to: '255.255.255.255' }],
      exclude: [{ from: '0.0.0.0', to: '9.255.255.255' }],
    });
    expect(addresses('[any,!0.0.0.0-9.255.255.255]')).toEqual([
      '10.0.0.0-255.255.255.255',
      `${V6_ANY.from}-${V6_ANY.to}`,
    ]);
    expect(addresses('[10.0.0.0/30,!10.0.0.1]')).toEqual(['10.0.0.0-10.0.0.0', '10.0.0.2-10.0.0.3']);
    expect(addresses('[10.0.0.0/29,![10.0.0.2/31,!10.0.0.3]]')).toEqual(['10.0.0.0-10.0.0.1', '10.0.0.3-10.0.0.7']);
    expect(addresses('![!10.1.1.3]')).toEqual(['10.1.1.3-10.1.1.3']);
    expect(addresses('10.0.0.1,2001:db8::/32')).toEqual([
      '10.0.0.1-10.0.0.1',
      '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
  });

  it.each([
    ['!any', 'header/address'],
    ['!$ANY', 'header/address'],
    ['[10.0.0.1,!10.0.0.0/8]', 'header/address'],
    ['example.org', 'header/address'],
    ['$NOPE', 'header/variable'],
    ['$LOOP', 'header/variable'],
    ['$BROKEN', 'header/variable'],
    ['[10.0.0.1', 'syntax/list'],
  ])('refuses %s', (text, code) => {
    expect(addresses(text)).toBe(code);
  });
});

describe('ports', () => {
  it('resolve as Suricata resolves them', () => {
    expect(ports('any')).toEqual(['0-65535']);
    expect(ports('!80')).toEqual(['0-79', '81-65535']);
    expect(ports('1024:')).toEqual(['1024-65535']);
    expect(ports(':1023')).toEqual(['0-1023']);
    expect(ports('[80:90,!85]')).toEqual(['80-84', '86-90']);
    expect(ports('[81, 80,$WEB]')).toEqual(['80-81', '8080-8080']);
  });

  it.each([
    ['!any', 'header/port'],
    ['[80,!80]', 'header/port'],
    ['80:70', 'header/port'],
    ['65536', 'header/port'],
    ['80-90', 'header/port'],
    ['http', 'header/port'],
    ['$NOPE', 'header/variable'],
  ])('refuses %s', (text, code) => {
    expect(ports(text)).toBe(code);
  });
});

describe('intervals', () => {
  it('agree with a set of numbers', () => {
    let seed = 7;
    const next = (limit: number) => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed % limit;
    };
    const some = () =>
      Array.from({ length: next(5) }, () => next(60)).map((from) => ({
        from: BigInt(from),
        to: BigInt(from + next(9)),
      }));
    const numbers = (set: readonly { from: bigint; to: bigint }[]) => {
      const out = new Set<number>();
      for (const { from, to } of set) for (let at = Number(from); at <= Number(to); at += 1) out.add(at);
      return out;
    };
    for (let round = 0; round < 500; round += 1) {
      const [a, b] = [some(), some()];
      const result = subtract(union(a), union(b));
      expect([...numbers(result)]).toEqual([...numbers(a)].filter((at) => !numbers(b).has(at)).sort((x, y) => x - y));
      expect(union(result)).toEqual(result);
    }
  });
});
