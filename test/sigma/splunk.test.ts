import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileSigma, splunkQuery } from '../../src/sigma/index.js';
import { rule } from './fixture.js';

const query = (text: string) => {
  const [loaded] = compileSigma([{ path: 'r', text }]).loaded;
  return loaded ? splunkQuery(loaded) : '';
};

describe('Splunk', () => {
  it('says a rule as pySigma does', () => {
    const detection = String.raw`a: {ParentImage: ['*\wmiprvse.exe', '*\mmc.exe'], CommandLine: '*cmd.exe* \\\\127.0.0.1\\*&1*'}
b: {CommandLine|startswith: ['cmd "x"', 'y'], User: 1}
condition: 1 of *`;
    expect(query(`${rule(detection)}fields: [CommandLine, User]\n`)).toBe(
      String.raw`(ParentImage IN ("*\\wmiprvse.exe", "*\\mmc.exe") CommandLine="*cmd.exe* \\\\127.0.0.1\\*&1*") OR (CommandLine IN ("cmd \"x\"*", "y*") User="1") | table CommandLine,User`,
    );
  });

  it.each([
    ['s: {A: a}\nf: {B: b, C: c}\ncondition: s and not f', 'A="a" NOT (B="b" C="c")'],
    ['s: {A|contains|all: [a, b]}\ncondition: s', 'A="*a*" A="*b*"'],
    ['s: [a, b]\ncondition: s', '("a" OR "b")'],
    ["s: {A|re: 'x.y', B: b}\ncondition: s", 'B="b" | regex A="x.y"'],
    ['s: {A|exists: true, B: null, C|gt: 5}\ncondition: s', 'A=* NOT B=* C>5'],
    ['s: {A|cidr: 10.0.0.0/8}\ncondition: s', 'A="10.0.0.0/8"'],
  ])('%s', (detection, wanted) => {
    expect(query(rule(detection))).toBe(wanted);
  });

  it('says what it cannot', () => {
    expect(() => query(rule('s: {A|re: x}\nt: {B: b}\ncondition: s or t'))).toThrow(/regular expression/);
    expect(() => query(rule('s: {A|hour: 3}\ncondition: s'))).toThrow(/time/);
  });

  it('reads the shipped rule', () => {
    const path = new URL('../../rules/sigma/dcom-mmc20-powershell.yml', import.meta.url);
    expect(query(readFileSync(path, 'utf8'))).toContain('EventID="4104"');
  });
});
