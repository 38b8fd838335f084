// Rules as rows, what those of a technique have in common, and the table of the published rules.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type CoverageCatalog,
  type CoverageRule,
  isAbout,
  navigatorLayer,
  proofsOf,
  readCatalog,
  readProofs,
  tallyTechnique,
} from '../../src/coverage/index.js';
import { ROOT } from '../eve.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-coverage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads files that are given as text. */
function catalogOf(files: Readonly<Record<string, string>>): CoverageCatalog {
  const root = mkdtempSync(join(folder, 'rules-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return readCatalog([root]);
}

/** The rows of the only rule, as short texts. */
function rowsOf({ rules }: CoverageCatalog): string[] {
  const [rule] = rules;
  return (rule?.rows ?? []).map(
    ({ field, operator, value, negated }) => `${negated ? 'not ' : ''}${field} ${operator} ${value}`,
  );
}

const sigma = (detection: string, tags = '[attack.t1021.003]') =>
  `title: T\nid: 11111111-2222-4333-8444-555555555555\ntags: ${tags}\nlogsource: {product: windows, category: process_creation}\ndetection:\n  ${detection.replaceAll('\n', '\n  ')}\n`;

describe('Sigma rules as rows', () => {
  it.each([
    ["s: {Image|endswith: '\\x.exe'}\ncondition: s", ['Image ends_with \\x.exe']],
    ['s: {CommandLine|contains|all: [a, b]}\ncondition: s', ['CommandLine contains a', 'CommandLine contains b']],
    ["s: {Image: '*\\x.exe'}\ncondition: s", ['Image ends_with \\x.exe']],
    ["s: {Image: 'C:\\a*b'}\ncondition: s", ['Image wildcard C:\\a*b']],
    ['s: {User: null}\ncondition: s', ['User is_null ']],
    ['s: {User|exists: false}\ncondition: s', ['not User exists ']],
    ['s: {User|neq: a}\ncondition: s', ['User ne a']],
    ['s: {User|contains|neq: a}\ncondition: s', ['not User contains a']],
    ['s: {SourcePort|gte: 5}\ncondition: s', ['SourcePort ge 5']],
    ['s: {CommandLine|re: a.b}\ncondition: s', ['CommandLine regex_match a.b']],
    ['s: {SourceIp|cidr: 10.0.0.0/8}\ncondition: s', ['SourceIp cidr 10.0.0.0/8']],
    ['s: {CommandLine|base64offset|contains: a}\ncondition: s', ['CommandLine contains base64offset(a)']],
    ['s: [a, b]\ncondition: s', ['keywords contains a', 'keywords contains b']],
    ["s: {'|all': [a]}\ncondition: s", ['keywords contains a']],
    ['s:\n  - {Image: a}\n  - {User: b}\ncondition: s', ['Image eq a', 'User eq b']],
    ['s: {Image: a}\nf: {User: b}\ncondition: s and not f', ['Image eq a', 'not User eq b']],
    ['s: {Image: a}\nf_1: {User: b}\ncondition: s and not 1 of f_*', ['Image eq a', 'not User eq b']],
    ['s: {Image: a}\nf: {User: b}\ncondition: not (s or not f)', ['not Image eq a', 'User eq b']],
    ['s: {Image: a}\nu: {User: b}\ncondition: s', ['Image eq a', 'User eq b']],
    ['s: {NewProcessName: a}\ncondition: s', ['Image eq a']],
    ['s: {Image: a}\ncondition: s | count() > 5', ['Image eq a']],
  ])('%s', (detection, rows) => {
    expect(rowsOf(catalogOf({ 'a.yml': sigma(detection) }))).toEqual(rows);
  });

  it('keeps what a damaged rule looks at, and says what is wrong', () => {
    const text = sigma('s: {Image: a}\ncondition: s').replace('tags:', 'status: test\nstatus: test\ntags:');
    const { rules, problems } = catalogOf({ 'a.yml': text });
    expect(rules[0]).toMatchObject({ runs: false, rows: [{ field: 'Image', value: 'a' }] });
    expect(problems).toMatchObject([{ code: 'sigma/yaml', line: 4 }]);
  });

  it('follows retired techniques', () => {
    const [rule] = catalogOf({ 'a.yml': sigma('s: {Image: a}\ncondition: s', '[attack.t1175]') }).rules;
    expect(rule?.techniques).toEqual(['T1021.003', 'T1559.001']);
    expect(
      ['T1175', 'T1021.003', 'T1559', 't1021', 'T1021.001'].map((id) => isAbout(rule as CoverageRule, id)),
    ).toEqual([true, true, true, true, false]);
  });
});

describe('network rules as rows', () => {
  const network = (options: string, header = 'dcerpc any any -> any any') =>
    `alert ${header} (msg:"M"; ${options} sid:1; metadata:mitre_technique_id T1021_003;)`;

  it.each([
    ['dcerpc.interface_name; content:"svc"; startswith;', ['dcerpc.interface_name starts_with svc']],
    ['dcom.progid; content:"MMC20"; nocase;', ['dcom.progid contains MMC20']],
    ['dcom.progid; content:"MMC"; bsize:3;', ['dcom.progid eq MMC', 'dcom.progid (size) eq 3']],
    ['dcom.progid; content:"a"; endswith; content:!"b";', ['dcom.progid ends_with a', 'not dcom.progid contains b']],
    ['dcom.progid; pcre:"/^a$/i";', ['dcom.progid regex_match /^a$/i']],
    ['dcerpc.opnum:12,19;', ['OpNum eq 12', 'OpNum eq 19']],
    ['dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003;', ['InterfaceUuid eq 367abb81-9844-35f1-ad32-98f038001003']],
    ['flowbits:isset,x; flowbits:set,y;', ['flowbits eq x']],
    ['flowbits:isnotset,x;', ['not flowbits eq x']],
  ])('%s', (options, rows) => {
    expect(rowsOf(catalogOf({ 'a.rules': network(options) }))).toEqual(rows);
  });

  it('has ports, protocol and technique, and says what does not compile', () => {
    const text = `${network('content:"|00|a|7c|";', 'tcp any any -> any [135,1024:]')}\n\nalert tcp any any -> any any (contnt:"x"; sid:2;)\n`;
    const { rules, problems } = catalogOf({ 'a.rules': text });
    expect(rules).toMatchObject([{ id: '1', logSource: 'tcp', techniques: ['T1021.003'], runs: true, line: 1 }]);
    expect(rowsOf({ rules, problems })).toEqual([
      'DestinationPort eq 135',
      'DestinationPort ge 1024',
      'payload contains |00|a|7c|',
    ]);
    expect(problems).toMatchObject([{ line: 3, code: 'keyword/unknown' }]);
  });
});

describe('the catalog', () => {
  it('refuses a named file that holds no rules, and passes over those of a directory', () => {
    expect(catalogOf({ 'notes.yml': 'a: b\n', 'README.md': '#' }).rules).toEqual([]);
    expect(() => readCatalog([join(ROOT, 'package.json')])).toThrow(/package\.json: these are no rules/);
    expect(() => readCatalog([join(folder, 'gone')])).toThrow(/there is no such file or directory/);
  });

  it('counts a rule once a value, here and in the whole, and exclusions apart', () => {
    const one = sigma("s: {Image|endswith: ['\\A.exe', '\\a.exe']}\nf: {User: x}\ncondition: s and not f");
    const two = sigma("s: {Image|endswith: '\\a.EXE'}\ncondition: s", '[attack.t1047]').replace('1111', '2222');
    const { rules } = catalogOf({ 'a.yml': one, 'b.yml': two });
    const { values, exclusions, fields, of } = tallyTechnique(rules, 'T1021.003');
    expect(of).toBe(2);
    expect(values).toMatchObject([{ field: 'Image', value: '\\A.exe', reach: 2, rules: [rules[0]?.id] }]);
    expect(exclusions).toMatchObject([{ field: 'User', operator: 'eq', value: 'x' }]);
    expect(fields).toEqual([{ field: 'Image', rules: 1, how: { ends_with: 1 }, samples: ['\\A.exe'] }]);
  });

  it('knows what proves a rule: tables, regression data, alerts of a run; and draws it', async () => {
    const where = mkdtempSync(join(folder, 'proofs-'));
    const id = '11111111-2222-4333-8444-555555555555';
    writeFileSync(join(where, 'a.yml'), sigma('s: {Image: a}\ncondition: s'));
    writeFileSync(
      join(where, 'b.rules'),
      'alert tcp any any -> any any (msg:"M"; sid:7; metadata:mitre_technique_id T1047;)',
    );
    writeFileSync(join(where, 'proofs.tsv'), `rule\tsample\n${id}\tbeside.evtx\n`);
    mkdirSync(join(where, 'given/run'), { recursive: true });
    writeFileSync(
      join(where, 'given/info.yml'),
      `rule_metadata: [{id: ${id}}]\nregression_tests_info: [{path: data/a.evtx, match_count: 1}]\n`,
    );
    writeFileSync(
      join(where, 'given/run/eve.json'),
      '{"event_type":"alert","alert":{"signature_id":7}}\n{"event_type":"flow"}\n',
    );
    writeFileSync(join(where, 'given/run/run.json'), '{"inputs":["x.pcap"]}');
    const { rules } = readCatalog([join(where, 'a.yml'), join(where, 'b.rules')]);
    const problems: unknown[] = [];
    const report = (problem: unknown) => problems.push(problem);
    const proofs = proofsOf(rules, await readProofs([join(where, 'given')], report), report);
    expect(problems).toEqual([]);
    expect(Object.fromEntries([...proofs].map(([rule, samples]) => [rule.id, samples]))).toEqual({
      [id]: ['beside.evtx', 'data/a.evtx'],
      7: ['x.pcap'],
    });
    const layer = navigatorLayer(rules, new Map([...proofs].slice(0, 1)));
    expect(layer.versions.layer).toBe('4.5');
    const shown = layer.techniques.map((one) => [one.techniqueID, one.score, one.color, one.showSubtechniques]);
    expect(shown).toEqual([
      ['T1021', undefined, undefined, true],
      ['T1021.003', 1, layer.legendItems[1]?.color, false],
      ['T1047', 1, layer.legendItems[0]?.color, false],
    ]);
    expect(layer.techniques[2]?.metadata).toEqual([{ name: 'suricata 7', value: 'M: proved by x.pcap' }]);
  });

  it('says which proof cannot be read', async () => {
    const path = join(folder, 'broken.tsv');
    writeFileSync(path, 'rule\tsample\nx\n');
    const problems: unknown[] = [];
    await readProofs([path], (problem) => problems.push(problem));
    expect(problems).toMatchObject([{ code: 'coverage/proof', file: path, line: 2 }]);
  });
});

const SHARED = join(ROOT, '..', 'shared', 'host');
const hasShared = existsSync(join(SHARED, 'truth-catalog.json'));
if (!hasShared)
  console.warn('test/coverage: ../shared/host is not there; the table of published rules is not compared');

/** Rules of SigmaHQ's folder rules-placeholder count in the published table, and are not in the archive: one asks for these. */
const PLACEHOLDER = ['Image ends_with \\cscript.exe', 'Image ends_with \\wscript.exe'];

describe.skipIf(!hasShared)('published rules', () => {
  interface Truth {
    readonly rules: number;
    readonly fields: Readonly<Record<string, { readonly rules: number; readonly how: object }>>;
    readonly indicators: readonly (readonly [string, string, string, number, number])[];
    readonly exclusions: readonly (readonly [string, string, string, number])[];
  }

  it('make the table of T1021.003', { timeout: 120_000 }, () => {
    const truth = JSON.parse(readFileSync(join(SHARED, 'truth-catalog.json'), 'utf8')) as Truth;
    const root = mkdtempSync(join(folder, 'published-'));
    expect(spawnSync('tar', ['-xJf', join(SHARED, 'sigma-rules.tar.xz'), '-C', root]).status).toBe(0);
    const { rules: all } = readCatalog([root]);
    const { rules, fields, values, exclusions } = tallyTechnique(all, 'T1021.003', 'written');
    expect(rules).toHaveLength(truth.rules);
    expect(Object.fromEntries(fields.map(({ field, rules: times, how }) => [field, { rules: times, how }]))).toEqual(
      truth.fields,
    );
    const key = (field: string, operator: string, value: string) => `${field} ${operator} ${value.toLowerCase()}`;
    expect(
      Object.fromEntries(values.map((one) => [key(one.field, one.operator, one.value), [one.rules.length, one.reach]])),
    ).toEqual(
      Object.fromEntries(
        truth.indicators.map(([field, operator, value, here, reach]) => {
          const name = key(field, operator, value);
          return [name, [here, PLACEHOLDER.includes(name) ? reach - 1 : reach]];
        }),
      ),
    );
    expect(
      Object.fromEntries(exclusions.map((one) => [key(one.field, one.operator, one.value), one.rules.length])),
    ).toEqual(
      Object.fromEntries(
        truth.exclusions.map(([field, operator, value, times]) => [key(field, operator, value), times]),
      ),
    );
  });
});
