// What a test of rules says is so: nothing that is misspelt, missing or unread lets `not.toAlert` pass.
import '../../src/testing/vitest.js';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/index.js';
import { http, hunt, type Rules, replay, type SigmaRules, tcp } from '../../src/testing/index.js';
import { ROOT } from '../eve.js';

const RULE = 'alert tcp any any -> any any (msg:"M"; content:"evil"; sid:1;)';
const evil = () => tcp().toServer('evil');

describe('a network rule', () => {
  it('may be expected by its sid, and told why it stayed silent', async () => {
    expect(await replay(evil(), RULE)).toAlert(1, { times: 1 });
    expect(await replay(tcp().toServer('good'), RULE)).not.toAlert(1);
  });

  it('is refused as a compiled set', async () => {
    const set = await new Engine().compile({ text: RULE });
    const wrong = replay(evil(), set as unknown as Rules);
    await expect(wrong).rejects.toThrow(
      /Rules are given as text, or as `\{ files: \[\.\.\.\] \}`, not as a compiled set/,
    );
  });

  it.each([
    [{ file: ['x.rules'] }, /no member `file`: did you mean `files`\?/],
    [{ files: 'x.rules' }, /`files` is a list of texts, not the text "x\.rules"/],
    [{ text: 1 }, /`text` is a text, not number 1/],
    [['x.rules'], /is an object, not a list/],
    [undefined, /is an object, not undefined/],
  ])('is refused in %j', async (rules, message) => {
    await expect(replay(evil(), rules as unknown as Rules)).rejects.toThrow(message);
  });

  it('is not looked for with misspelt options', async () => {
    await expect(replay(evil(), RULE, { homenet: 'any' } as object)).rejects.toThrow(
      /The options of an engine has no member `homenet`: did you mean `homeNet`\?/,
    );
    const seen = await replay(evil(), RULE);
    expect(() => expect(seen).not.toAlert(1, { time: 1 } as object)).toThrow(
      /no member `time`: did you mean `times`\?/,
    );
    expect(() => expect(seen).not.toAlert(1, { times: '1' } as unknown as object)).toThrow(/`times` is a whole number/);
  });

  it('is to be there: a sid that no rule has fails both ways', async () => {
    const seen = await replay(evil(), RULE);
    expect(() => expect(seen).not.toAlert(2)).toThrow(/No rule has the sid 2: there are 1\./);
    expect(() => expect(seen).toAlert(2)).toThrow(/No rule has the sid 2/);
    expect(() => expect(seen).not.toAlert('1')).toThrow(/named by its sid, a number, not "1"/);
    const disabled = await replay(evil(), `# ${RULE}`);
    expect(() => expect(disabled).not.toAlert(1)).toThrow(/No rule has the sid 1: there are none/);
  });

  it.each([
    ['noalert', RULE.replace('sid', 'noalert; sid')],
    ['flowbits', RULE.replace('sid', 'flowbits:set,x; flowbits:noalert; sid')],
    ['pass', RULE.replace('alert', 'pass')],
  ])('that never alerts is not expected to be silent: %s', async (_, rule) => {
    const seen = await replay(evil(), rule);
    expect(() => expect(seen).not.toAlert(1)).toThrow(/Rule 1 never alerts/);
  });

  it('needs packets to be silent about', async () => {
    const seen = await replay([], RULE);
    expect(() => expect(seen).not.toAlert(1)).toThrow(/There is no packet in what was replayed/);
    await expect(replay(Buffer.from('this is no capture'), RULE)).rejects.toThrow();
  });

  it('is expected of what a replay gave, not of its promise', async () => {
    const promise = replay(evil(), RULE);
    expect(() => expect(promise).not.toAlert(1)).toThrow(/write `expect\(await replay/);
    await promise;
    expect(() => expect({ alerts: [] }).not.toAlert(1)).toThrow(/takes what `replay` or `hunt`/);
  });
});

describe('the library', () => {
  it.each([
    [{ rule: 1 }, /The options of a replay has no member `rule`: did you mean `rules`\?/],
    [{ rules: RULE }, /`rules` is a set that `engine\.compile` made/],
  ])('refuses %j of a replay', (options, message) => {
    expect(() => new Engine().replay('x.pcap', options as object)).toThrow(message);
  });

  it('refuses misspelt members of what rules are compiled of', async () => {
    await expect(new Engine().compile({ fils: [] } as object)).rejects.toMatchObject({
      code: 'options/unknown',
      message: expect.stringMatching(/no member `fils`/),
    });
  });
});

const SIGMA = `title: Shell
id: 11111111-2222-4333-8444-555555555555
logsource: {product: windows, category: process_creation}
detection:
  s: {Image|endswith: '\\cmd.exe'}
  condition: s
`;
const SYSMON = { channel: 'Microsoft-Windows-Sysmon/Operational', event_id: 1 };
const shell = { ...SYSMON, data: { Image: 'C:\\Windows\\System32\\cmd.exe' } };
const other = { ...SYSMON, data: { Image: 'C:\\Windows\\notepad.exe' } };

describe('a Sigma rule', () => {
  it('is expected on records, by id or title', async () => {
    const seen = await hunt([other, shell], SIGMA);
    expect(seen).toAlert('11111111-2222-4333-8444-555555555555', { times: 1 });
    expect(seen).toAlert('Shell');
    expect(seen.alerts[0]?.winlog).toMatchObject({ position: 2, event_id: 1 });
    expect(await hunt([other], SIGMA)).not.toAlert('Shell');
  });

  it('is expected on logs: a path, octets, what an exporter wrote', async () => {
    const log = join(ROOT, 'examples/logs/dcomexec-mmc20-powershell.evtx');
    const files = [join(ROOT, 'rules/sigma')];
    expect(await hunt(log, { files })).toAlert('DCOM lateral movement (via MMC20)', { times: 1 });
    expect(await hunt([log, log], { files })).toAlert('DCOM lateral movement (via MMC20)', { times: 2 });
    const winlogbeat = {
      winlog: {
        channel: SYSMON.channel,
        provider_name: 'Microsoft-Windows-Sysmon',
        event_id: '1',
        event_data: shell.data,
      },
    };
    expect(await hunt([winlogbeat], SIGMA)).toAlert('Shell');
    expect(await hunt(Buffer.from(JSON.stringify(winlogbeat)), SIGMA)).toAlert('Shell');
  });

  it('says why it stayed silent', async () => {
    const seen = await hunt([other], SIGMA);
    expect(() => expect(seen).toAlert('Shell')).toThrow(
      /was expected to alert, and stayed silent\.\n {2}1 record looked at\n {2}1 x s: Image does not fit, as in record 1: C:\\Windows\\notepad\.exe\nNo rule alerted/,
    );
  });

  it('is refused as a compiled set, with errors, or as none', async () => {
    const { rules } = await hunt([shell], SIGMA);
    await expect(hunt([shell], rules as unknown as SigmaRules)).rejects.toThrow(/not as a compiled set/);
    await expect(hunt([shell], { file: [] } as unknown as SigmaRules)).rejects.toThrow(/no member `file`/);
    await expect(hunt([shell], SIGMA.replace('condition: s', 'condition: t'))).rejects.toThrow(
      /no search identifier `t`/,
    );
    await expect(hunt([shell], '# nothing')).rejects.toThrow(/There is no rule/);
  });

  it.each([
    [[{ ...shell, evnt_id: 1 }], /Record 1 has no member `evnt_id`: did you mean `event_id`\?/],
    [[{ channel: 'Security', Image: 'x' }], /Record 1 has no member `Image`: the fields of the event stand in `data`/],
    [[{ data: {} }], /Record 1 lacks `channel`/],
    [[{ channel: 'Security', event_id: '1' }], /Record 1 lacks a whole number as `event_id`/],
    [[7], /Record 1 is no object/],
    [{ records: [] }, /A log is given as a path, paths, octets, or a list of records/],
  ])('is not looked for in %j', async (input, message) => {
    await expect(hunt(input as unknown as string, SIGMA)).rejects.toThrow(message);
  });

  it('is not looked for with misspelt options', async () => {
    await expect(hunt([shell], SIGMA, { placeholder: {} } as object)).rejects.toThrow(/did you mean `placeholders`\?/);
    const seen = await hunt([shell], SIGMA);
    expect(() => expect(seen).not.toAlert('Shell', { time: 1 } as object)).toThrow(/no member `time`/);
  });

  it('is to be there, once, and able to alert', async () => {
    const seen = await hunt([shell], SIGMA);
    expect(() => expect(seen).not.toAlert('Shel')).toThrow(/No rule is "Shel", by id, name or title: there are 1{8}-/);
    const twice = await hunt([shell], `${SIGMA}---\n${SIGMA.replace('id: 1', 'id: 2')}`);
    expect(() => expect(twice).not.toAlert('Shell')).toThrow(/2 rules are "Shell": name one by its id/);
    const linux = await hunt([shell], SIGMA.replace('windows', 'linux'));
    expect(() => expect(linux).not.toAlert('Shell')).toThrow(/no event log of Windows is of its log source/);
    const correlated = `${SIGMA}name: shell\n---\ntitle: Many\nid: 99999999-2222-4333-8444-555555555555\ncorrelation:\n  type: event_count\n  rules: [shell]\n  group-by: [Computer]\n  timespan: 5m\n  condition: {gte: 2}\n`;
    const many = await hunt([shell, shell], correlated);
    expect(many).toAlert('Many', { times: 1 });
    expect(() => expect(many).not.toAlert('Shell')).toThrow(/for a correlation alone and never alerts/);
  });

  it('needs records to be silent about, all of them read', async () => {
    const nothing = await hunt([], SIGMA);
    expect(() => expect(nothing).not.toAlert('Shell')).toThrow(/There is no record in what was searched/);
    const damaged = await hunt(Buffer.from(`${JSON.stringify({ Event: 1 })}\n{"Event":{"System":{`), SIGMA);
    expect(() => expect(damaged).not.toAlert('Shell')).toThrow(/(?:no record|Not everything could be read)/);
    await expect(hunt('gone.evtx', SIGMA)).rejects.toMatchObject({ code: 'log/not-found' });
  });
});

describe('a Sigma rule on traffic', () => {
  const proxy = (ending: string) =>
    `title: Page\nid: 33333333-2222-4333-8444-555555555555\nlogsource: {category: proxy}\ndetection: {s: {c-uri|endswith: '${ending}'}, condition: s}\n`;

  it('is expected by id or title beside network rules, and told why it stayed silent', async () => {
    const talk = http().exchange({ uri: '/evil' });
    const seen = await replay(talk, { text: RULE, sigma: proxy('/evil') });
    expect(seen).toAlert('Page', { times: 1 });
    expect(seen).toAlert(1);
    const other = await replay(talk, { sigma: proxy('/good') });
    expect(other).not.toAlert('Page');
    expect(() => expect(other).toAlert('Page')).toThrow(
      /stayed silent\.\n {2}1 record looked at\n {2}1 x s: c-uri does not fit/,
    );
    expect(() => expect(other).not.toAlert('Pag')).toThrow(/No rule is "Pag"/);
    await expect(replay(talk, { sigma: proxy('/x').replace('condition: s', 'condition: t') })).rejects.toThrow(
      /have errors/,
    );
  });
});

it('takes a conversation of another protocol for what it is', async () => {
  expect(await replay(http().exchange({ uri: '/evil' }), RULE)).toAlert(1);
});
