import { expect, it } from 'vitest';
import { replay, tcp } from '../../src/testing/index.js';

const said = () => tcp().toServer('one').toClient('two').toServer('three').toClient('four');

const told = async (tag: string) => {
  const { events } = await replay(said(), `alert tcp any any -> any any (flags:S; tag:${tag}; sid:1;)`);
  const packets = events.filter((event) => event.event_type === 'packet');
  return packets.map((event) =>
    'packet' in event
      ? Buffer.from(event.packet ?? '', 'base64')
          .subarray(54)
          .toString()
      : '',
  );
};

it('tells so many packets of the session after that of the match', async () => {
  const all = await told('session');
  expect(all.filter((text) => text !== '')).toEqual(['one', 'two', 'three', 'four']);
  expect(await told('session,4,packets')).toEqual(all.slice(0, 3));
  expect(await told('session,0,packets')).toEqual([]);
  expect((await told('session,60,seconds')).length).toBe(all.length);
  expect((await told('session,200,bytes')).length).toBeLessThan(all.length);
});
