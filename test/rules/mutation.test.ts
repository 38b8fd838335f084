import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keywords } from '../../src/rules/suricata/index.js';
import { catalog, compileText, ruleOf } from './fixture.js';

const ROUNDS = 10_000;
/**
 * Processor time a broken rule costs at most, in seconds: forty times what the worst of them takes. It is not time by the
 * clock, which depends on what else the machine does. What never ends is for the runner's own limit.
 */
const MOST = 5;

/** Processor time of this process since `before`, in seconds. */
function seconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** xorshift32: the same rules every time. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function seeds(): string[] {
  const cases = new URL('../ir/', import.meta.url);
  const golden = readdirSync(cases).map((name) => readFileSync(new URL(`${name}/rule`, cases), 'utf8').trim());
  const examples = keywords(catalog).flatMap((one) =>
    one.examples.map((example) => ruleOf(example.options, example.protocol)),
  );
  return [...golden, ...examples];
}

const PIECES = [
  ';',
  ':',
  '"',
  '!',
  '(',
  ')',
  '[',
  ']',
  '|',
  '\\',
  ',',
  '$',
  '/',
  '<>',
  '-',
  '0x',
  '->',
  '=>',
  '\\;',
  '\\"',
  '|00|',
  '\u0000',
  'é',
  '\ud800',
  '\n',
  ' ',
  '\\\n',
  '99999999999999999999',
  '-1',
  '4294967296',
  '1e9',
  'any',
  '!any',
  '$HOME_NET',
  '$',
  '[[[[',
  ']]]]',
  '(((((',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'content:"a";',
  'http.uri;',
  'pkt_data;',
  'within:1;',
  'distance:-5;',
  'pcre:"/(a+)+$/";',
  'base64_data;',
  'to_lowercase;',
  'fast_pattern:only;',
  'requires:version >= 9;',
  'sid:1;',
  'byte_test:4,>,1,0;',
  'flow:to_client;',
  'absent;',
  'bsize:1;',
  'http_uri;',
  'threshold:type limit,track by_src,count 1,seconds 1;',
];

function mutate(text: string, all: readonly string[], next: (limit: number) => number): string {
  let out = text;
  for (let times = 1 + next(2); times > 0; times -= 1) {
    const at = next(out.length + 1);
    const length = next(12);
    const piece = PIECES[next(PIECES.length)] ?? '';
    switch (next(7)) {
      case 0:
        out = out.slice(0, at) + out.slice(at + length);
        break;
      case 1:
        out = out.slice(0, at) + piece + out.slice(at);
        break;
      case 2:
        out = out.slice(0, at) + piece + out.slice(at + length);
        break;
      case 3:
        out = out.slice(0, at) + String.fromCharCode(next(next(4) === 0 ? 65536 : 128)) + out.slice(at + 1);
        break;
      case 4:
        out = out.slice(0, at) + out.slice(at, at + length).repeat(1 + next(8)) + out.slice(at + length);
        break;
      case 5: {
        const other = all[next(all.length)] ?? '';
        out = out.slice(0, at) + other.slice(next(other.length + 1));
        break;
      }
      default:
        if (next(4) === 0) out = out.slice(0, at);
    }
  }
  return out;
}

describe('mutated rules', () => {
  it(`are refused or loaded, never worse (${ROUNDS} of them)`, { timeout: 120_000 }, () => {
    const next = generator(0x51de_1e55);
    const all = seeds();
    let loaded = 0;
    let refused = 0;
    let worst = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = mutate(all[next(all.length)] ?? '', all, next);
      const lines = text.split('\n');
      const before = process.cpuUsage();
      const { rules, diagnostics, statistics } = compileText(text);
      worst = Math.max(worst, seconds(before));
      const total = statistics.loaded + statistics.failed + statistics.skipped + statistics.duplicates;
      const said = statistics.failed === 0 || diagnostics.some((one) => one.severity === 'error');
      if (rules.length !== statistics.loaded || statistics.rules !== total || !said)
        expect.unreachable(JSON.stringify(text));
      for (const one of diagnostics) {
        const line = lines[one.line - 1];
        const end = lines[one.endLine - 1];
        const placed =
          line !== undefined &&
          end !== undefined &&
          one.column >= 1 &&
          one.column <= line.length + 1 &&
          one.endColumn <= end.length + 1 &&
          (one.endLine > one.line || one.endColumn >= one.column);
        if (!placed || one.message.length > 600)
          expect.unreachable(`${JSON.stringify(one)} in ${JSON.stringify(text)}`);
      }
      loaded += statistics.loaded;
      refused += statistics.failed;
    }
    expect(worst).toBeLessThan(MOST);
    // Mutations that never load, or always do, would test nothing.
    expect(loaded).toBeGreaterThan(ROUNDS / 20);
    expect(refused).toBeGreaterThan(ROUNDS / 4);
  });

  it.each([
    ['a content of quotes', `content:"${'\\"'.repeat(20_000)}";`],
    ['a content of bars', `content:"${'|'.repeat(40_000)}";`],
    ['an expression of parentheses', `pcre:"/${'('.repeat(40_000)}/";`],
    ['an expression of classes', `pcre:"/${'[[:'.repeat(20_000)}/";`],
    ['an expression of slashes', `pcre:"/${'/,flow:a'.repeat(10_000)}/";`],
    ['captures without end', `pcre:"/a/${',flow:a'.repeat(10_000)}";`],
    ['commas', `byte_test:${','.repeat(50_000)};`],
    ['blanks', `flow:${' '.repeat(100_000)}x;`],
    ['a version of comparisons', `requires:version ${'>= 1 '.repeat(20_000)};`],
    ['a version of blanks', `requires:version >${' '.repeat(100_000)};`],
    ['an unknown keyword', `${'x'.repeat(100_000)};`],
    ['many keywords', 'nocase;'.repeat(20_000)],
    ['many contents', 'content:"ab"; within:9;'.repeat(10_000)],
    ['numbers', `dsize:${'9'.repeat(100_000)};`],
    ['a range of ranges', `dsize:${'1<>'.repeat(50_000)};`],
  ])('%s costs little', (_what, body) => {
    const before = process.cpuUsage();
    compileText(ruleOf(body));
    expect(seconds(before)).toBeLessThan(MOST);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['commas', `[${','.repeat(100_000)}]`],
    ['negations', `[${'!1.1.1.1,'.repeat(20_000)}1.1.1.1]`],
    ['colons', ':'.repeat(100_000)],
  ])('a header of %s costs little', (_what, list) => {
    const before = process.cpuUsage();
    compileText(`alert tcp ${list} ${list} -> any any (sid:1;)`);
    expect(seconds(before)).toBeLessThan(MOST);
  });
});
