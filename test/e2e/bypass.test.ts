import { expect, it } from 'vitest';
import { collect, Engine } from '../../src/index.js';
import { http } from '../../src/testing/index.js';
import { withCapture } from './with-capture.js';

// Overload is met by leaving out what is least worth looking at: what comes behind the depth of both directions.

const RULE = 'alert tcp any any -> any any (msg:"late"; flow:to_server; dsize:>0; content:"/late"; sid:1;)';

function conversation() {
  const talk = http({ segment: 1000 });
  talk.exchange({ method: 'POST', uri: '/early', body: 'x'.repeat(6000) }, { body: 'y'.repeat(6000) });
  talk.exchange({ uri: '/late' }, { body: 'z'.repeat(3000) });
  return talk;
}

async function flowOf(bypass: 'yes' | 'no') {
  const set = { 'stream.reassembly.depth': '4kb', 'stream.bypass': bypass };
  return await withCapture(conversation(), async (path) => {
    const engine = new Engine({ workers: 1, set });
    await using rules = await engine.compile({ text: RULE });
    const { of, alerts } = await collect(engine.replay(path, { rules }));
    const [flow] = of('flow');
    return { flow: flow?.flow, alerts: alerts.length };
  });
}

it('passes over a session whose directions were followed to their depth, when asked to', async () => {
  const looked = await flowOf('no');
  const passed = await flowOf('yes');
  expect(looked.flow?.state).toBe('closed');
  expect(looked.alerts).toBe(1);
  expect(passed.flow).toMatchObject({ state: 'bypassed', bypass: 'local' });
  expect(passed.alerts).toBe(0);
  // Every packet is counted all the same.
  expect(passed.flow).toMatchObject({
    pkts_toserver: looked.flow?.pkts_toserver,
    pkts_toclient: looked.flow?.pkts_toclient,
  });
});
