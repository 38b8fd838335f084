import { describe, expect, it } from 'vitest';
import {
  BATCH_SIZE,
  check,
  compile,
  renderJson,
  renderLine,
  renderTerminal,
  toLsp,
} from '../../src/rules/suricata/index.js';
import { catalog, compileText, lowered, options, ruleOf } from './fixture.js';

const rule = (sid: number, more = '', header = 'alert tcp $HOME_NET any -> any 80') =>
  `${header} (msg:"r"; ${more} sid:${sid};)`;

describe('compile', () => {
  it('hands over batches with the sets they name', () => {
    const text = Array.from({ length: BATCH_SIZE + 1 }, (_, at) => rule(at + 1)).join('\n');
    const { batches, statistics } = compileText(text);
    expect(batches.map((batch) => batch.rules.length)).toEqual([BATCH_SIZE, 1]);
    expect(statistics).toMatchObject({ rules: BATCH_SIZE + 1, loaded: BATCH_SIZE + 1, failed: 0 });
    for (const { version, sets, rules } of batches) {
      expect(version).toBe(catalog.version);
      expect(sets.addresses).toHaveLength(2);
      expect(sets.ports).toHaveLength(2);
      for (const one of rules) {
        expect(sets.addresses[one.source]?.include[0]).toEqual({ from: '10.0.0.0', to: '10.255.255.255' });
        expect(sets.ports[one.destination_port]).toEqual({ ranges: [{ from: 80, to: 80 }] });
      }
    }
  });

  it('loses one rule to one broken rule', () => {
    const { rules, statistics } = compileText([rule(1), rule(2, 'contnet:"a";'), 'nonsense', rule(3)].join('\n'));
    expect(rules.map((one) => one.sid)).toEqual([1, 3]);
    expect(statistics).toMatchObject({ rules: 4, loaded: 2, failed: 2 });
  });

  it('tells what is not supported yet from what is unknown', () => {
    const { diagnostics, statistics } = compileText(
      [rule(1, 'lua:x.lua;'), rule(2, 'contnet:"a";'), rule(3, '', 'alert krb5 any any -> any any')].join('\n'),
    );
    expect(diagnostics.map((one) => [one.code, one.keyword, one.help])).toEqual([
      ['keyword/unsupported', 'lua', expect.stringContaining('lua')],
      ['keyword/unknown', 'contnet', 'did you mean `content`?'],
      ['header/protocol', 'krb5', expect.any(String)],
    ]);
    expect([...statistics.unsupported]).toEqual([
      ['lua', 1],
      ['krb5', 1],
    ]);
  });

  it('does not repeat what an unsupported buffer brings about', () => {
    const { diagnostics } = compileText(rule(1, 'krb5.cname; dotprefix; content:".a"; bsize:3; fast_pattern;'));
    expect(diagnostics.map((one) => one.code)).toEqual(['keyword/unsupported']);
  });

  it('keeps the newest revision of a sid, the first of equal ones, and none that does not load', () => {
    const text = [
      rule(1, 'rev:1;'),
      rule(2, 'rev:5; content:"a";'),
      rule(1, 'rev:3; content:"sid:2";'),
      rule(2, 'rev:5; content:"b";'),
      rule(1, 'rev:2;'),
      rule(1, 'rev:9; contnet:"x";'),
      rule(1, 'rev:1; gid:7;'),
    ].join('\n');
    const { rules, diagnostics, statistics } = compileText(text);
    expect(rules.map(({ gid, sid, rev }) => [gid, sid, rev])).toEqual([
      [1, 2, 5],
      [1, 1, 3],
      [7, 1, 1],
    ]);
    expect(rules[0]?.text).toContain('"a"');
    expect(diagnostics.filter((one) => one.code === 'rule/duplicate').map((one) => one.line)).toEqual([1, 4, 5]);
    expect(statistics.duplicates).toBe(3);
  });

  it('passes over rules that require something else', () => {
    const kept = (requires: string) =>
      compileText(rule(1, `requires:${requires};`), { features: ['JA3'] }).statistics.loaded === 1;
    expect(kept('version >= 7.0.4 < 8 | >= 8.0.3')).toBe(true);
    expect(kept('version >= 7.0.4 < 8 | > 8.0.8')).toBe(false);
    expect(kept('feature ja3, keyword content')).toBe(true);
    expect(kept('feature lua')).toBe(false);
    expect(kept('keyword dataset')).toBe(true);
    expect(kept('keyword iprep')).toBe(false);
    expect(kept('moon full')).toBe(false);
    const { statistics, diagnostics } = compileText(`${rule(1, 'nope:1; requires:keyword nope;')}`);
    expect(statistics).toMatchObject({ skipped: 1, failed: 0 });
    expect(diagnostics).toMatchObject([{ code: 'rule/skipped', severity: 'note' }]);
  });

  it('brings threshold.config in', () => {
    const threshold = {
      path: 'threshold.config',
      text: [
        '# comment',
        'threshold gen_id 1, sig_id 1, type limit, track by_src, count 3, seconds 60',
        'event_filter gen_id 0, sig_id 0, type both, track by_dst, count 1, seconds 5',
        'suppress gen_id 1, sig_id 2',
        'suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.1,$HOME_NET]',
        'suppress gen_id 1, sig_id 0, track by_either, ip 10.0.0.9',
        'rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action drop, timeout 1',
        'this is not correct',
        'suppress gen_id 1, sig_id 3, track by_src',
      ].join('\n'),
    };
    const own = 'threshold:type limit, track by_rule, count 9, seconds 9;';
    const { rules, batches, diagnostics } = compileText([rule(1), rule(2), rule(3, own)].join('\n'), { threshold });
    expect(rules.map((one) => one.threshold)).toEqual([
      { kind: 'limit', track: 'by_source', count: 3, seconds: 60, multiplier: 0 },
      { kind: 'both', track: 'by_destination', count: 1, seconds: 5, multiplier: 0 },
      { kind: 'limit', track: 'by_rule', count: 9, seconds: 9, multiplier: 0 },
    ]);
    expect(rules.map((one) => one.suppressions.map((suppression) => suppression.track))).toEqual([
      ['by_both'],
      ['by_rule', 'by_source', 'by_both'],
      ['by_both'],
    ]);
    const addresses = batches[0]?.sets.addresses[rules[1]?.suppressions[1]?.addresses ?? -1];
    expect(addresses?.include[0]).toEqual({ from: '10.0.0.0', to: '10.255.255.255' });
    expect(diagnostics.map((one) => [one.code, one.line])).toEqual([
      ['settings/unsupported', 7],
      ['settings/threshold', 8],
      ['settings/threshold', 9],
    ]);
  });

  it('reads classifications and references, and says which lines it cannot read', () => {
    const classification = {
      path: 'c',
      text: 'config classification: a,Some Thing,4\nconfig classification: broken\n',
    };
    const reference = { path: 'r', text: 'config reference: kind\n' };
    const { diagnostics } = compileText('', { classification, reference });
    expect(diagnostics.map((one) => [one.file, one.line, one.code])).toEqual([
      ['c', 2, 'settings/classification'],
      ['r', 1, 'settings/reference'],
    ]);
    expect(lowered('classtype:A;', 'tcp', { classification })).toMatchObject({ class: 'Some Thing', priority: 4 });
  });

  it('gives the same batches every time', () => {
    const text = [rule(1, 'content:"a";'), rule(2, 'http.uri; content:"b";', 'alert http any any -> any any')].join(
      '\n',
    );
    const all = () => Buffer.concat([...compile([{ path: 'x', text }], options).batches]).toString();
    expect(all()).toBe(all());
  });
});

