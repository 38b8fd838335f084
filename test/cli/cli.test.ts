import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sidewire } from './sidewire.js';

const ROOT = join(import.meta.dirname, '../..');
const HIVE = join(ROOT, 'pcaps', 'hive-upload.pcap');
const PACK = join(ROOT, 'rules', 'lateral-movement.rules');

function scratch(files: Record<string, string | Uint8Array> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('sidewire', () => {
  it('shows its commands and exit statuses', async () => {
    const { status, out } = await sidewire('--help');
    expect(status).toBe(0);
    for (const word of ['replay', 'rules', 'suricata', 'Exit status', '130']) expect(out).toContain(word);
  });

  it.each([
    [['frobnicate'], /unknown command/],
    [['replay'], /missing required argument/],
    [['replay', 'gone.pcap'], /gone\.pcap: there is no such file or directory/],
    [['replay', HIVE, '-k', 'some'], /-k takes none, all or auto/],
    [['replay', HIVE, '--workers', '0'], /--workers takes a whole number/],
    [['replay', HIVE, '--set', 'oops'], /write it as --set/],
    [['replay', HIVE, '-S', 'gone.rules'], /gone\.rules: there is no such rule file/],
    [['replay', HIVE, '-c', 'gone.yaml'], /cannot read gone\.yaml/],
    [['rules', 'explain', 'x', HIVE], /is no sid/],
  ])('says what is wrong with %j', async (argv, message) => {
    const { status, err } = await sidewire(...argv);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});

describe('sidewire replay', () => {
  it('writes eve.json and a record of the run, and sums up', async () => {
    const out = scratch();
    const { status, out: text } = await sidewire(
      'replay',
      HIVE,
      '-l',
      out,
      '--home-net',
      'any',
      '--external-net',
      'any',
    );
    expect(status).toBe(0);
    expect(text).toMatch(/1 capture, 22 packets/);
    expect(text).toMatch(/2027190/);
    expect(text).toContain('HOME_NET any');
    expect(text).toContain(join(out, 'eve.json'));
    const events = readFileSync(join(out, 'eve.json'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.some(({ event_type }) => event_type === 'http')).toBe(true);
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
      midstream: true,
      checksums: 'auto',
    });
  });

  it('gives the summary as JSON', async () => {
    const { out } = await sidewire('replay', HIVE, '-l', scratch(), '--json', '--workers', '1');
    expect(JSON.parse(out)).toMatchObject({ workers: 1, summary: { packets: 22, errors: [] } });
  });

  it('gives reasons when nothing alerts', async () => {
    const rules = scratch({
      'x.rules': 'alert tcp $EXTERNAL_NET any -> $HOME_NET any (msg:"x"; content:"ShellExecute"; sid:1;)\n',
    });
    const { out } = await sidewire('replay', HIVE, '-l', scratch(), '-S', join(rules, 'x.rules'));
    expect(out).toMatch(/1 of 1 flows run between two hosts of HOME_NET/);
    expect(out).toContain('--external-net any');
  });

  it('replays what a damaged capture holds, and says so', async () => {
    const cut = readFileSync(HIVE).subarray(0, 5000);
    const folder = scratch({ 'cut.pcap': cut, 'no.pcap': 'this is no capture' });
    const damaged = await sidewire('replay', join(folder, 'cut.pcap'), '-l', scratch());
    expect(damaged.status).toBe(1);
    expect(damaged.out).toMatch(/cut\.pcap: .*\(what came before was replayed\)/);
    const none = await sidewire('replay', join(folder, 'no.pcap'), '-l', scratch());
    expect(none.status).toBe(1);
    expect(none.out).toMatch(/no\.pcap: /);
  });
});

describe('sidewire rules', () => {
  const BROKEN =
    'alert tcp any any -> any any (msg:"a"; conten:"x"; sid:1;)\nalert tcp any any -> any any (msg:"b"; sid:2;)\n';

  it('checks, for people, machines and editors', async () => {
    const file = join(scratch({ 'x.rules': BROKEN }), 'x.rules');
    const people = await sidewire('rules', 'check', file);
    expect(people.status).toBe(1);
    expect(people.out).toContain(`${file}:1:40`);
    expect(people.out).toContain('^^^^^^');
    expect(people.out).toMatch(/2 rules: 1 load, 1 do not/);
    const machines = JSON.parse((await sidewire('rules', 'check', file, '--json')).out);
    expect(machines).toMatchObject({
      statistics: { rules: 2, loaded: 1, failed: 1 },
      diagnostics: [{ line: 1, column: 40 }],
    });
    const editors = await sidewire('rules', 'check', file, '--editor');
    expect(editors.out).toMatch(new RegExp(`^${file}:1:40: error: `));
    expect((await sidewire('rules', 'check', PACK)).status).toBe(0);
  });

  it('explains', async () => {
    const hit = await sidewire('rules', 'explain', '2027190', HIVE, '--home-net', 'any', '--external-net', 'any');
    expect(hit.status).toBe(0);
    expect(hit.out).toMatch(/Rule 2027190 matched 1 time/);
    const miss = await sidewire('rules', 'explain', '2027189', HIVE, '--home-net', 'any', '--external-net', 'any');
    expect(miss.status).toBe(1);
    expect(miss.out).toMatch(/matched nothing/);
    expect(miss.out).toMatch(
      /10\.20\.30\.1:\d+ -> 10\.20\.30\.2:\d+ .*: `content:"\|00\|E\|00\|x.*` does not hold, looked for/,
    );
    const other = await sidewire('rules', 'explain', '9100012', HIVE);
    expect(other.out).toMatch(/\(TCP, http\): not tried: .*`alert dcerpc any any -> any any`/);
    expect((await sidewire('rules', 'explain', '7', HIVE)).err).toMatch(/no loaded rule has sid 7/);
  });

  it('profiles', async () => {
    const nets = ['--home-net', 'any', '--external-net', 'any'];
    const { status, out } = await sidewire('rules', 'profile', HIVE, ...nets, '--top', '3');
    expect(status).toBe(0);
    expect(out).toMatch(/^\d+ rules? of \d+ held against \d+ packets: [\d.]+ ms of [\d.]+ ms/);
    expect(out).toMatch(/rule\s+checks\s+matches\s+ms\s+us\/check\s+longest us\s+message/);
    const profile = JSON.parse((await sidewire('rules', 'profile', HIVE, ...nets, '--json')).out);
    const matched = profile.rules.find(({ sid }: { sid: number }) => sid === 2027190);
    expect(matched).toMatchObject({ matches: 1, pattern_length: expect.any(Number) });
    expect(matched.checks).toBeGreaterThanOrEqual(1);
    const times = profile.rules.map(({ us }: { us: number }) => us);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect((await sidewire('rules', 'profile', HIVE, '--top', 'x')).err).toMatch(/--top takes a whole number/);
  });

  it('lists keywords', async () => {
    const { out } = await sidewire('rules', 'list', 'dcerpc');
    expect(out).toContain('dcerpc.opnum');
    expect(JSON.parse((await sidewire('rules', 'list', '--json')).out).length).toBeGreaterThan(100);
  });
});

describe('sidewire suricata', () => {
  const RULES = 'alert tcp any any -> any any (msg:"x"; content:"S|00|h|00|e|00|l|00|l|00|"; sid:1;)\n';

  it('answers as Suricata does where tools look', async () => {
    expect((await sidewire('suricata', '-V')).out).toMatch(/^This is Suricata version 8\.0\.\d+ RELEASE/);
    expect((await sidewire('suricata', '--build-info')).out).toMatch(/^Features: .*HAVE_LIBJANSSON/m);
    expect((await sidewire('suricata', '--dump-config')).out).toContain('vars.address-groups.HOME_NET = [');
    expect((await sidewire('suricata', '--list-app-layer-protos')).out).toContain('dcerpc');
    expect((await sidewire('suricata', '--list-keywords')).out).toContain('- content');
    expect((await sidewire('suricata', '--help')).out).toContain('--init-errors-fatal');
  });

  it('tests a configuration', async () => {
    const folder = scratch({
      'good.rules': RULES,
      'bad.rules': `${RULES}alert tcp any any -> any any (conten:"x"; sid:2;)\n`,
    });
    const good = await sidewire('suricata', '-T', '-S', join(folder, 'good.rules'), '-l', folder);
    expect(good).toMatchObject({ status: 0 });
    expect(good.out).toContain('Configuration provided was successfully loaded');
    const bad = await sidewire('suricata', '-T', '-S', join(folder, 'bad.rules'), '-l', folder);
    expect(bad.status).toBe(1);
    expect(bad.err).toMatch(/error parsing signature ".*conten.*" from file .*bad\.rules at line 2/);
    expect(readFileSync(join(folder, 'suricata.log'), 'utf8')).toMatch(
      /Info: detect: 1 rule files processed\. 1 rules successfully loaded, 1 rules failed/,
    );
  });

  it('replays by its yaml, and names once what does not exist here', async () => {
    const folder = scratch({
      'x.rules': RULES,
      'x.yaml':
        '%YAML 1.1\n---\noutputs:\n  - fast:\n      enabled: yes\n  - eve-log:\n      enabled: yes\n      filename: my.json\n' +
        '      types:\n        - alert:\n            payload: yes\n        - krb5\n',
    });
    const { status, out } = await sidewire(
      'suricata',
      '-r',
      HIVE,
      '-S',
      join(folder, 'x.rules'),
      '-c',
      join(folder, 'x.yaml'),
      '-l',
      folder,
      '-k',
      'none',
      '--init-errors-fatal',
    );
    expect(status).toBe(0);
    expect(out.match(/not available here, and ignored: /g)).toHaveLength(1);
    expect(out).not.toContain('fast');
    expect(readFileSync(join(folder, 'fast.log'), 'utf8')).toMatch(/\[1:\d+:\d+\] .*\{TCP\} \S+:\d+ -> \S+:\d+\n/);
    expect(out).toContain('krb5');
    const lines = readFileSync(join(folder, 'my.json'), 'utf8').trim().split('\n');
    expect(lines.every((line) => JSON.parse(line).event_type === 'alert' && JSON.parse(line).payload)).toBe(true);
    expect(existsSync(join(folder, 'eve.json'))).toBe(false);
  });

  it.each([
    [['-i', 'eth0', '-r', HIVE, '-l', tmpdir()], /not taken at once/],
    [['-r', HIVE, 'port', '53'], /BPF/],
    [['--frobnicate'], /no option --frobnicate/],
    [['-r'], /needs a value/],
    [['-r', HIVE, '-l', '/does/not/exist'], /logging directory "\/does\/not\/exist" does not exist/],
    [['-l', tmpdir()], /nothing to do/],
    [['-T', '-c', 'gone.yaml'], /cannot read gone\.yaml/],
  ])('refuses %j', async (argv, message) => {
    const { status, err } = await sidewire('suricata', '--disable-detection', ...argv);
    expect(status).toBe(1);
    expect(err).toMatch(message);
  });
});
