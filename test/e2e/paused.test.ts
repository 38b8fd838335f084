import { describe, expect, it } from 'vitest';
import {
  bind,
  bindAck,
  type Conversation,
  capture,
  dcerpc,
  HANDLE,
  paused,
  replay,
  request,
  response,
  smb,
  tcp,
  u32,
  wide,
} from '../../src/testing/index.js';

const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0', id: 0 };
const RULE = `alert dcerpc any any -> any any (flow:to_server; dcerpc.iface:${SVCCTL.uuid}; dcerpc.opnum:16; sid:1;)`;
const OPENED = Buffer.concat([HANDLE, u32(0)]);
const OPEN = Buffer.concat([HANDLE, wide('kfpzq'), u32(0xf01ff)]);
const START = 1_704_067_200_000_000;
const MINUTE = 60;

const server = '10.0.0.2:49700';
const overTcp = dcerpc(SVCCTL, { server }).call({ opnum: 16, stub: OPEN, answer: OPENED });
const overPipe = smb()
  .connect('\\\\server\\IPC$')
  .create('svcctl')
  .write(bind({ contexts: [SVCCTL] }))
  .read(bindAck({ results: ['accepted'] }))
  .write(request({ opnum: 16, callId: 2, stub: OPEN }))
  .read(response({ callId: 2, stub: OPENED }));

async function callsOf(file: Buffer, configuration?: Readonly<Record<string, string>>) {
  const { events, alerts } = await replay(file, RULE, configuration && { set: configuration });
  const calls = events.flatMap((event) => (event.event_type === 'msrpc' ? [event.msrpc] : []));
  return { calls, alerts, flows: events.filter((event) => event.event_type === 'flow').length };
}

describe('connections that fall silent between bind and call', () => {
  const carriers: [string, Conversation][] = [
    ['TCP', overTcp],
    ['a pipe', overPipe],
  ];
  describe.each(carriers)('over %s', (_, conversation) => {
    it.each([11, 61, 300])('go on after %i minutes', async (minutes) => {
      const { calls, alerts, flows } = await callsOf(paused(capture(conversation), minutes * MINUTE));
      expect(calls).toMatchObject([{ interface: { name: 'svcctl' }, known: 'bound', opnum: 16 }]);
      expect([alerts.length, flows]).toEqual([1, 1]);
    });

    it('are over after half a day', async () => {
      const { flows } = await callsOf(paused(capture(conversation), 13 * 60 * MINUTE));
      expect(flows).toBe(2);
    });
  });

  const silent = dcerpc(SVCCTL, { server, close: 'none' });
  const call = request({ opnum: 16, callId: 2, stub: OPEN });
  const later = START + 11 * MINUTE * 1_000_000;

  it.each([
    ['a handshake', tcp({ server, start: later, sequence: [70_000, 80_000] })],
    ['other sequence numbers', tcp({ server, start: later, sequence: [70_000, 80_000], handshake: false })],
  ])('leave nothing to another on the same ports that begins with %s', async (_, other) => {
    const { calls, flows } = await callsOf(capture(silent, other.toServer(call)));
    expect(calls.filter(({ known }) => known === 'bound')).toEqual([]);
    expect([calls.length, flows]).toEqual([1, 2]);
  });

  it('end at their timeout where the configuration says so', async () => {
    const { calls, flows } = await callsOf(paused(capture(overTcp), 11 * MINUTE), { 'flow.silence': '0' });
    expect(calls.filter(({ known }) => known === 'bound')).toEqual([]);
    expect(flows).toBe(2);
  });
});
