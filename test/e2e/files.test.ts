// Files over HTTP and SMB: what rules hold on, what `fileinfo` says, what the store has.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { magicVersion } from '../../src/engine/index.js';
import '../../src/testing/vitest.js';
import { type Conversation, capture, dropped, http, replay, smb } from '../../src/testing/index.js';
import { checkEvent } from '../eve.js';
import { eventsOf } from './everything.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const store = join(folder, 'store');
beforeEach(() => rmSync(store, { recursive: true, force: true }));

const digest = (algorithm: string, data: Uint8Array | string) => createHash(algorithm).update(data).digest('hex');

/** Digests of everything, and a store. */
const config = (storing = '', files = 'force-hash: [md5, sha1, sha256]') => `%YAML 1.1
---
vars:
  address-groups: { HOME_NET: any, EXTERNAL_NET: any }
outputs:
  - eve-log: { enabled: yes, filename: eve.json, append: no, types: [alert, anomaly, files: { ${files} }] }
  - file-store: { version: 2, enabled: yes, dir: ${store}, write-fileinfo: yes${storing} }
`;

/** What `sidewire suricata` writes of some traffic. */
async function run(traffic: Conversation, rules: string, text = config()): Promise<Record<string, unknown>[]> {
  const [path, rule] = [join(folder, 'capture.pcap'), join(folder, 'x.rules')];
  writeFileSync(path, capture(traffic));
  writeFileSync(rule, rules);
  const events = await eventsOf(path, rule, text);
  for (const event of events) checkEvent(event);
  return events;
}

const infos = (events: readonly Record<string, unknown>[]) =>
  events.filter(({ event_type }) => event_type === 'fileinfo').map(({ fileinfo }) => fileinfo);

/** What the store holds, by the digests that files are called by there. */
function stored(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(store).filter((two) => two.length === 2))
    for (const file of readdirSync(join(store, name)))
      if (!file.endsWith('.json')) found[file] = readFileSync(join(store, name, file), 'latin1');
  return found;
}

const rule = (sid: number, options: string, protocol = 'http') =>
  `alert ${protocol} any any -> any any (msg:"${sid}"; ${options} sid:${sid};)\n`;

const EXE = `MZ${'x'.repeat(3000)}`;
const TEXT = 'hello, this is text\n';
const form = (...files: readonly [string, string][]) => ({
  method: 'POST',
  uri: '/upload',
  headers: { 'Content-Type': 'multipart/form-data; boundary=AaB03x' },
  body: `${files
    .map(
      ([name, text], at) =>
        `--AaB03x\r\nContent-Disposition: form-data; name="f${at}"; filename="${name}"\r\nContent-Type: application/x\r\n\r\n${text}\r\n`,
    )
    .join('')}--AaB03x--\r\n`,
});
const twoFiles = () => http().exchange(form(['one.txt', TEXT], ['two.EXE', EXE]), { body: 'thanks' });

