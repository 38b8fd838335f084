// Corners of the language, each on records of its own: where tools differ, and what the specification says.
import { describe, expect, it } from 'vitest';
import { audited, creation, huntIn, matches, record, rule } from './fixture.js';

const lines = (...commands: readonly unknown[]) => commands.map((command) => creation({ CommandLine: command }));

/** What a detection is held against, and the records that match. */
const CASES: readonly (readonly [string, string, readonly string[], readonly number[]])[] = [
  ['equality ignores case', 's: {CommandLine: "CMD.exe"}\ncondition: s', lines('cmd.EXE', 'cmd.exe '), [1]],
  [
    'a backslash before a wildcard, and two',
    `${String.raw`s: {CommandLine: '*cmd.exe* \\\\127.0.0.1\\*&1*'}`}\ncondition: s`,
    lines('cmd.exe /c \\\\127.0.0.1\\ADMIN$ 2>&1', 'cmd.exe /c \\127.0.0.1\\ADMIN$ 2>&1'),
    [1],
  ],
  ['an escaped wildcard', `${String.raw`s: {CommandLine: 'a\*b'}`}\ncondition: s`, lines('a*b', 'axb'), [1]],
  ['a question mark under endswith', "s: {CommandLine|endswith: '1?'}\ncondition: s", lines('x12', 'x1', 'x123'), [1]],
  ['contains all', 's: {CommandLine|contains|all: [b, a]}\ncondition: s', lines('ab', 'a', 'b'), [1]],
  ['startswith', 's: {CommandLine|startswith: ab}\ncondition: s', lines('abc', 'xab'), [1]],
  ['cased', 's: {CommandLine|contains|cased: Ab}\ncondition: s', lines('xAb', 'xab'), [1]],
  [
    'windash in any direction',
    's: {CommandLine|contains|windash: " /accepteula"}\ncondition: s',
    lines(
      'x -accepteula',
      'x /accepteula',
      'x \u2013accepteula',
      'x \u2014accepteula',
      'x \u2015accepteula',
      'x accepteula',
    ),
    [1, 2, 3, 4, 5],
  ],
  ['re', "s: {CommandLine|re: '^a.c$'}\ncondition: s", lines('abc', 'ABC', 'abcd'), [1]],
  ['re with a flag', "s: {CommandLine|re|i: '^a.c$'}\ncondition: s", lines('abc', 'ABC'), [1, 2]],
  [
    'base64offset of UTF-16',
    's: {CommandLine|wide|base64offset|contains: "Invoke"}\ncondition: s',
    lines(
      Buffer.from('xInvoke', 'utf16le').toString('base64'),
      Buffer.from('xyInvoke', 'utf16le').toString('base64'),
      Buffer.from('xyzInvoke', 'utf16le').toString('base64'),
      Buffer.from('xInvoke', 'utf8').toString('base64'),
    ),
    [1, 2, 3],
  ],
  ['base64', 's: {CommandLine|base64|contains: "http://"}\ncondition: s', lines('x aHR0cDovLw== y', 'http://'), [1]],
  ['cidr', 's: {CommandLine|cidr: 10.0.0.0/8}\ncondition: s', lines('10.1.2.3', '11.1.2.3', 'host'), [1]],
  ['numbers compare', 's: {CommandLine|gte: 10}\ncondition: s', lines('10', 9, '0x0a', 'ten'), [1, 3]],
  ['a number equals its text', 's: {CommandLine: 3389}\ncondition: s', lines('3389', 3389, '3390'), [1, 2]],
  ['a text equals its number', "s: {CommandLine: '3389'}\ncondition: s", lines(3389, '03389'), [1]],
  ['neq', 's: {CommandLine|neq: a}\ncondition: s', lines('a', 'b'), [2]],
  [
    'exists',
    's: {ParentImage|exists: false}\ncondition: s',
    [creation({ ParentImage: 'x' }), creation({ Image: 'y' })],
    [2],
  ],
  [
    'null',
    's: {ParentImage: null}\ncondition: s',
    [creation({ ParentImage: null }), creation({ Image: 'y' }), creation({ ParentImage: '' })],
    [1, 2],
  ],
  ['empty', "s: {ParentImage: ''}\ncondition: s", [creation({ ParentImage: '' }), creation({ Image: 'y' })], [1]],
  [
    'fieldref',
    's: {Image|fieldref: ParentImage}\ncondition: s',
    [creation({ Image: 'A', ParentImage: 'a' }), creation({ Image: 'a', ParentImage: 'b' })],
    [1],
  ],
  [
    'fieldref of an end',
    's: {Image|fieldref|endswith: OriginalFileName}\ncondition: s',
    [creation({ Image: 'c:\\A.exe', OriginalFileName: 'a.EXE' }), creation({ Image: 'a', OriginalFileName: 'b' })],
    [1],
  ],
  [
    'a part of a time',
    's: {UtcTime|hour: 3}\ncondition: s',
    [creation({ UtcTime: '2026-01-02 03:04:05.6' }), creation({ UtcTime: '2026-01-02 04:04:05.6' })],
    [1],
  ],
  [
    'not over an absent field holds',
    's: {Image: y}\nf: {ParentImage: x}\ncondition: s and not f',
    [creation({ Image: 'y' })],
    [1],
  ],
  [
    'a list of maps',
    's: [{Image: a}, {CommandLine: b}]\ncondition: s',
    [creation({ Image: 'a' }), creation({ CommandLine: 'b' }), creation({ Image: 'b' })],
    [1, 2],
  ],
  [
    'keywords',
    's: [two words, other]\ncondition: s',
    [creation({ A: 'some two WORDS' }), creation({ B: 'nothing' }), creation({ C: 'another' })],
    [1, 3],
  ],
  [
    'all keywords',
    "s: {'|all': [one, two]}\ncondition: s",
    [creation({ A: 'one', B: 'two' }), creation({ A: 'one' })],
    [1],
  ],
  [
    '1 of a pattern',
    's_a: {Image: a}\ns_b: {Image: b}\ncondition: 1 of s_*',
    [creation({ Image: 'a' }), creation({ Image: 'b' }), creation({ Image: 'c' })],
    [1, 2],
  ],
  [
    'all of them leaves underscores out',
    's: {Image: a}\n_x: {Image: b}\ncondition: all of them',
    [creation({ Image: 'a' })],
    [1],
  ],
  [
    'and binds before or',
    'a: {Image: a}\nb: {Image: b}\nc: {CommandLine: c}\ncondition: a or b and c',
    [creation({ Image: 'a' }), creation({ Image: 'b' }), creation({ Image: 'b', CommandLine: 'c' })],
    [1, 3],
  ],
  [
    'names without blanks, dashes and case',
    's: {ParentImage: x}\ncondition: s',
    [creation({ 'parent-Ima ge': 'x' })],
    [1],
  ],
  ['letters of all alphabets', 's: {CommandLine|contains: ÄÖ}\ncondition: s', lines('xäöx', 'ao'), [1]],
];

