// Rules of Elastic, Splunk and Kusto as rows: what their queries look at, and what of them cannot be read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CoverageCatalog, readCatalog } from '../../src/coverage/index.js';
import {
  type QueryReader,
  readEql,
  readEsql,
  readKuery,
  readKusto,
  readLucene,
  readSpl,
} from '../../src/coverage/query/queries.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-vendors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The rows of a query as short texts, and what could not be read of it. */
function read(reader: QueryReader, query: string): { rows: string[]; lost: string[]; sources: readonly string[] } {
  const lost: string[] = [];
  const { rows, sources } = reader(query, ({ raw }, message) => lost.push(`${raw}: ${message}`));
  const shown = rows.map(({ written, operator, value, negated }) =>
    `${negated ? 'not ' : ''}${written} ${operator} ${value}`.trim(),
  );
  return { rows: shown, lost, sources };
}

describe('EQL', () => {
  it.each([
    ['process where a == "x"', ['a eq x']],
    [
      'process where a : "*x*" and b : "x*" or c : "*x" and d : "x*y"',
      ['a contains x', 'b starts_with x', 'c ends_with x', 'd wildcard x*y'],
    ],
    [
      'process where a : ("x", "y") and b in ("x", "y") and c in~ ("z")',
      ['a eq x', 'a eq y', 'b in x', 'b in y', 'c in z'],
    ],
    ['process where a != "x" and not b == "y" and c not in ("z")', ['a ne x', 'not b eq y', 'not c in z']],
    ['process where not (a == 1 or not b >= 2)', ['not a eq 1', 'b ge 2']],
    ['process where a like~ ("x*", "y") and b regex "a.b"', ['a starts_with x', 'a eq y', 'b regex_match a.b']],
    [
      'process where wildcard(a, "x*", "y") and cidrmatch(b, "10.0.0.0/8", "::1/128")',
      ['a starts_with x', 'a eq y', 'b cidr 10.0.0.0/8', 'b cidr ::1/128'],
    ],
    ['process where startswith~(a, "x") and stringContains(b, "y")', ['a starts_with x', 'b contains y']],
    [
      'process where length(a) > 5 and ?b.c == true and d == null and e != null',
      ['length(a) gt 5', 'b.c eq true', 'd is_null', 'e exists'],
    ],
    ['process where a : "C:\\\\x\\\\*" and b : """C:\\y""" /* no */ // "c"', ['a starts_with C:\\x\\', 'b eq C:\\y']],
    ['process where `my field` == "x" and flag', ['my field eq x', 'flag eq true']],
    ['any where true', []],
  ])('%s', (query, rows) => {
    expect(read(readEql, query)).toEqual({ rows, lost: [], sources: [query.split(' ')[0]] });
  });

  it('reads the events of a sequence, and those that must not come', () => {
    const query =
      'sequence by host.id with maxspan=1m\n [network where p == 135] by a\n ![process where q : "x"]\n until [file where r == 1]';
    expect(read(readEql, query)).toEqual({
      rows: ['p eq 135', 'not q eq x', 'r eq 1'],
      lost: [],
      sources: ['network', 'process', 'file'],
    });
  });

  it('says what it does not read, and goes on', () => {
    expect(read(readEql, 'process where odd(a) and b == 1 and ] and c == 2')).toMatchObject({
      rows: ['b eq 1'],
      lost: ['odd: the function `odd` is not read'],
    });
    expect(read(readEql, 'process where a == 1 2 3 and b == 2')).toMatchObject({
      rows: ['a eq 1', 'b eq 2'],
      lost: ['2: this is not read'],
    });
  });
});

it.each([
  ['from logs-*, x metadata _id | where a == "x" and to_lower(b) in ("y", "z")', ['a eq x', 'b in y', 'b in z']],
  [
    'from x | where a like "*x*" and b rlike "x.*" and c is not null and d is null',
    ['a contains x', 'b regex_match x.*', 'c exists', 'd is_null'],
  ],
  [
    'from x | where not starts_with(a, "x") and cidr_match(b, "10.0.0.0/8")',
    ['not a starts_with x', 'b cidr 10.0.0.0/8'],
  ],
  [
    'from x | where t > now() - 7 days | eval n = 5 | stats c = count() by h | where c >= 3',
    ['t gt now() - 7 days', 'c ge 3'],
  ],
])('ES|QL: %s', (query, rows) => {
  const { rows: found, lost } = read(readEsql, query);
  expect([found, lost]).toEqual([rows, []]);
});

