import { describe, expect, it } from 'vitest';
import { answerQuery } from '../../src/page/model/answer.js';
import { EventColumns } from '../../src/page/model/columns.js';
import { isIncident } from '../../src/page/model/event-shape.js';
import { eventWords } from '../../src/page/model/event-words.js';
import { ladderEvents, ladderPicture } from '../../src/page/model/ladder.js';
import { parsedLines } from '../../src/page/model/members.js';
import { OverviewBuilder } from '../../src/page/model/overview.js';
import { alertLine, callLine, flowLine, incidentLine, line } from './events.js';

const WHOLE = [
  callLine(0, 1, { arguments: { a: ['x', { b: 1 }] }, dcom: { client: { host: 'h', pid: 5 }, server_pid: 6 } }),
  alertLine(1, { more: { tx_id: 1, msrpc: { transport: 'tcp' }, flow: { src_ip: 'a', dest_ip: 'b' } } }),
  alertLine(2),
  flowLine(3, { client: { host: 'h', pid: 100, image: 'C:\\x.exe', known_by: ['sysmon 3'] } }),
  incidentLine(4, {
    alerts: [{ signature_id: 7, signature: 's', severity: 1, count: 1 }],
    effect: [{ image: 'x.exe', command_line: 'x.exe /c', parent: 'y', joined_by: ['time'], after_ms: -3 }],
    clock: { h: { offset_ms: 1, from: 2 } },
    technique: ['T1047'],
  }),
  line('dns', 5, { dns: { type: 'request', queries: [{ rrname: 'a', rrtype: 'A' }] } }),
];

/** Numbers that look random and are the same each time (a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const JUNK: readonly unknown[] = [null, 0, -1, 1e300, '', 'x', [], {}, [null], { ip: 5 }, true, '\u202e', ['x', 5]];

/** The value with one of its parts replaced by something else, or taken away. */
function mutated(value: unknown, random: () => number): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15) return JUNK[Math.floor(random() * JUNK.length)];
  const keys = Object.keys(value);
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined) return value;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
  if (random() < 0.1) delete copy[key];
  else copy[key] = mutated(copy[key], random);
  return copy;
}

describe('events that are not as they are described', () => {
  it('cost nothing but themselves', async () => {
    const random = numbers(7);
    for (let round = 0; round < 600; round += 1) {
      const lines = WHOLE.map((one) => (random() < 0.5 ? one : JSON.stringify(mutated(JSON.parse(one), random))));
      const builder = new OverviewBuilder();
      const columns = new EventColumns();
      const events = parsedLines(lines);
      for (const event of events) {
        columns.add(builder.take(event), 0, 0);
        expect(typeof eventWords(event)).toBe('string');
      }
      expect(builder.overview.events).toBe(events.length);
      const page = await answerQuery([{ columns, first: 0, lines: async (rows) => rows.map(() => '') }], {});
      expect(page.total).toBe(events.length);
      const { rows } = ladderPicture(ladderEvents(lines), false);
      // What is whole is drawn, whatever stands beside it.
      if (lines[0] === WHOLE[0]) expect(rows.some(({ kind }) => kind === 'call')).toBe(true);
    }
  });

  it('are no incidents', () => {
    const whole = JSON.parse(WHOLE[4] ?? '').incident;
    expect(isIncident(whole)).toBe(true);
    for (const none of [null, 5, {}, { ...whole, says: 5 }, { ...whole, effect: [5] }, { ...whole, alerts: {} }])
      expect(isIncident(none)).toBe(false);
    expect(isIncident({ ...whole, from: { ip: 'a', known_by: [5] } })).toBe(false);
    expect(isIncident({ ...whole, clock: { h: null } })).toBe(false);
  });

  it('take no more memory than others: long names are cut, types are counted together', () => {
    const builder = new OverviewBuilder();
    for (let nth = 0; nth < 500; nth += 1) builder.take({ event_type: `type-${nth}`, src_ip: 'x'.repeat(100_000) });
    const facts = builder.take({
      event_type: 'alert',
      alert: { signature: 'y'.repeat(100_000) },
      dest_ip: 'z'.repeat(9999),
    });
    expect(facts.to).toHaveLength(512);
    expect(builder.overview.groups[0]?.signature).toHaveLength(512);
    expect(builder.overview.types).toHaveLength(201);
    expect(builder.overview.types[0]).toEqual(['others', 301]);
  });
});