describe('the language', () => {
  it.each(CASES)('%s', async (_, detection, records, wanted) => {
    expect(await matches(detection, records)).toEqual(wanted);
  });

  it('expands placeholders, and never matches without values', async () => {
    const detection = "s: {CommandLine|expand: '%admins%'}\ncondition: s";
    expect(await matches(detection, lines('alice', 'bob'), { placeholders: { admins: ['alice', 'eve'] } })).toEqual([
      1,
    ]);
    expect(await matches(detection, lines('alice', '%admins%'))).toEqual([]);
  });

  it('holds unnamed data as a list, and EventData as all of it', async () => {
    const classic = (data: unknown) => record('Windows PowerShell', 'PowerShell', 800, { Data: { '#text': data } });
    const logsource = '{product: windows, category: [ps_module, ps_classic_script]}';
    const records = [classic(['one', 'x two']), classic(['one']), classic('two one')].join('\n');
    const text = rule('s: {EventID: 800, EventData|contains|all: [one, two]}\ncondition: s', logsource);
    const { alerts } = await huntIn(records, { text });
    expect(alerts.map(({ winlog }) => winlog?.position)).toEqual([1, 3]);
    const listed = await huntIn(records, { text: rule("s: {Data: 'one'}\ncondition: s", logsource) });
    expect(listed.alerts.map(({ winlog }) => winlog?.position)).toEqual([1, 2]);
  });

  it('binds log sources to channel, provider and id', async () => {
    const text = rule('s: {CommandLine: a}\ncondition: s');
    const records = [
      record('Application', 'Other', 1, { CommandLine: 'a' }),
      record('Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon', 2, { CommandLine: 'a' }),
      record('Security', 'Other', 4688, { CommandLine: 'a' }),
      creation({ CommandLine: 'a' }),
    ];
    const { alerts, report } = await huntIn(records.join('\n'), { text });
    expect(alerts.map(({ winlog }) => winlog?.position)).toEqual([4]);
    expect(report).toMatchObject({ records: 4, passed: 3, loaded: 1, applied: 1 });
  });

  it('tells 4688 by the names of process_creation', async () => {
    const text = rule('s: {Image|endswith: \\x.exe, ParentImage: p, ProcessId: 0x10}\ncondition: s');
    const { alerts } = await huntIn(
      audited({ NewProcessName: 'c:\\x.exe', ParentProcessName: 'p', NewProcessId: '16', ProcessId: '1' }),
      { text },
    );
    expect(alerts).toHaveLength(1);
  });
});

