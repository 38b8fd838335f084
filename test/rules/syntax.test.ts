import { describe, expect, it } from 'vitest';
import { parseRule } from '../../src/rules/suricata/index.js';
import { ruleLines } from '../../src/rules/suricata/syntax/lines.js';
import { parseList } from '../../src/rules/suricata/syntax/list.js';
import { Source } from '../../src/source/source.js';

describe('parseRule', () => {
  it('keeps every part with its place', () => {
    const text = 'alert http1:request_line [10.0.0.1, 10.0.0.2] 80: => any !$P (msg:"a\\;b" ; content:!"x";nocase;)';
    const { rule } = parseRule(text);
    expect(rule).not.toBeNull();
    if (rule === null) return;
    const { header, options } = rule;
    for (const word of Object.values(header))
      if (word !== null) expect(text.slice(word.start, word.end)).toBe(word.text);
    expect(header).toMatchObject({
      action: { text: 'alert' },
      protocol: { text: 'http1' },
      hook: { text: 'request_line' },
      source: { text: '[10.0.0.1, 10.0.0.2]' },
      sourcePort: { text: '80:' },
      direction: { text: '=>' },
      destination: { text: 'any' },
      destinationPort: { text: '!$P' },
    });
    expect(options.map((option) => [option.name.text, option.value?.text ?? null])).toEqual([
      ['msg', '"a\\;b"'],
      ['content', '!"x"'],
      ['nocase', null],
    ]);
    for (const option of options) {
      expect(text.slice(option.name.start, option.name.end)).toBe(option.name.text);
      if (option.value !== null) expect(text.slice(option.value.start, option.value.end)).toBe(option.value.text);
      expect(text.slice(option.start, option.end)).toMatch(/;$/);
    }
  });

  it.each([
    ['', 'syntax/header'],
    ['alert', 'syntax/header'],
    ['alert tcp any any -> any', 'syntax/header'],
    ['alert tcp any any -> any any', 'syntax/parenthesis'],
    ['alert tcp any any -> any any (sid:1;', 'syntax/parenthesis'],
    ['alert tcp any any -> any any (sid:1; rev:1)', 'syntax/option'],
    ['alert tcp any any -> any any (sid:1;;)', 'syntax/option'],
    ['alert tcp any any -> any any (:1;)', 'syntax/option'],
    ['alert tcp any any -> any any (sid:1;) x', 'syntax/parenthesis'],
  ])('refuses %j', (text, code) => {
    const { problem } = parseRule(text);
    expect(problem?.code).toBe(code);
    expect(problem?.span.start).toBeLessThanOrEqual(text.length);
    expect(problem?.span.end).toBeLessThanOrEqual(text.length);
  });
});

describe('parseList', () => {
  it('nests and negates', () => {
    expect(parseList('![10.0.0.0/8, !$X,[a]]').node).toMatchObject({
      kind: 'group',
      negated: true,
      items: [
        { kind: 'item', negated: false, text: '10.0.0.0/8' },
        { kind: 'variable', negated: true, text: 'X' },
        { kind: 'group', negated: false, items: [{ text: 'a' }] },
      ],
    });
  });

  it('takes a list without brackets', () => {
    expect(parseList('a,b,!c').node).toMatchObject({
      kind: 'group',
      items: [{ text: 'a' }, { text: 'b' }, { negated: true, text: 'c' }],
    });
  });

  it.each(['', '[', '[]', '[a', 'a]', '[a,,b]', '!!a', '[a b]', '!', '['.repeat(100)])('refuses %j', (text) => {
    expect(parseList(text).problem?.code).toBe('syntax/list');
  });
});

describe('ruleLines', () => {
  it('passes over comments and joins continued lines', () => {
    const text = '# comment\n\n; old comment\nalert a \\\n  b \\\r\nc\n  indented\nlast \\';
    const lines = [...ruleLines(new Source('x', text))];
    expect(lines.map((line) => line.text)).toEqual(['alert a   b c', 'indented', 'last ']);
    const [joined] = lines;
    const at = joined?.text.indexOf('c') ?? 0;
    const span = joined?.inFile({ start: at, end: at + 1 });
    expect(text.slice(span?.start, span?.end)).toBe('c');
  });

  it('keeps octets that are no UTF-8', () => {
    const source = new Source('x', Uint8Array.from([0x61, 0xe9, 0x62]));
    expect(source.encoding).toBe('latin1');
    expect(source.text).toBe('aéb');
  });
});