describe('files over HTTP', () => {
  it('are each told whole, the files of a form one by one', async () => {
    const whole = (filename: string, text: string) => ({
      filename,
      state: 'CLOSED',
      gaps: false,
      stored: false,
      size: text.length,
      md5: digest('md5', text),
      sha1: digest('sha1', text),
      sha256: digest('sha256', text),
      tx_id: 0,
    });
    expect(infos(await run(twoFiles(), ''))).toEqual([
      whole('one.txt', TEXT),
      whole('two.EXE', EXE),
      whole('/upload', 'thanks'),
    ]);
    expect(existsSync(store) ? stored() : {}).toEqual({});
  });

  it('have rules on their names, sizes and digests', async () => {
    writeFileSync(join(folder, 'md5'), `# known\n${digest('md5', EXE)}  two.exe\n`);
    writeFileSync(join(folder, 'sha1'), digest('sha1', TEXT));
    writeFileSync(join(folder, 'sha256'), digest('sha256', 'something else'));
    const rules = [
      // What a name and what else is asked of files may hold on two of them, as in Suricata: 4, 6 and 12.
      'filename:"two";',
      'fileext:"exe";',
      'filesize:3002; fileext:"exe";',
      'filesize:3002; fileext:"txt";',
      'filemd5:md5; fileext:"exe";',
      'filemd5:!md5; fileext:"exe";',
      'filesha1:sha1;',
      'filesha256:sha256;',
      'filesha256:!sha256; filename:"one";',
      'file.name; content:"one.txt"; startswith; endswith;',
      'file.data; content:"MZ"; startswith; fileext:"exe";',
      'file.data; content:"MZ"; startswith; fileext:"txt";',
    ];
    const events = await run(twoFiles(), rules.map((options, at) => rule(at + 1, options)).join(''));
    const alerts = events.filter(({ event_type }) => event_type === 'alert');
    const sids = alerts.map(({ alert }) => (alert as { signature_id: number }).signature_id);
    expect(sids.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]);
    for (const { files } of alerts)
      expect(files).toEqual(expect.arrayContaining([expect.objectContaining({ tx_id: 0 })]));
  });

  it('are stored when a rule says so, under their digests', async () => {
    const events = await run(twoFiles(), rule(1, 'filesize:3002; filestore;'));
    const sha256 = digest('sha256', EXE);
    expect(stored()).toEqual({ [sha256]: EXE });
    expect(infos(events)).toMatchObject([
      { filename: 'one.txt', stored: false },
      { filename: 'two.EXE', stored: true, file_id: 1, sid: [1], sha256 },
      { filename: '/upload', stored: false },
    ]);
    const beside = readdirSync(join(store, sha256.slice(0, 2))).filter((name) => name.endsWith('.json'));
    expect(beside).toHaveLength(1);
    const told = JSON.parse(readFileSync(join(store, sha256.slice(0, 2), beside[0] ?? ''), 'utf8'));
    expect(told).toMatchObject({ event_type: 'fileinfo', fileinfo: { filename: 'two.EXE', sha256, stored: true } });
  });

  it.each([
    ['both', 'filestore:both,tx;', [TEXT, EXE, 'thanks']],
    ['request', 'filestore:request,tx;', [TEXT, EXE]],
    ['response', 'filestore:response,tx;', ['thanks']],
  ])('are stored of a whole transaction, by direction: %s', async (_, filestore, files) => {
    await run(twoFiles(), rule(1, `flow:to_server; http.uri; content:"/upload"; ${filestore}`));
    expect(Object.values(stored()).sort()).toEqual([...files].sort());
  });

  it('are stored of everything that follows in the flow, as far as the store is to take them', async () => {
    const flow = http()
      .exchange({ uri: '/first' }, { body: 'first' })
      .exchange({ method: 'POST', uri: '/here', body: 'request' }, { body: 'second' })
      .exchange({ uri: '/last' }, { body: 'x'.repeat(50_000) });
    const asked = rule(1, 'flow:to_server; http.uri; content:"/here"; filestore:to_client,ssn;');
    await run(flow, asked);
    expect(Object.values(stored()).map(({ length }) => length)).toEqual(expect.arrayContaining([6, 50_000]));
    expect(Object.keys(stored())).toHaveLength(2);
    rmSync(store, { recursive: true });
    const forced = await run(flow, '', config(', force-filestore: yes'));
    expect(infos(forced)).toMatchObject([{ file_id: 1 }, { file_id: 2 }, { file_id: 3 }, { file_id: 4 }]);
    expect(Object.keys(stored())).toHaveLength(4);
  });

  it('leave the store by no name of theirs', async () => {
    await run(http().exchange(form(['../../../../evil', 'evil'])), '', config(', force-filestore: yes'));
    expect(Object.values(stored())).toEqual(['evil']);
    expect(readdirSync(folder).filter((name) => name.includes('evil'))).toEqual([]);
  });

  it('that are cut short end with their stream, and have gaps where octets are lost', async () => {
    const cut = http()
      .exchange({ uri: '/cut' })
      .toClient(`HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${'y'.repeat(4000)}`);
    const [info] = infos(await run(cut, ''));
    expect(info).toMatchObject({ filename: '/cut', state: 'CLOSED', size: 4000, gaps: false });
    const lost = http().exchange({ uri: '/lost' }, { body: 'z'.repeat(9000) });
    const holed = await replay(dropped(lost, [3]), rule(1, 'filename:"lost";'));
    expect(holed.of('fileinfo').map(({ fileinfo }) => fileinfo)).toMatchObject([{ filename: '/lost', gaps: true }]);
  });

  it('have kinds where libmagic is, and a run says where it is not', async () => {
    const asked = replay(twoFiles(), rule(1, 'filemagic:"ASCII text";'));
    if (magicVersion() === null) {
      expect((await asked).summary.errors.map(({ code }) => code)).toContain('magic/missing');
      return;
    }
    expect(await asked).toAlert(1);
    const events = await run(twoFiles(), '', config('', 'force-magic: yes'));
    expect(infos(events)[0]).toMatchObject({ magic: 'ASCII text' });
  });
});

describe('files over SMB', () => {
  it('are told as they are written, while they are open', async () => {
    const flow = smb().create('share\\tool.exe').write(Buffer.from(EXE));
    const events = await run(
      flow,
      rule(1, 'file.data; content:"MZ"; startswith; filename:"tool.exe"; filestore;', 'smb'),
    );
    expect(events.some(({ event_type }) => event_type === 'alert')).toBe(true);
    expect(infos(events)).toMatchObject([{ filename: 'share\\tool.exe', size: EXE.length, file_id: 1, sid: [1] }]);
    expect(Object.values(stored())).toEqual([EXE]);
  });
});

describe('files in parts', () => {
  it('puts the parts of a file together that answers bring in ranges', async () => {
    const answer = (host: string, start: number, end: number, nth: number) =>
      http({ client: `10.0.0.1:${50_000 + nth}`, start: 1_704_067_200_000_000 + nth * 1_000_000 }).exchange(
        { uri: '/big.exe', headers: { Host: host } },
        {
          status: 206,
          headers: { 'Content-Range': `bytes ${start}-${end - 1}/${EXE.length}` },
          body: EXE.slice(start, end),
        },
      );
    // In any order, over several connections; what overlaps counts once.
    const parts = [
      answer('a', 1000, 2000, 0),
      answer('a', 0, 1500, 1),
      answer('b', 0, 10, 2),
      answer('a', 2000, EXE.length, 3),
    ];
    const traffic = { frames: () => parts.flatMap((part) => part.frames()) };
    const events = await run(traffic, rule(1, `filesize:${EXE.length}; filestore;`));
    const sizes = infos(events).map((info) => [(info as { size: number }).size, (info as { start?: number }).start]);
    expect(sizes).toEqual([
      [1000, 1000],
      [1500, 0],
      [10, 0],
      [EXE.length - 2000, 2000],
      [EXE.length, undefined],
    ]);
    expect(infos(events).at(-1)).toMatchObject({ state: 'CLOSED', md5: digest('md5', EXE), stored: true });
    expect(stored()).toEqual({ [digest('sha256', EXE)]: EXE });
    expect(events.filter(({ event_type }) => event_type === 'alert')).toHaveLength(1);
  });
});
