import { describe, expect, it } from 'vitest';
import { AlertGroups } from '../../src/page/model/alert-groups.js';
import { answerQuery, type EventSegment } from '../../src/page/model/answer.js';
import { EventColumns } from '../../src/page/model/columns.js';
import { coverageRows, coverageTable } from '../../src/page/model/coverage.js';
import { eveMicros, factsOf } from '../../src/page/model/event-facts.js';
import { eventWords } from '../../src/page/model/event-words.js';
import { markOf, marksByKey, stateAt } from '../../src/page/model/marks.js';
import { parsedLine, parsedLines } from '../../src/page/model/members.js';
import { octetDump } from '../../src/page/model/octets.js';
import { OverviewBuilder } from '../../src/page/model/overview.js';
import { parametersOf, queryOf } from '../../src/page/model/query.js';
import { alertLine, callLine, incidentLine, line, time } from './events.js';

function segmentOf(lines: readonly string[], first = 0): EventSegment {
  const columns = new EventColumns();
  for (const event of parsedLines(lines)) columns.add(factsOf(event), 0, 0);
  return { columns, first, lines: async (rows) => rows.map((row) => lines[row] ?? '') };
}

describe('times of EVE', () => {
  it('are microseconds, whatever their zone', () => {
    const utc = eveMicros('2026-01-02T03:04:05.000006+0000');
    expect(utc).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) * 1000 + 6);
    expect(eveMicros('2026-01-02T05:04:05.000006+0200')).toBe(utc);
    expect(eveMicros('2026-01-01T21:34:05.000006-0530')).toBe(utc);
    for (const none of ['', 'yesterday', 7, null, undefined, {}]) expect(eveMicros(none)).toBe(0);
  });
});

describe('facts of an event', () => {
  it('are empty where an event says nothing, or nonsense', () => {
    const facts = factsOf({ timestamp: 5, src_port: -1, dest_port: 1e9, flow_id: 'x', alert: [], src_ip: {} });
    expect(facts).toEqual({
      at: 0,
      type: 'unknown',
      from: '',
      to: '',
      fromPort: 0,
      toPort: 0,
      flow: 0,
      sid: 0,
      severity: 0,
      protocol: '',
    });
  });

  it('know the protocol of an event by its type, its flow or its log', () => {
    expect(factsOf({ event_type: 'http', proto: 'TCP' }).protocol).toBe('http');
    expect(factsOf({ event_type: 'msrpc', proto: 'TCP' }).protocol).toBe('dcerpc');
    expect(factsOf({ event_type: 'flow', proto: 'TCP', app_proto: 'failed' }).protocol).toBe('tcp');
    expect(factsOf({ event_type: 'alert', winlog: { channel: 'Security' } }).protocol).toBe('Security');
  });
});

