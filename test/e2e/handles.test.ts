import { describe, expect, it } from 'vitest';
import { type Call, dcerpc, HANDLE, replay, u32, unicode, wide } from '../../src/testing/index.js';

const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };
const WINREG = { uuid: '338cd001-2244-31f1-aaaa-900038001003', version: '1.0' };
const OK = u32(0);

/** A context handle that a server made up. [C706] appendix N. */
function handle(number: number): Buffer {
  const made = Buffer.alloc(20, number);
  made.writeUInt32LE(0, 0);
  return made;
}

const opens = (name: string, number: number): Call => ({
  opnum: 16,
  stub: Buffer.concat([HANDLE, wide(name), u32(0xf01ff)]),
  answer: Buffer.concat([handle(number), OK]),
});
const starts = (number: number): Call => ({
  opnum: 19,
  stub: Buffer.concat([handle(number), u32(0, 0)]),
  answer: OK,
});
const deletes = (number: number): Call => ({ opnum: 2, stub: handle(number), answer: OK });

async function callsOf(conversation: Parameters<typeof replay>[0], rules = '') {
  const { events, alerts } = await replay(conversation, rules);
  const calls = events.flatMap((event) => (event.event_type === 'msrpc' ? [event.msrpc] : []));
  return { calls, alerts: alerts.map(({ alert }) => alert.signature_id) };
}

describe('what a context handle stands for', () => {
  it('is told on the calls that are made with it', async () => {
    const { calls } = await callsOf(
      dcerpc(SVCCTL).call(opens('kfpzq', 1)).call(opens('Spooler', 2)).call(starts(1)).call(starts(2)).call(starts(3)),
    );
    expect(calls.map((call) => call.handle)).toEqual([
      { kind: 'service', name: 'kfpzq' },
      { kind: 'service', name: 'Spooler' },
      { kind: 'service', name: 'kfpzq' },
      { kind: 'service', name: 'Spooler' },
      undefined,
    ]);
    expect(calls[2]?.says).toBe('10.0.0.1 called RStartServiceW(service "kfpzq") on 10.0.0.2');
  });

  it('is the path of a key, below the one it was opened from', async () => {
    const { calls } = await callsOf(
      dcerpc(WINREG)
        .call({ opnum: 2, stub: Buffer.concat([u32(0), u32(0x2000000)]), answer: Buffer.concat([handle(1), OK]) })
        .call({
          opnum: 15,
          stub: Buffer.concat([handle(1), unicode('SYSTEM\\Select'), u32(0, 0x20019)]),
          answer: Buffer.concat([handle(2), OK]),
        })
        .call({ opnum: 7, stub: Buffer.concat([handle(2), unicode('Current')]), answer: OK }),
    );
    expect(calls.map((call) => call.handle?.name)).toEqual(['HKLM', 'HKLM\\SYSTEM\\Select', 'HKLM\\SYSTEM\\Select']);
  });

  it('is a keyword of rules', async () => {
    const rule = `alert dcerpc any any -> any any (flow:to_server; dcerpc.procedure; content:"RStartServiceW";
      dcerpc.handle; content:"kfpzq"; bsize:5; sid:1;)`;
    const session = dcerpc(SVCCTL).call(opens('kfpzq', 1)).call(opens('Spooler', 2)).call(starts(1)).call(starts(2));
    expect((await callsOf(session, rule.replace(/\s+/g, ' '))).alerts).toEqual([1]);
  });

  it('is what bits are kept by: the same service, by whatever handle', async () => {
    const rules = [
      'alert dcerpc any any -> any any (flow:to_server; dcerpc.opnum:19; xbits:set,started,track handle,expire 60; noalert; sid:1;)',
      'alert dcerpc any any -> any any (flow:to_server; dcerpc.opnum:2; xbits:isset,started,track handle; sid:2;)',
    ].join('\n');
    const session = (last: number) =>
      dcerpc(SVCCTL)
        .call(opens('kfpzq', 1))
        .call(opens('Spooler', 2))
        .call(starts(1))
        .call(opens('KFPZQ', 4))
        .call(deletes(last));
    expect((await callsOf(session(4), rules)).alerts).toEqual([2]);
    expect((await callsOf(session(2), rules)).alerts).toEqual([]);
    expect((await callsOf(session(9), rules)).alerts).toEqual([]);
  });
});
