// SigmaHQ's regression data, as it is and as a user may write it for rules of any kind.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readProofs } from '../../src/coverage/index.js';
import { type RegressionResult, regression } from '../../src/testing/index.js';
import { sidewire } from '../cli/sidewire.js';
import { ROOT } from '../eve.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-regression-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ID = '11111111-2222-4333-8444-555555555555';
const rule = `title: Shell\nid: ${ID}\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s: {Image|endswith: '\\cmd.exe'}\n  condition: s\n`;
const record = (image: string) =>
  JSON.stringify({
    Event: {
      System: {
        Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
        EventID: 1,
        Channel: 'Microsoft-Windows-Sysmon/Operational',
      },
      EventData: { Image: image },
    },
  });
const info = (id: string, tests: string) =>
  `id: x\nrule_metadata:\n    - id: ${id}\n      title: T\nregression_tests_info:\n${tests}`;

/** A repository of files that are given as text. */
function repository(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(folder, 'repository-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

async function run(root: string, options = {}): Promise<RegressionResult[]> {
  const results: RegressionResult[] = [];
  for await (const result of regression([join(root, 'regression_data')], options)) results.push(result);
  return results;
}

describe('regression data', () => {
  const log = `${record('C:\\a\\cmd.exe')}\n${record('C:\\a\\other.exe')}\n`;

  it('finds rules beside it, and samples from the root or beside', async () => {
    const root = repository({
      'rules-hunting/a.yml': rule,
      'regression_data/a/info.yml': info(
        ID,
        [
          '    - path: regression_data/a/log.json',
          '    - path: elsewhere/log.json',
          '      match_count: 1',
          '    - path: regression_data/a/log.json',
          '      match_count: 2',
        ].join('\n'),
      ),
      'regression_data/a/log.json': log,
    });
    const results = await run(root);
    expect(results.map(({ found, passed }) => [found, passed])).toEqual([
      [1, true],
      [1, true],
      [1, false],
    ]);
    expect(results[2]?.why).toEqual([
      '2 records looked at',
      '1 x s: Image does not fit, as in record 2: C:\\a\\other.exe',
    ]);
  });

  it('may want none', async () => {
    const root = repository({
      'rules/a.yml': rule,
      'regression_data/info.yml': info(ID, '    - path: regression_data/log.json\n      match_count: 0'),
      'regression_data/log.json': record('C:\\other.exe'),
    });
    expect(await run(root)).toMatchObject([{ passed: true, found: 0 }]);
    writeFileSync(join(root, 'regression_data/log.json'), log);
    expect(await run(root)).toMatchObject([{ passed: false, found: 1 }]);
  });

  it('fails without rule, sample, or when nothing can be read', async () => {
    const tests = '    - path: regression_data/log.json\n    - path: gone.evtx\n';
    const files = { 'rules/a.yml': rule, 'regression_data/log.json': 'no log' };
    const other = repository({
      ...files,
      'regression_data/info.yml': info('22222222-2222-4333-8444-555555555555', tests),
    });
    expect((await run(other))[0]).toMatchObject({
      passed: false,
      why: [expect.stringMatching(/there is no Sigma rule 2{8}/)],
    });
    const same = await run(repository({ ...files, 'regression_data/info.yml': info(ID, tests) }));
    expect(same[0]).toMatchObject({ passed: false });
    expect(same[0]?.why.join()).not.toBe('');
    expect(same[1]).toMatchObject({ passed: false, why: [expect.stringMatching(/there is no gone\.evtx/)] });
    const broken = repository({
      'rules/a.yml': rule.replace('condition: s', 'condition: t'),
      'regression_data/info.yml': info(ID, tests),
      'regression_data/log.json': log,
    });
    expect((await run(broken))[0]?.why).toEqual([
      expect.stringMatching(/does not load: .*a\.yml:6:\d+: error: there is no search identifier/),
    ]);
  });

  it('proves network rules by captures', async () => {
    const root = repository({
      'rules/a.rules': readFileSync(join(ROOT, 'rules/lateral-movement.rules')),
      'regression_data/info.yml': info(
        '2027189',
        '    - path: pcaps/dcom-names.pcap\n      type: pcap\n    - path: pcaps/dcom-lower.pcap\n      type: pcap\n',
      ),
      'pcaps/dcom-names.pcap': readFileSync(join(ROOT, 'pcaps/dcom-names.pcap')),
      'pcaps/dcom-lower.pcap': readFileSync(join(ROOT, 'pcaps/dcom-lower.pcap')),
    });
    expect(await run(root)).toMatchObject([
      { passed: true, found: 1, why: [] },
      { passed: false, found: 0 },
    ]);
  });

  it.each([
    ['a: b\n', /info\.yml:1:1: error: this is no regression data/],
    [info(ID, '    - name: x\n'), /a test has no `path`/],
    [info(ID, '    - path: x\n      match_count: many\n'), /`match_count` is many/],
  ])('is refused with its place when it is none: %j', async (text, message) => {
    const root = repository({ 'rules/a.yml': rule, 'regression_data/info.yml': text });
    await expect(run(root)).rejects.toThrow(message);
  });

  it('is refused without rules, and with misspelt options', async () => {
    const root = repository({ 'regression_data/info.yml': info(ID, '    - path: x\n') });
    await expect(run(root)).rejects.toThrow(/there are no rules beside it; name them/);
    await expect(run(root, { rule: [] })).rejects.toThrow(/did you mean `rules`\?/);
    await expect(run(repository({ 'regression_data/x': '' }))).rejects.toThrow(/there is no info\.yml/);
  });

  it('is a command, with JUnit and proofs', async () => {
    const root = repository({
      'rules/a.yml': rule.replace('title: Shell', "title: 'Shell & <more>'"),
      'regression_data/info.yml': info(
        ID,
        '    - path: regression_data/log.json\n    - path: regression_data/log.json\n      match_count: 9\n',
      ).replace('title: T', "title: 'Shell & <more>'"),
      'regression_data/log.json': log,
    });
    const paths = { junit: join(root, 'junit.xml'), proofs: join(root, 'proofs.tsv') };
    const options = ['--junit', paths.junit, '--proofs', paths.proofs];
    const { status, out } = await sidewire('rules', 'test', join(root, 'regression_data'), ...options);
    expect(status).toBe(1);
    expect(out).toMatch(/^FAIL {2}1{8}.*1 match, at least 9 wanted\n[\s\S]*1 of 2 tests pass, /);
    const junit = readFileSync(paths.junit, 'utf8');
    expect(junit).toContain('name="Shell &amp; &lt;more&gt;: regression_data/log.json"');
    expect(junit.match(/<failure /g)).toHaveLength(1);
    const proofs = await readProofs([paths.proofs], (problem) => expect(problem).toBeNull());
    expect([...proofs]).toEqual([[ID, ['regression_data/log.json']]]);
  });
});

const SHARED = join(ROOT, '..', 'shared', 'host');
const hasShared = existsSync(join(SHARED, 'truth-regression.json'));
if (!hasShared) console.warn('test/coverage: ../shared/host is not there; the published samples are not tested');

describe.skipIf(!hasShared)('published samples', () => {
  interface Sample {
    readonly path: string;
    readonly rule: string;
    readonly title: string;
    readonly match_count: number | null;
  }

  it('match, each its rule', { timeout: 120_000 }, async () => {
    const samples = JSON.parse(readFileSync(join(SHARED, 'truth-regression.json'), 'utf8')) as Sample[];
    const root = mkdtempSync(join(folder, 'published-'));
    for (const archive of ['logs.tar.xz', 'sigma-rules.tar.xz'])
      expect(spawnSync('tar', ['-xJf', join(SHARED, archive), '-C', root, 'SigmaHQ+sigma']).status).toBe(0);
    for (const [nth, { path, rule: id, match_count }] of samples.entries()) {
      const counted = match_count === null ? '' : `\n      match_count: ${match_count}`;
      mkdirSync(join(root, 'SigmaHQ+sigma/regression_data', String(nth)));
      writeFileSync(
        join(root, 'SigmaHQ+sigma/regression_data', String(nth), 'info.yml'),
        info(id, `    - path: ${path}${counted}`),
      );
    }
    const results = await run(join(root, 'SigmaHQ+sigma'));
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(samples.length);
  });
});
