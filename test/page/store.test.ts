import { appendFileSync, mkdtempSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { answerQuery } from '../../src/page/model/answer.js';
import { chooseRows } from '../../src/page/node/choose.js';
import { EveStore, type StoreOptions } from '../../src/page/node/eve-store.js';
import { MarkFile } from '../../src/page/node/mark-file.js';
import { alertLine, callLine, flowLine, incidentLine, line } from './events.js';

const stores: EveStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

function path(name = 'eve.json'): string {
  return join(mkdtempSync(join(tmpdir(), 'sidewire-store-')), name);
}

function storeOf(file: string, options: StoreOptions = {}): EveStore {
  const store = new EveStore(file, options);
  stores.push(store);
  return store;
}

const text = (...lines: readonly string[]) => lines.map((one) => `${one}\n`).join('');
const linesOf = async (store: EveStore) => (await answerQuery(store.segments, {})).lines;

describe('an EVE file as a store', () => {
  it('has what comes, line by line, octets of UTF-8 included', async () => {
    const file = path();
    const store = storeOf(file);
    expect(await store.refresh()).toBe(0);
    const [one, other] = [line('dns', 0, { dns: { rrname: 'bücher.example' } }), line('http', 1)];
    writeFileSync(file, text(one));
    expect(await store.refresh()).toBe(1);
    appendFileSync(file, other.slice(0, 20));
    expect(await store.refresh()).toBe(0);
    appendFileSync(file, `${other.slice(20)}\n`);
    expect(await store.refresh()).toBe(1);
    expect(await linesOf(store)).toEqual([other, one]);
  });

  it('goes on with the next file when one was put aside, and still has the lines of the first', async () => {
    const file = path();
    const store = storeOf(file);
    writeFileSync(file, text(line('a', 0)));
    await store.refresh();
    appendFileSync(file, text(line('b', 1)));
    renameSync(file, `${file}.1`);
    writeFileSync(file, text(line('c', 2)));
    expect(await store.refresh()).toBe(2);
    expect((await linesOf(store)).map((one) => JSON.parse(one).event_type)).toEqual(['c', 'b', 'a']);
  });

  it('begins anew with a file that was emptied in place', async () => {
    const file = path();
    const store = storeOf(file);
    writeFileSync(file, text(line('a', 0), line('b', 1)));
    await store.refresh();
    truncateSync(file, 0);
    appendFileSync(file, text(line('c', 2)));
    await store.refresh();
    expect((await linesOf(store)).map((one) => JSON.parse(one).event_type)).toEqual(['c']);
    expect(store.forgotten).toBe(2);
    expect(store.overview.events).toBe(3);
  });

  it('counts lines that are no events, and the longest among them without keeping it', async () => {
    const file = path();
    const store = storeOf(file);
    writeFileSync(file, text('', 'x', '[]', '{"half":', line('a', 0)));
    appendFileSync(file, `"${'y'.repeat(17 << 20)}"\n${line('b', 1)}\n`);
    expect(await store.refresh()).toBe(2);
    expect(store.overview.broken).toBe(4);
  });

  it('keeps so many events and counts the others', async () => {
    const file = path();
    const store = storeOf(file, { mostEvents: 40, segmentEvents: 25 });
    writeFileSync(file, text(...Array.from({ length: 60 }, (_, index) => line('flow', index))));
    await store.refresh();
    expect([store.events, store.forgotten]).toEqual([60, 25]);
    const { total, numbers } = await answerQuery(store.segments, {});
    expect([total, numbers[0], numbers.at(-1)]).toEqual([35, 59, 25]);
    expect(store.overview.events).toBe(60);
  });

  it('gives lines in the order of what was asked, near ones by one read', async () => {
    const file = path();
    const store = storeOf(file);
    const all = Array.from({ length: 500 }, (_, index) => line('dns', index, { filler: 'x'.repeat(index * 40) }));
    writeFileSync(file, text(...all));
    await store.refresh();
    const wanted = [499, 0, 250, 251, 3];
    expect(await store.segments[0]?.lines(wanted)).toEqual(wanted.map((row) => all[row]));
  });
});

describe('what a report keeps', () => {
  it('is incidents, alerts of every rule, and what belongs to them, before the others', async () => {
    const file = path();
    const store = storeOf(file);
    const flood = Array.from({ length: 200 }, (_, index) => alertLine(index, { sid: 5 }));
    const other = Array.from({ length: 200 }, (_, index) => line('dns', index));
    writeFileSync(
      file,
      text(...other, ...flood, alertLine(900, { sid: 6 }), callLine(901, 1), flowLine(902), incidentLine(903)),
    );
    await store.refresh();
    const kept = async (events: number, octets = 1e9) => {
      const [chosen] = chooseRows(store.segments, { events, octets });
      const lines = (await chosen?.segment.lines(chosen.rows)) ?? [];
      return lines.map((one) => JSON.parse(one).alert?.signature_id ?? JSON.parse(one).event_type);
    };
    expect(await kept(1)).toEqual(['incident']);
    const some = await kept(54);
    expect(some.filter((what) => what === 5)).toHaveLength(50);
    expect(some.slice(-4)).toEqual([6, 'msrpc', 'flow', 'incident']);
    expect(await kept(1000)).toHaveLength(404);
    expect((await kept(1000, 2000)).length).toBeLessThan(12);
  });
});

describe('marks', () => {
  it('are added to a file, and read again whatever else is in it', async () => {
    const file = path('page-marks.jsonl');
    const marks = new MarkFile(file);
    expect(await marks.read()).toEqual([]);
    await marks.add({ key: 'a', made: '1', state: 'escalated' });
    appendFileSync(file, 'no mark\n{"key":"b"}\n{"key":"cut off');
    await marks.add({ key: 'c', made: '2', note: 'a note\nof two lines' });
    expect(await marks.read()).toEqual([
      { key: 'a', made: '1', state: 'escalated' },
      { key: 'c', made: '2', note: 'a note\nof two lines' },
    ]);
  });
});
