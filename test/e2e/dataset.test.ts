import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { capture, dns } from '../../src/testing/index.js';
import { eventsOf } from './everything.js';

const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

write('names.lst', `${base64('bad.example.org')}\n${base64('worse.example.org')}\n`);
write('names.md5', `${md5('bad.example.org')}\r\n${md5('other')}\n`);
write('names.rep', `${base64('bad.example.org')},100\n${base64('good.example.org')},7\n`);

/** Sids that fired on queries for names, once each query. */
async function fired(rules: string, ...names: readonly string[]): Promise<number[]> {
  const path = join(folder, 'capture.pcap');
  writeFileSync(path, capture(...names.map((name, nth) => dns({ client: `10.0.0.1:${40_000 + nth}` }).query(name))));
  write('x.rules', rules);
  const events = await eventsOf(path, join(folder, 'x.rules'));
  return events.flatMap((event) =>
    event.event_type === 'alert' ? [(event.alert as { signature_id: number }).signature_id] : [],
  );
}

const rule = (options: string, sid: number) => `alert dns any any -> any any (dns.query; ${options} sid:${sid};)\n`;

it('a buffer is in a list that lies beside the rules, or is not', async () => {
  const rules = [
    rule('dataset:isset,names,type string,load names.lst;', 1),
    rule('dataset:isnotset,names,type string,load names.lst,memcap 10mb,hashsize 1024;', 2),
    rule('to_md5; dataset:isset,digests,type md5,load names.md5;', 3),
  ].join('');
  expect(await fired(rules, 'bad.example.org')).toEqual([1, 3]);
  expect(await fired(rules, 'good.example.org')).toEqual([2]);
  expect(await fired(rules, 'very.bad.example.org')).toEqual([2]);
});

it('a buffer has a reputation', async () => {
  const rules = [
    rule('datarep:names,>,50,load names.rep,type string;', 1),
    rule('datarep:names,<=,7,load names.rep,type string;', 2),
  ].join('');
  expect(await fired(rules, 'bad.example.org', 'good.example.org', 'unknown.example.org')).toEqual([1, 2]);
});

it('lists that are none are said to be', async () => {
  write('odd.lst', 'bad.example.org\n');
  await expect(fired(rule('dataset:isset,odd,type string,load odd.lst;', 1), 'x')).rejects.toThrow('base64');
  const mixed = rule('dataset:isset,names,type string,load names.rep;', 1);
  await expect(fired(mixed, 'x')).rejects.toThrow('Cannot mix dataset and datarep values for set names');
  write('odd.rep', `${base64('x')},70000\n`);
  await expect(fired(rule('datarep:odd,>,1,load odd.rep,type string;', 1), 'x')).rejects.toThrow(
    'invalid datarep value',
  );
});