describe('a query', () => {
  it('is written into the address and read from it', () => {
    const query = queryOf(new URLSearchParams('type=alert,flow&host=10.0.0.1&port=445&since=5&text=a%26b&sid=x'));
    expect(query).toEqual({ types: ['alert', 'flow'], host: '10.0.0.1', port: 445, since: 5, text: 'a&b' });
    expect(queryOf(parametersOf(query))).toEqual(query);
  });

  const lines = [
    line('flow', 0, { src_ip: '10.0.0.1', dest_ip: '10.0.0.2', dest_port: 445, proto: 'TCP' }),
    alertLine(1),
    alertLine(2, { sid: 8, severity: 1, from: '10.0.0.2', to: '10.0.0.1', signature: 'C:\\Windows "x"' }),
    line('dns', 3, { src_ip: 'fe80::1', dest_ip: '10.0.0.9' }),
  ];
  const segments = [segmentOf(lines)];
  const numbers = async (query: object) => (await answerQuery(segments, query)).numbers;

  it('finds events by every column, newest first', async () => {
    expect(await numbers({})).toEqual([3, 2, 1, 0]);
    expect(await numbers({ types: ['alert'] })).toEqual([2, 1]);
    expect(await numbers({ host: '10.0.0.2' })).toEqual([2, 1, 0]);
    expect(await numbers({ host: '10.0.0.1', peer: '10.0.0.2' })).toEqual([2, 1, 0]);
    expect(await numbers({ host: 'fe80:*' })).toEqual([3]);
    expect(await numbers({ host: '10.0.0.3' })).toEqual([]);
    expect(await numbers({ port: 445 })).toEqual([0]);
    expect(await numbers({ sid: 8 })).toEqual([2]);
    expect(await numbers({ severity: 1 })).toEqual([2]);
    expect(await numbers({ flow: 11 })).toEqual([2, 1]);
    expect(await numbers({ protocol: 'dns' })).toEqual([3]);
    expect(await numbers({ since: eveMicros(time(2)), until: eveMicros(time(2)) })).toEqual([2]);
  });

  it('finds a text as people write it, not as JSON does', async () => {
    expect(await numbers({ text: 'c:\\windows "X"' })).toEqual([2]);
    expect(await numbers({ text: 'signature' })).toEqual([2, 1]);
  });

  it('counts what the wanted events have', async () => {
    const { total, facets, histogram } = await answerQuery(segments, {});
    expect(total).toBe(4);
    expect(facets.type).toEqual([
      ['alert', 2],
      ['dns', 1],
      ['flow', 1],
    ]);
    expect(facets.host.slice(0, 2)).toEqual([
      ['10.0.0.1', 3],
      ['10.0.0.2', 3],
    ]);
    expect(facets.sid).toEqual([
      ['7', 1],
      ['8', 1],
    ]);
    expect(histogram.all.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(histogram.alerts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('goes through many events by pages, over the borders of segments', async () => {
    const many = Array.from({ length: 450 }, (_, index) => line('flow', index));
    const parts = [segmentOf(many.slice(0, 300)), segmentOf(many.slice(300), 300)];
    const seen: number[] = [];
    let before: number | undefined;
    do {
      const page = await answerQuery(parts, {}, before);
      expect(page.lines.map((text) => many.indexOf(text))).toEqual(page.numbers);
      seen.push(...page.numbers);
      before = page.before;
    } while (before !== undefined);
    expect(seen).toEqual(many.map((_, index) => 449 - index));
  });
});

describe('groups of alerts', () => {
  const groupsOf = (lines: readonly string[]) => {
    const groups = new AlertGroups();
    for (const event of parsedLines(lines)) groups.take(event);
    return groups;
  };

  it('are of one rule and one pair, both directions of a flow together', () => {
    const flow = { src_ip: '10.0.0.1', dest_ip: '10.0.0.2' };
    const { groups } = groupsOf([
      alertLine(0, { more: { flow } }),
      alertLine(2, { from: '10.0.0.2', to: '10.0.0.1', more: { flow } }),
      alertLine(1, { sid: 8, severity: 1 }),
    ]);
    expect(groups.map(({ sid, count, from, to }) => [sid, count, from, to])).toEqual([
      [8, 1, '10.0.0.1', '10.0.0.2'],
      [7, 2, '10.0.0.1', '10.0.0.2'],
    ]);
    expect(groups[1]).toMatchObject({ first: eveMicros(time(0)), last: eveMicros(time(2)) });
  });

  it('tell who does it to whom as the rule does', () => {
    const alert = { gid: 1, signature_id: 7, source: { ip: 'a' }, target: { ip: 'b' }, severity: 1, signature: 's' };
    const { groups } = groupsOf([alertLine(0, { more: { alert } })]);
    expect(groups[0]).toMatchObject({ from: 'a', to: 'b' });
  });

  it('lose the least severe first when there are too many, and say how many alerts', () => {
    const lines = [alertLine(0, { severity: 1, signature: 'grave' })];
    for (let host = 0; host < 10_500; host += 1) lines.push(alertLine(host + 1, { severity: 3, to: `h${host}` }));
    const groups = groupsOf(lines);
    expect(groups.groups).toHaveLength(5000);
    expect(groups.groups[0]?.signature).toBe('grave');
    expect(groups.left).toBe(lines.length - 5000);
  });
});

describe('the overview', () => {
  it('sums up all events', () => {
    const builder = new OverviewBuilder();
    for (const event of parsedLines([callLine(0, 1), alertLine(1, { more: { msrpc: {} } }), incidentLine(2)]))
      builder.take(event);
    builder.takeBroken();
    const { overview } = builder;
    expect(overview).toMatchObject({ events: 3, broken: 1, first: eveMicros(time(0)), last: eveMicros(time(2)) });
    expect(overview.pairs).toMatchObject([{ one: '10.0.0.1', other: '10.0.0.2', calls: 1, alerts: 1 }]);
    expect(overview.incidents.map(({ id }) => id)).toEqual(['a1b2']);
  });

  it('passes over an incident that is not whole', () => {
    const builder = new OverviewBuilder();
    builder.take(parsedLine(line('incident', 0, { incident: { id: 5 } })) ?? {});
    expect(builder.overview).toMatchObject({ incidents: [], incidentsLeft: 1 });
  });
});

describe('marks', () => {
  it('keep a group archived until something new comes', () => {
    const marks = marksByKey([
      { key: 'k', made: 'a', state: 'archived', until: 10 },
      { key: 'k', made: 'b', note: 'known' },
    ]).get('k');
    expect(stateAt(marks, 10)).toBe('archived');
    expect(stateAt(marks, 11)).toBe('open');
    expect(marks?.notes).toHaveLength(1);
    expect(stateAt(undefined, 5)).toBe('open');
  });

  it('are refused when they are none', () => {
    for (const none of [
      null,
      'x',
      {},
      { key: 'k' },
      { key: '', state: 'open' },
      { key: 'k', state: 'gone' },
      { key: 'k', note: ' ' },
      { key: 'k', note: 'x'.repeat(5000) },
      { key: 'k', state: 'archived', until: 'x' },
    ])
      expect(markOf(none, 'now')).toBeNull();
    expect(markOf({ key: 'k', state: 'archived', until: 5, more: 1 }, 'now')).toEqual({
      key: 'k',
      made: 'now',
      state: 'archived',
      until: 5,
    });
  });
});

describe('coverage', () => {
  it('has a row for each technique that is looked for or was found', () => {
    const table = coverageTable([
      { techniques: ['T1047', 'T1021.003'], isProved: true },
      { techniques: ['T1047'], isProved: false },
    ]);
    const rows = coverageRows(table, [{ techniques: ['T1047', 'T1003'], signature: 's', count: 3 }]);
    expect(rows).toEqual([
      { technique: 'T1003', rules: 0, proved: 0, alerts: 3, signatures: ['s'] },
      { technique: 'T1021.003', rules: 1, proved: 1, alerts: 0, signatures: [] },
      { technique: 'T1047', rules: 2, proved: 1, alerts: 3, signatures: ['s'] },
    ]);
  });
});

describe('words and octets', () => {
  it('say what an event is about', () => {
    const words = (type: string, record: object) => eventWords({ event_type: type, [type]: record });
    expect(words('http', { http_method: 'GET', hostname: 'h', url: '/x', status: 200 })).toBe('GET h/x, 200');
    expect(words('dns', { type: 'request', queries: [{ rrname: 'a.b', rrtype: 'A' }] })).toBe('request, A a.b');
    expect(words('msrpc', { says: 'A called B' })).toBe('A called B');
    expect(words('unheard-of', { one: 1, two: 'x', three: {} })).toBe('one=1 two=x');
    expect(eventWords({ event_type: 'flow', flow: 'nonsense' })).toContain('0 + 0 packets');
  });

  it('show octets beside their text', () => {
    const dump = octetDump(Buffer.from(`GET /\r\n${'\0'.repeat(20)}`).toString('base64'), 20);
    expect(dump?.lines[0]).toEqual({
      offset: '0000',
      hex: '47 45 54 20 2f 0d 0a 00  00 00 00 00 00 00 00 00',
      text: 'GET /...........',
    });
    expect(dump?.lines).toHaveLength(2);
    expect(dump?.left).toBe(7);
    expect(octetDump('not base64!')).toBeNull();
  });
});