it.each([
  ['a : x and b : "y z" or not c : w', ['a eq x', 'b eq y z', 'not c eq w']],
  ['a : (x or "y z") and not b : (v and *w*)', ['a eq x', 'a eq y z', 'not b eq v', 'not b contains w']],
  ['a : (not x) and b >= 5 and c : *', ['not a eq x', 'b ge 5', 'c exists']],
  ['a : C\\:\\\\Windows\\\\* and "alone"', ['a starts_with C:\\Windows\\', 'keywords contains alone']],
])('KQL: %s', (query, rows) => {
  const { rows: found, lost } = read(readKuery, query);
  expect([found, lost]).toEqual([rows, []]);
});

it.each([
  ['a:x AND NOT b:(y OR z) -c:w', ['a eq x', 'not b eq y', 'not b eq z', 'not c eq w']],
  ['a:[1 TO 5] AND b:/x.*y/ && c:"p q"', ['a ge 1', 'a le 5', 'b regex_match x.*y', 'c eq p q']],
  ['_exists_:a AND NOT _exists_:b', ['a exists', 'not b exists']],
  ['+a:x*y || b:10.0.0.0*', ['a wildcard x*y', 'b starts_with 10.0.0.0']],
])('Lucene: %s', (query, rows) => {
  const { rows: found, lost } = read(readLucene, query);
  expect([found, lost]).toEqual([rows, []]);
});

describe('SPL', () => {
  it.each([
    [
      'index=x EventCode=4104 (a="*x*" OR a=y*)',
      ['index eq x', 'EventCode eq 4104', 'a contains x', 'a starts_with y'],
    ],
    ['a IN ("x", *y) NOT b=z c!=w d!=*v*', ['a in x', 'a ends_with y', 'not b eq z', 'c ne w', 'not d contains v']],
    ['| tstats count from datamodel=W where a LIKE "%x%" by b, c', ['a contains x']],
    ['`sysmon` "some words" word', ['macro eq sysmon', 'keywords contains some words', 'keywords contains word']],
    [
      'a=1 | stats count by a | where match(b, "(?i)x\\.y") AND NOT like(c, "%z%") | search d>5',
      ['a eq 1', 'b regex_match (?i)x\\.y', 'not c contains z', 'd gt 5'],
    ],
    [
      'a=1 | where isnotnull(b) AND cidrmatch("10.0.0.0/8", c) AND lower(d)=="x" | regex e!="f.g"',
      ['a eq 1', 'b exists', 'c cidr 10.0.0.0/8', 'd eq x', 'not e regex_match f.g'],
    ],
    ['a="C:\\\\x\\\\*" \'my field\'=5', ['a starts_with C:\\x\\', 'my field eq 5']],
    ['a=1 | eval b=if(c=2, 3, 4) | rename a AS d | table d', ['a eq 1']],
  ])('%s', (query, rows) => {
    const { rows: found, lost } = read(readSpl, query);
    expect([found, lost]).toEqual([rows, []]);
  });

  it('reads data models, and says that it reads no search in brackets', () => {
    const query =
      '| tstats `s` count from datamodel=Endpoint.Processes where Processes.process_name=a.exe (Processes.process="*b*") by Processes.dest | `drop(x)` | search dest=c [search x=y]';
    expect(read(readSpl, query)).toEqual({
      rows: ['Processes.process_name eq a.exe', 'Processes.process contains b', 'dest eq c'],
      lost: ['[: what stands in brackets is not read'],
      sources: ['Endpoint.Processes'],
    });
  });
});

describe('Kusto', () => {
  it.each([
    ['T | where A == "x" and B =~ \'y\' or C != 5 and D !~ "z"', ['A eq x', 'B eq y', 'C ne 5', 'D ne z']],
    [
      'T | where A has "x" and B !contains "y" and C startswith "z" and D !endswith "w"',
      ['A contains x', 'not B contains y', 'C starts_with z', 'not D ends_with w'],
    ],
    [
      'T | where A has_any ("x", "y") and B in~ ("p") and C !in (1, 2)',
      ['A contains x', 'A contains y', 'B in p', 'not C in 1', 'not C in 2'],
    ],
    [
      'let n = dynamic(["x", "y"]);\nT | where A in (n) and B has_any (n)',
      ['A in x', 'A in y', 'B contains x', 'B contains y'],
    ],
    [
      'T | where A matches regex @"x\\.y" and isnotempty(B) and not(C has "z")',
      ['A regex_match x\\.y', 'B exists', 'not C contains z'],
    ],
    [
      'T | where tolower(A) == "x" and B between (5 .. 9) and t > ago(1d)',
      ['A eq x', 'B ge 5', 'B le 9', 't gt ago(1d)'],
    ],
    ['T | extend A = 1 | join (S | where B == 2) on C | where D == 3 // | where E == 4', ['B eq 2', 'D eq 3']],
  ])('%s', (query, rows) => {
    const { rows: found, lost } = read(readKusto, query);
    expect([found, lost]).toEqual([rows, []]);
  });

  it('says that it reads no list that is made elsewhere', () => {
    expect(
      read(readKusto, 'T | where A !in (known) and B["c"].d == 1 and tostring(parse_json(E).f) has "x"'),
    ).toMatchObject({
      rows: ['B.c.d eq 1', 'tostring(parse_json(E).f) contains x'],
      lost: ['known: the list `known` is not read'],
    });
  });

  it('names its tables, and says that it reads no list that is a query', () => {
    expect(read(readKusto, 'T | where A in ((S | project B)) and C == 1')).toEqual({
      rows: ['C eq 1'],
      lost: ['|: a list that is a query is not read'],
      sources: ['T', 'S'],
    });
  });
});