describe('completion', () => {
  const text = rule(
    's: {ParentCommandLine|contains: svchost.exe -k netsvcs, CommandLine|contains: cmd.exe}\ncondition: s',
  );
  const parent = audited({
    NewProcessId: '0x10',
    ProcessId: '0x1',
    NewProcessName: 'C:\\svchost.exe',
    CommandLine: 'svchost.exe -k netsvcs',
  });
  const child = (more = {}) =>
    audited({
      NewProcessId: '0x20',
      ProcessId: '0x10',
      NewProcessName: 'C:\\cmd.exe',
      CommandLine: 'cmd.exe /C x',
      ...more,
    });

  it("takes a parent's command line from its own event, marked", async () => {
    const { alerts, report } = await huntIn([parent, child()].join('\n'), { text });
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.sigma?.matched).toContainEqual({
      selection: 's',
      field: 'ParentCommandLine',
      value: 'svchost.exe -k netsvcs',
      completed: true,
    });
    expect(report.completed).toBeGreaterThan(0);
  });

  it.each([
    [
      'another host',
      [parent, audited({ NewProcessId: '0x20', ProcessId: '0x10', CommandLine: 'cmd.exe' }, { computer: 'other' })],
    ],
    [
      'an ended parent',
      [parent, record('Security', 'Microsoft-Windows-Security-Auditing', 4689, { ProcessId: '0x10' }), child()],
    ],
    [
      'an id used again',
      [parent, audited({ NewProcessId: '0x10', ProcessId: '0x1', NewProcessName: 'y', CommandLine: 'y' }), child()],
    ],
    ['a parent of another name', [parent, child({ ParentProcessName: 'C:\\other.exe' })]],
    ['a parent that comes later', [child(), parent]],
  ])('does not take it from %s', async (_, records) => {
    expect((await huntIn(records.join('\n'), { text })).alerts).toEqual([]);
  });

  it('is off when asked', async () => {
    expect((await huntIn([parent, child()].join('\n'), { text }, { complete: false })).alerts).toEqual([]);
  });
});