describe('diagnostics', () => {
  const text = `${ruleOf('content:"ok";')}\nalert tcp any any -> any any (msg:"x"; \\\n  content:"b"; offset:1; within:2; sid:2;)\n`;
  const { diagnostics } = check([{ path: 'dir/x.rules', text }], options);
  const [found] = diagnostics;

  it('name the place, also in continued lines', () => {
    expect(diagnostics).toHaveLength(1);
    expect(found).toMatchObject({
      code: 'content/mixed-window',
      severity: 'error',
      file: 'dir/x.rules',
      line: 3,
      column: 33,
      endLine: 3,
      endColumn: 34,
      text: '2',
      sid: 2,
      keyword: 'within',
    });
  });

  it('are shown on a terminal, in a line, as JSON and to editors', () => {
    if (found === undefined) throw new Error('no diagnostic');
    const lines = text.split('\n');
    const shown = renderTerminal(found, { line: (_file, line) => lines[line - 1] });
    expect(shown).toBe(
      [
        'error[content/mixed-window]: `within` cannot follow `offset`, `depth` or `startswith` (sid 2)',
        '  --> dir/x.rules:3:33',
        '3 |   content:"b"; offset:1; within:2; sid:2;)',
        '  |                                 ^',
        '  help: use `offset`/`depth` to count from the beginning or `distance`/`within` to count from the last match',
      ].join('\n'),
    );
    expect(renderTerminal(found, { color: true })).toContain('\x1b[31m');
    expect(renderLine(found)).toBe(
      'dir/x.rules:3:33: error: `within` cannot follow `offset`, `depth` or `startswith` [content/mixed-window]',
    );
    expect(JSON.parse(renderJson(found))).toEqual(found);
    expect(toLsp(found)).toMatchObject({
      range: { start: { line: 2, character: 32 }, end: { line: 2, character: 33 } },
      severity: 1,
      code: 'content/mixed-window',
      source: 'sidewire',
    });
  });

  it('cut long lines around the place', () => {
    const long = `alert tcp any any -> any any (msg:"${'x'.repeat(300)}"; contnet:"a"; content:"${'y'.repeat(300)}"; sid:1;)`;
    const [one] = compileText(long).diagnostics;
    if (one === undefined) throw new Error('no diagnostic');
    const [, , excerpt = '', underline = ''] = renderTerminal(one, { width: 80, line: () => long }).split('\n');
    expect(excerpt.length).toBeLessThanOrEqual(86);
    expect(excerpt.slice(underline.indexOf('^'), underline.lastIndexOf('^') + 1)).toBe('contnet');
  });
});
