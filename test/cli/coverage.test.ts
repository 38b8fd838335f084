import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sidewire } from './sidewire.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-coverage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('sidewire rules list coverage', () => {
  it('has a line a technique, and the shipped rules are proved', async () => {
    const { status, out } = await sidewire('rules', 'list', 'coverage');
    expect(status).toBe(0);
    expect(out).toMatch(/T1021\.003 +(\d+) +\1 +\1 {2}\d+ suricata, 1 sigma/);
    expect(out).toMatch(/\d+ rules proved by a test; \d+ of \d+ name no technique/);
  });

  it('shows the rows of a technique, as text and as JSON', async () => {
    const { out } = await sidewire('rules', 'list', 'coverage', '--technique', 't1021.003');
    expect(out).toMatch(/9100013 .*\n.*proved by pcaps\/dcom-invoke\.pcap/);
    expect(out).toMatch(/ {2}dcerpc\.procedure +eq +Invoke/);
    const { out: json } = await sidewire('rules', 'list', 'coverage', '--technique', 'T1175', '--json');
    const record = JSON.parse(json);
    expect(record.rules.length).toBeGreaterThan(10);
    expect(record.rules[0]).toMatchObject({
      vendor: 'suricata',
      runs: true,
      logsource: 'dcerpc',
      proved: expect.any(Array),
    });
    expect(record.rows).toContainEqual({
      rule: '9100013',
      logsource: 'dcerpc',
      field: 'dcerpc.procedure',
      written: 'dcerpc.procedure',
      operator: 'eq',
      value: 'Invoke',
      negated: false,
    });
  });

  it('writes a layer for the Navigator', async () => {
    const path = join(folder, 'layer.json');
    const { status, err } = await sidewire('rules', 'list', 'coverage', '--navigator', path);
    expect([status, err]).toEqual([0, expect.stringMatching(/^\d+ techniques in /)]);
    const layer = JSON.parse(readFileSync(path, 'utf8'));
    expect(layer).toMatchObject({ versions: { layer: '4.5' }, domain: 'enterprise-attack' });
    const scored = layer.techniques.filter(({ score }: { score?: number }) => score !== undefined);
    expect(err).toContain(`${layer.techniques.length} techniques`);
    expect(
      scored.every(({ score, metadata }: { score: number; metadata: unknown[] }) => score === metadata.length),
    ).toBe(true);
  });

  it.each([
    [['rules', 'list', 'coverage', '--technique', 'DCOM'], 2, /is no technique of ATT&CK: write it as T1021\.003/],
    [['rules', 'list', 'coverage', '--navigator', '/gone/x.json'], 2, /--navigator \/gone\/x\.json/],
    [['rules', 'list', 'coverage', '-S', 'gone'], 2, /gone: there is no such file or directory/],
    [['rules', 'guide', 'T1021.003', '--proved', 'gone'], 2, /gone: there is no such file or directory/],
    [['rules', 'guide', 'T1021.003', '--top', 'x'], 2, /--top takes a whole number/],
  ])('says what is wrong with %j', async (argv, wanted, message) => {
    const { status, err } = await sidewire(...argv);
    expect([status, err]).toEqual([wanted, expect.stringMatching(message)]);
  });
});

describe('sidewire rules guide', () => {
  it('tells fields, values with their reach, exclusions and rules', async () => {
    const { status, out } = await sidewire('rules', 'guide', 'T1021.003', '--top', '99');
    expect(status).toBe(0);
    expect(out).toMatch(/^T1021\.003: (\d+) rules of \d+ \(\d+ suricata, 1 sigma\), \1 proved by a test/);
    expect(out).toMatch(/Fields looked at most \(\d+\)\n.*\n {2}dcom\.method +\d+ {2}regex_match \d/);
    expect(out).toMatch(/Payload +contains +\[System\.Activator\] +1 +1\n/);
    expect(out).toContain('proved by examples/logs/dcomexec-mmc20-powershell.evtx');
  });

  it('has the detections that come with sidewire beside those of others', async () => {
    const path = join(folder, 'one.yml');
    writeFileSync(
      path,
      'title: One\nid: x\ntags: [attack.t1021.003]\nlogsource: {category: process_creation}\ndetection: {s: {Image: a}, condition: s}\n',
    );
    const { out } = await sidewire('rules', 'guide', 'T1021.003', '-S', path);
    expect(out).toMatch(/^T1021\.003: 1 rule of 1 \(1 sigma\), 0 proved by a test/);
    expect(out).toMatch(/Detections that come with sidewire\n {2}suricata +\d+ .*proved by/);
    const { out: json } = await sidewire('rules', 'guide', 'T1021.003', '-S', path, '--json');
    const record = JSON.parse(json);
    expect([record.rules.length, record.own.length > 5]).toEqual([1, true]);
  });

  it('says when no rule is about a technique', async () => {
    const { status, out } = await sidewire('rules', 'guide', 'T1999');
    expect([status, out]).toEqual([1, expect.stringMatching(/^No rule of \d+ is about T1999\.$/)]);
  });
});