describe('correlations and filters', () => {
  const base = (name: string, image: string) =>
    `title: ${name}\nname: ${name}\nid: ${name === 'one' ? '1' : '2'}1111111-2222-4333-8444-555555555555\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {Image: ${image}}, condition: s}\n`;
  const correlation = (body: string) =>
    `${base('one', 'a')}---\n${base('two', 'b')}---\ntitle: Both\nid: 31111111-2222-4333-8444-555555555555\ncorrelation:\n${body
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n')}\n`;
  const at = (second: number, data: Readonly<Record<string, unknown>>) =>
    creation(data, { time: `2026-01-02T03:04:${String(second).padStart(2, '0')}Z` });
  const run = async (body: string, records: readonly string[]) => {
    const { alerts } = await huntIn(records.join('\n'), { text: correlation(body) });
    return alerts.map((alert) => [alert.alert.signature, alert.winlog?.position]);
  };

  it('counts events of a group within a window', async () => {
    const body = 'type: event_count\nrules: [one]\ngroup-by: [User]\ntimespan: 10s\ncondition: {gte: 3}';
    const seconds: readonly (readonly [number, string])[] = [
      [0, 'x'],
      [1, 'y'],
      [2, 'x'],
      [3, 'x'],
      [20, 'y'],
      [29, 'y'],
    ];
    const records = seconds.map(([second, User]) => at(second, { Image: 'a', User }));
    expect(await run(body, records)).toEqual([['Both', 4]]);
    const { alerts } = await huntIn(records.join('\n'), { text: correlation(body) });
    expect(alerts[0]?.sigma?.correlation).toEqual({ events: 3, group: { User: 'x' } });
  });

  it('lets its rules alert with generate', async () => {
    const body = 'type: event_count\nrules: [one]\ntimespan: 10s\ngenerate: true\ncondition: {gte: 2}';
    expect(await run(body, [at(0, { Image: 'a' }), at(1, { Image: 'a' })])).toEqual([
      ['one', 1],
      ['one', 2],
      ['Both', 2],
    ]);
  });

  it.each([
    [
      'value_count',
      'type: value_count\nrules: [one]\ntimespan: 10s\ncondition: {field: User, gte: 2}',
      [at(0, { Image: 'a', User: 'x' }), at(1, { Image: 'a', User: 'x' }), at(2, { Image: 'a', User: 'y' })],
      3,
    ],
    ['temporal', 'type: temporal\nrules: [one, two]\ntimespan: 10s', [at(0, { Image: 'b' }), at(1, { Image: 'a' })], 2],
    [
      'temporal with a condition',
      'type: temporal\nrules: [one, two]\ntimespan: 10s\ncondition: two and not one',
      [at(0, { Image: 'a' }), at(20, { Image: 'b' })],
      2,
    ],
    [
      'temporal_ordered',
      'type: temporal_ordered\nrules: [one, two]\ntimespan: 10s',
      [at(0, { Image: 'b' }), at(1, { Image: 'a' }), at(2, { Image: 'b' })],
      3,
    ],
    [
      'value_sum',
      'type: value_sum\nrules: [one]\ntimespan: 10s\ncondition: {field: Size, gt: 5}',
      [at(0, { Image: 'a', Size: 3 }), at(1, { Image: 'a', Size: '3' })],
      2,
    ],
    [
      'value_avg',
      'type: value_avg\nrules: [one]\ntimespan: 10s\ncondition: {field: Size, gte: 4}',
      [at(0, { Image: 'a', Size: 2 }), at(1, { Image: 'a', Size: 6 })],
      2,
    ],
    [
      'value_percentile',
      'type: value_percentile\nrules: [one]\ntimespan: 10s\ncondition: {field: Size, percentile: 50, gt: 5}',
      [at(0, { Image: 'a', Size: 1 }), at(1, { Image: 'a', Size: 9 }), at(2, { Image: 'a', Size: 9 })],
      3,
    ],
    [
      'aliases',
      'type: temporal\nrules: [one, two]\ngroup-by: [who]\naliases: {who: {one: User, two: ParentUser}}\ntimespan: 10s',
      [
        at(0, { Image: 'a', User: 'x' }),
        at(1, { Image: 'b', ParentUser: 'y' }),
        at(2, { Image: 'b', ParentUser: 'x' }),
      ],
      3,
    ],
  ])('%s', async (_, body, records, position) => {
    expect(await run(body, records)).toEqual([['Both', position]]);
  });

  it('chains', async () => {
    const body = 'type: event_count\nrules: [one]\ntimespan: 10s\ncondition: {gte: 2}';
    const chain = `${correlation(body).replace('title: Both', 'title: Both\nname: both')}---\ntitle: Chain\nid: 41111111-2222-4333-8444-555555555555\ncorrelation: {type: temporal, rules: [both, two], timespan: 1m}\n`;
    const records = [at(0, { Image: 'a' }), at(1, { Image: 'a' }), at(2, { Image: 'b' })];
    const { alerts } = await huntIn(records.join('\n'), { text: chain });
    expect(alerts.map(({ alert, winlog }) => [alert.signature, winlog?.position])).toEqual([['Chain', 3]]);
  });

  it('adds filters to the rules they name', async () => {
    const filter = (rules: string) =>
      `${base('one', 'a')}---\ntitle: Filter\nlogsource: {product: windows, category: process_creation}\nfilter: {rules: ${rules}, f: {User: good}, condition: not f}\n`;
    for (const rules of ['[one]', 'any'])
      expect(
        (
          await huntIn([creation({ Image: 'a', User: 'good' }), creation({ Image: 'a', User: 'bad' })].join('\n'), {
            text: filter(rules),
          })
        ).alerts.map(({ winlog }) => winlog?.position),
      ).toEqual([2]);
  });
});