it.each([readEql, readEsql, readKuery, readLucene, readSpl, readKusto])(
  'reads whatever stands there to an end (%#)',
  (reader) => {
    const pieces = [
      'process where ',
      '| where ',
      'a',
      ' == ',
      ' : ',
      '=',
      '(',
      ')',
      '[',
      ']',
      '"',
      "'",
      '`',
      ' and ',
      ' or ',
      'not ',
      ' in ',
      ',',
      '|',
      ';',
      '*',
      '\\',
      '/',
      '..',
      'let x = dynamic([',
      '"y"',
      '\n',
      ' by ',
      '-',
      '!',
    ];
    let seed = 11;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 800; round += 1) {
      const query = Array.from({ length: random(40) }, () => pieces[random(pieces.length)]).join('');
      expect(() => reader(query, () => {}), query).not.toThrow();
    }
    const started = performance.now();
    for (const piece of pieces) reader(piece.repeat(5000), () => {});
    reader(`process where ${'('.repeat(20_000)}a == 1`, () => {});
    expect(performance.now() - started).toBeLessThan(20_000);
  },
);

describe('files', () => {
  function catalogOf(name: string, text: string): CoverageCatalog {
    const path = join(mkdtempSync(join(folder, 'rules-')), name);
    writeFileSync(path, text);
    return readCatalog([path]);
  }

  const elastic = (query: string) => `[metadata]
creation_date = "2026/01/01"

[rule]
name = "Shell of a console"
rule_id = "1111"
language = "eql"
type = "eql"
query = '''
${query}
'''

[[rule.threat]]
[[rule.threat.technique]]
id = "T1021"
[[rule.threat.technique.subtechnique]]
id = "T1021.003"
[[rule.threat]]
[[rule.threat.technique]]
id = "T1175"
`;

  it('of Elastic', () => {
    const { rules, problems } = catalogOf('a.toml', elastic('process where process.name : "cmd.exe" and\n  odd(x)'));
    expect(rules).toMatchObject([
      {
        id: '1111',
        title: 'Shell of a console',
        vendor: 'elastic',
        line: 5,
        logSource: 'eql process',
        techniques: ['T1021.003', 'T1559.001'],
        runs: false,
        rows: [{ field: 'Image', written: 'process.name', operator: 'eq', value: 'cmd.exe' }],
      },
    ]);
    expect(problems).toMatchObject([{ code: 'coverage/query', line: 11, column: 3, text: 'odd', severity: 'warning' }]);
  });

  it('of Elastic that are damaged, or none', () => {
    expect(catalogOf('a.toml', 'a = [1,\nb').problems).toMatchObject([{ code: 'coverage/file', line: 2 }]);
    expect(catalogOf('a.toml', '[rule]\nquery = "a"\n').problems).toMatchObject([{ code: 'coverage/rule', line: 2 }]);
    expect(catalogOf('a.toml', 'title = "settings"\n')).toEqual({ rules: [], problems: [] });
  });

  it('of Elastic, with the filters beside the query', () => {
    const filter = (negate: boolean, query: string) =>
      `[[rule.filters]]\n[rule.filters.meta]\nnegate = ${negate}\n[rule.filters.query.${query}\n`;
    const text = [
      elastic('process where a == 1').replace('[[rule.threat]]', ''),
      filter(true, 'wildcard."file.path"]\ncase_insensitive = true\nvalue = "C:\\\\x\\\\*"'),
      filter(false, 'match_phrase]\n"b" = "y"'),
      filter(false, 'exists]\nfield = "c"'),
      filter(true, 'bool]\nmust = []'),
    ].join('\n');
    const { rules, problems } = catalogOf(
      'a.toml',
      text.replace(/\[\[rule\.threat\.[\s\S]*?(?=\[\[rule\.filters)/, ''),
    );
    expect(rules[0]?.rows.map(({ written, operator, value, negated }) => [written, operator, value, negated])).toEqual([
      ['a', 'eq', '1', false],
      ['file.path', 'starts_with', 'C:\\x\\', true],
      ['b', 'eq', 'y', false],
      ['c', 'exists', '', false],
    ]);
    expect(problems).toMatchObject([{ message: 'the filter `bool` is not read' }]);
  });

  it('of Splunk', () => {
    const text = `name: Shell\nid: '7'\ntype: TTP\nsearch: '| tstats count from datamodel=Endpoint.Processes where Processes.process_name=cmd.exe\n  Processes.process="*/c*" [x] by Processes.dest'\ntags:\n  mitre_attack_id:\n  - T1021.003\n`;
    const { rules, problems } = catalogOf('a.yml', text);
    expect(rules).toMatchObject([
      {
        id: '7',
        vendor: 'splunk',
        logSource: 'Endpoint.Processes',
        techniques: ['T1021.003'],
        rows: [
          { field: 'Image', value: 'cmd.exe' },
          { field: 'CommandLine', operator: 'contains', value: '/c' },
        ],
      },
    ]);
    expect(problems).toMatchObject([{ code: 'coverage/query', message: 'what stands in brackets is not read' }]);
  });

  it('of Splunk, with the macros that lie beside them', () => {
    const root = mkdtempSync(join(folder, 'splunk-'));
    for (const name of ['macros', 'detections/endpoint']) mkdirSync(join(root, name), { recursive: true });
    const macro = (name: string, definition: string) =>
      writeFileSync(join(root, 'macros', `${name}.yml`), `name: ${name}\ndefinition: '${definition}'\n`);
    macro('process_cmd', '(Processes.process_name=cmd.exe OR `other`)');
    macro('other', 'Processes.original_file_name=Cmd.Exe [x]');
    macro('loop', 'a=1 `loop`');
    const path = join(root, 'detections/endpoint/a.yml');
    const search =
      '| tstats count from datamodel=Endpoint.Processes where NOT `process_cmd` `unknown` `loop` `../x` by a';
    writeFileSync(path, `name: N\nid: 1\ntype: TTP\nsearch: '${search}'\n`);
    const { rules, problems } = readCatalog([path]);
    expect(rules[0]?.rows.map(({ field, value, negated }) => `${negated ? 'not ' : ''}${field} ${value}`)).toEqual([
      'not Image cmd.exe',
      'not OriginalFileName Cmd.Exe',
      'macro unknown',
      ...Array.from({ length: 4 }, () => 'a 1'),
      'macro loop',
      'macro ../x',
    ]);
    expect(problems).toMatchObject([
      { text: '`process_cmd`', message: 'in the macro: in the macro: what stands in brackets is not read' },
    ]);
  });

  it('of Kusto', () => {
    const text =
      'id: "8"\nname: Shell\nrelevantTechniques:\n  - T1175\nquery: |\n  SecurityEvent\n  | where EventID == 4688\n  | where Process =~ "cmd.exe" and odd(x)\nkind: Scheduled\n';
    const { rules, problems } = catalogOf('a.yaml', text);
    expect(rules).toMatchObject([
      {
        id: '8',
        vendor: 'kusto',
        logSource: 'SecurityEvent',
        techniques: ['T1021.003', 'T1559.001'],
        rows: [
          { field: 'EventID', operator: 'eq', value: '4688' },
          { field: 'Image', operator: 'eq', value: 'cmd.exe' },
        ],
      },
    ]);
    expect(problems).toMatchObject([{ line: 8, column: 36, text: 'odd' }]);
  });

  it('of Kusto, in a fence of Markdown', () => {
    const text =
      'id: "8"\nname: Shell\ntactics: [Execution]\nquery: "```kusto\\nT\\n| where A == 1 and odd(x)\\n```"\n';
    const { rules, problems } = catalogOf('a.yaml', text);
    expect(rules[0]?.rows).toMatchObject([{ written: 'A', value: '1' }]);
    expect(problems).toMatchObject([{ line: 4 }]);
  });

  it('of both that lack something', () => {
    expect(catalogOf('a.yml', 'id: 1\ntype: TTP\nsearch: a=b\n').problems).toMatchObject([
      { code: 'coverage/rule', message: 'the rule has no `name`', line: 3 },
    ]);
  });
});
