import { describe, expect, it } from 'vitest';
import { parseInteger, parseNumeric } from '../../src/rules/suricata/keywords/number.js';

const NAMES = [
  { name: 'tcp', value: 6 },
  { name: 'ipv6-icmp', value: 58 },
];

function ranges(text: string): string {
  const test = parseNumeric(text, 255, NAMES);
  if (typeof test === 'string') return 'refused';
  if (test.kind === 'bits') return `${test.negated ? '!' : ''}&${test.mask}=${test.value}`;
  return (test.test.negated ? '!' : '') + test.test.ranges.map(({ min, max }) => `${min}..${max ?? ''}`).join();
}

describe('the number grammar', () => {
  // Each line was tried with Suricata 8.0.8.
  it.each([
    ['5', '5..5'],
    ['=5', '5..5'],
    ['!5', '!5..5'],
    ['!=5', '!5..5'],
    ['<5', '0..4'],
    ['<=5', '0..5'],
    ['>5', '6..'],
    ['>=5', '5..'],
    ['5-10', '6..9'],
    ['5<>10', '6..9'],
    [' 5 <> 10 ', '6..9'],
    ['5<>7', '6..6'],
    ['5<>6', 'refused'],
    ['10-5', 'refused'],
    ['!5-10', '!6..9'],
    ['&7=3', '&7=3'],
    ['&7!=3', '!&7=3'],
    ['&7', 'refused'],
    ['0x1f', '31..31'],
    ['tcp', '6..6'],
    ['>tcp', '7..'],
    ['ipv6-icmp', '58..58'],
    ['256', 'refused'],
    ['>255', 'refused'],
    ['<0', 'refused'],
    ['', 'refused'],
    ['x', 'refused'],
    ['5<>', 'refused'],
    ['"5"', 'refused'],
  ])('%s', (text, wanted) => {
    expect(ranges(text)).toBe(wanted);
  });

  it('has units and knows what a double holds', () => {
    expect(parseInteger('2kb')).toBe(2048);
    expect(parseInteger('1 MiB')).toBe(1048576);
    expect(parseInteger('18446744073709551615')).toBeNull();
    expect(parseInteger('5 apples')).toBeNull();
  });
});
