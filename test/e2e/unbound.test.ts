import { describe, expect, it } from 'vitest';
import { BEGINNINGS, capture, dcerpc, HANDLE, replay, u32, unbound, wide } from '../../src/testing/index.js';

const SVCCTL = '367abb81-9844-35f1-ad32-98f038001003';
const RULE = `alert dcerpc any any -> any any (flow:to_server; dcerpc.iface:${SVCCTL}; dcerpc.opnum:16; sid:1;)`;

describe('calls whose bind was not seen', () => {
  const opened = {
    stub: Buffer.concat([HANDLE, wide('kfpzq'), u32(0xf01ff)]),
    answer: Buffer.concat([HANDLE, u32(0)]),
  };
  const created = Buffer.concat([
    ...[HANDLE, wide('kfpzq'), u32(0, 0xf01ff, 16, 3, 0), wide('c:\\x.exe'), u32(0, 0, 0, 0, 0, 0, 0)],
  ]);
  const conversation = dcerpc({ uuid: SVCCTL }, { server: '10.0.0.2:49700' })
    .call({ opnum: 0, stub: HANDLE, answer: Buffer.concat([HANDLE, u32(0)]) })
    .call({ opnum: 16, ...opened })
    .call({ opnum: 12, stub: created });

  it.each(BEGINNINGS)(
    'have the interface that fits them all, and rules hold on the first ones, too (%s)',
    async (kind) => {
      const { events, alerts } = await replay(unbound(capture(conversation), kind), RULE);
      const calls = events.flatMap((event) => (event.event_type === 'msrpc' ? [event.msrpc] : []));
      expect(calls.map(({ opnum }) => opnum)).toEqual([0, 16, 12]);
      for (const call of calls)
        expect(call).toMatchObject({ interface: { uuid: SVCCTL }, known: 'inferred', inferred_by: 'stub' });
      expect(calls[1]?.arguments).toMatchObject({ service_name: 'kfpzq' });
      expect(alerts.map(({ alert }) => alert.signature_id)).toEqual([1]);
    },
  );

  it('have none where nothing tells', async () => {
    const one = dcerpc({ uuid: SVCCTL }, { server: '10.0.0.2:49700' }).call({ opnum: 0, stub: HANDLE });
    const { events, alerts } = await replay(unbound(capture(one), 'binds'), RULE);
    const calls = events.flatMap((event) => (event.event_type === 'msrpc' ? [event.msrpc] : []));
    expect(calls).toEqual([expect.not.objectContaining({ interface: expect.anything() })]);
    expect(alerts).toEqual([]);
  });
});
