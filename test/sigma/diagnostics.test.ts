// What is said of rules: code, place, and the way out.
import { describe, expect, it } from 'vitest';
import { compileSigma, SIGMA_CODES, type SigmaCode } from '../../src/sigma/index.js';

const HEAD = 'title: T\nid: 11111111-2222-4333-8444-555555555555\nlevel: high\n';
const SOURCE = 'logsource: {product: windows, category: process_creation}\n';

/** A code, a rule that has it, and the text it is about. */
const CASES: readonly (readonly [SigmaCode, string, string])[] = [
  ['sigma/yaml', `${HEAD}detection: {a: [`, ''],
  ['sigma/document', '- a\n- b\n', '- a\n- b\n'],
  ['sigma/title', `${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'logsource: {product: windows, category: '],
  ['sigma/no-id', `title: T\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'T'],
  ['sigma/id', `title: T\nid: x\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'x'],
  [
    'sigma/duplicate',
    `${HEAD}${SOURCE}detection: {s: {Image: a}, condition: s}\n---\n${HEAD}${SOURCE}detection: {s: {Image: a}, condition: s}\n`,
    '11111111-2222-4333-8444-555555555555',
  ],
  ['sigma/level', `title: T\nlevel: urgent\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'urgent'],
  ['sigma/status', `${HEAD}status: fine\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'fine'],
  ['sigma/logsource', `${HEAD}logsource: {definition: x}\ndetection: {s: {Image: a}, condition: s}\n`, 'logsource'],
  [
    'sigma/logsource-list',
    `${HEAD}logsource: {product: windows, category: [ps_script, ps_module]}\ndetection: {s: {Image: a}, condition: s}\n`,
    '[ps_script, ps_module]',
  ],
  [
    'sigma/logsource-unknown',
    `${HEAD}logsource: {product: windows, category: process_creatoin}\ndetection: {s: {Image: a}, condition: s}\n`,
    'logsource',
  ],
  [
    'sigma/field-missing',
    `${HEAD}logsource: {product: zeek, service: dns}\ndetection: {s: {query: a, TTLs: 5}, condition: s}\n`,
    'TTLs',
  ],
  ['sigma/detection', `${HEAD}${SOURCE}detection: {s: {Image: {a: b}}, condition: s}\n`, '{a: b}'],
  ['sigma/identifier', `${HEAD}${SOURCE}detection: {selection: {Image: a}, condition: selectoin}\n`, 'selectoin'],
  ['sigma/unused', `${HEAD}${SOURCE}detection: {s: {Image: a}, t: {Image: b}, condition: s}\n`, 't'],
  ['sigma/condition', `${HEAD}${SOURCE}detection: {s: {Image: a}, condition: (s and s}\n`, '('],
  ['sigma/aggregation', `${HEAD}${SOURCE}detection: {s: {Image: a}, condition: s | count() > 5}\n`, '| count() > 5'],
  ['sigma/modifier', `${HEAD}${SOURCE}detection: {s: {Image|contain: a}, condition: s}\n`, 'Image|contain'],
  ['sigma/value', `${HEAD}${SOURCE}detection: {s: {Image|cidr: a.b}, condition: s}\n`, 'a.b'],
  ['sigma/placeholder', `${HEAD}${SOURCE}detection: {s: {Image|expand: '%a%'}, condition: s}\n`, "'%a%'"],
  ['sigma/timeframe', `${HEAD}${SOURCE}detection: {s: {Image: a}, timeframe: 5m, condition: s}\n`, 'timeframe'],
  ['sigma/retired', `${HEAD}tags: [attack.t1175]\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`, 'attack.t1175'],
  ['sigma/correlation', `${HEAD}correlation: {type: event_cont, rules: [a], timespan: 5m}\n`, 'event_cont'],
  [
    'sigma/rule',
    `${HEAD}correlation: {type: event_count, rules: [absent], timespan: 5m, condition: {gte: 2}}\n`,
    '[absent]',
  ],
  ['sigma/filter', `title: F\n${SOURCE}filter: {f: {User: a}, condition: not f}\n`, 'filter'],
];

describe('diagnostics', () => {
  it.each(CASES)('%s', (code, text, about) => {
    const { diagnostics } = compileSigma([{ path: 'rule.yml', text }]);
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(found, JSON.stringify(diagnostics)).toMatchObject({ file: 'rule.yml', severity: SIGMA_CODES[code][0] });
    expect(found?.text).toBe(about);
    expect(found?.help).not.toBe('');
  });

  it('has a case for every code', () => {
    expect(new Set(CASES.map(([code]) => code))).toEqual(new Set(Object.keys(SIGMA_CODES)));
  });

  it('suggests what was meant', () => {
    const { diagnostics } = compileSigma([
      { path: 'r', text: CASES.find(([code]) => code === 'sigma/identifier')?.[1] ?? '' },
    ]);
    expect(diagnostics.map(({ help }) => help)).toContain('did you mean `selection`?');
  });

  it('makes the same id of the same text', () => {
    const text = `title: T\n${SOURCE}detection: {s: {Image: a}, condition: s}\n`;
    const id = () => compileSigma([{ path: 'r', text }]).batch.rules[0]?.head;
    expect(id()).toEqual(id());
    expect(id()?.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(id()?.sid).toBeLessThan(2 ** 31);
  });

  it('survives mutations of a rule', () => {
    const text = `${HEAD}tags: [attack.t1021.003]\n${SOURCE}detection:\n  s: {Image|endswith|windash: ' -a', CommandLine|re: 'a.b'}\n  k: [a, b]\n  condition: s and not 1 of k*\n`;
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 300; round += 1) {
      let mutated = text;
      for (let times = 1 + random(4); times > 0; times -= 1) {
        const at = random(mutated.length);
        const piece = ['', '{', '[', ':', '\n', '*', '|', '&a', '*a', '- ', '"', '\u0000'][random(12)] ?? '';
        mutated = mutated.slice(0, at) + piece + mutated.slice(at + random(6));
      }
      const { statistics } = compileSigma([{ path: 'r', text: mutated }]);
      expect(statistics.loaded + statistics.failed).toBeLessThanOrEqual(Math.max(1, statistics.rules));
    }
  });
});
