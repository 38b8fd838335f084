import { describe, expect, it } from 'vitest';
import '../../src/testing/vitest.js';
import { collect, Engine, type EveEvent, type EventOf } from '../../src/index.js';
import { responseBytes } from '../../src/testing/http.js';
import {
  type Conversation,
  dcerpc,
  dropped,
  explain,
  type Frame,
  http,
  reordered,
  replay,
  smb,
  tcp,
} from '../../src/testing/index.js';
import { withCapture } from './with-capture.js';

type FrameEvent = EventOf<'frame'>;

/** The frames of a conversation, as events. */
async function framesOf(conversation: Conversation | readonly Frame[]): Promise<FrameEvent['frame'][]> {
  return await withCapture(conversation, async (path) => {
    const { of } = await collect(new Engine({ workers: 1 }).replay(path, { types: ['frame'] }));
    return of('frame').map(({ frame }) => frame);
  });
}

/** Kind, place and size, in the order of the stream. */
function places(frames: readonly FrameEvent['frame'][]): string[] {
  return frames
    .filter(({ type }) => type !== 'stream')
    .sort((a, b) => a.direction.localeCompare(b.direction) || a.id - b.id)
    .map(({ direction, type, stream_offset, length, complete }) =>
      [direction, type, `${stream_offset}+${length}`, ...(complete ? [] : ['cut'])].join(' '),
    );
}

const alertsOf = (alerts: readonly EventOf<'alert'>[], sid: number) =>
  alerts.filter(({ alert }) => alert.signature_id === sid).map(({ frame }) => frame);

const WRITTEN = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(199_990, 'a'), Buffer.from('the end!')]);

describe('frames as events', () => {
  it('are those of SMB, however the stream is cut', async () => {
    const whole = places(await framesOf(smb().create('a.exe').write(Buffer.from('MZ and more'))));
    expect(whole.slice(6, 12)).toEqual([
      'toclient nbss.pdu 156+84',
      'toclient nbss.hdr 156+4',
      'toclient nbss.data 160+80',
      'toclient smb2.pdu 160+80',
      'toclient smb2.hdr 160+64',
      'toclient smb2.data 224+16',
    ]);
    expect(whole).toHaveLength(24);
    for (const segment of [1, 7, 100]) {
      const cut = smb({ segment }).create('a.exe').write(Buffer.from('MZ and more'));
      expect(places(await framesOf(cut))).toEqual(whole);
      expect(places(await framesOf(reordered(cut, segment)))).toEqual(whole);
    }
  });

  it('are those of DCERPC', async () => {
    const frames = await framesOf(
      dcerpc({ uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' }).call({
        opnum: 2,
        stub: Buffer.alloc(20),
      }),
    );
    expect(places(frames).filter((line) => line.startsWith('toserver'))).toEqual([
      'toserver hdr 0+16',
      'toserver pdu 0+72',
      'toserver data 16+56',
      'toserver hdr 72+16',
      'toserver pdu 72+44',
      'toserver data 88+28',
    ]);
    expect(frames.find(({ type }) => type === 'hdr')?.payload).toMatch(/^BQA/);
    expect(frames.filter(({ type }) => type === 'stream').map(({ length }) => length)).toContain(116);
  });

  it('are those of HTTP, with their transactions', async () => {
    const chunks = responseBytes({ headers: { 'Transfer-Encoding': 'chunked' }, body: '' }).toString();
    const asked = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc';
    const answered = `HTTP/1.1 204 No\r\n\r\n${chunks.replace(/Content-Length.*\r\n/, '')}4\r\nabcd\r\n0\r\n\r\n`;
    const frames = await framesOf(tcp({ segment: 5 }).toServer(asked).toClient(answered));
    const messages = frames.filter(({ type }) => type !== 'stream');
    expect(messages.map(({ type, tx_id }) => `${type} ${tx_id}`)).toEqual([
      'request 0',
      'request 1',
      'response 0',
      'response 1',
    ]);
    expect(messages.map(({ payload_printable }) => payload_printable?.slice(-5))).toEqual([
      'a\r\n\r\n',
      '\r\nabc',
      'o\r\n\r\n',
      '\r\n\r\n'.padStart(5, '0'),
    ]);
  });

  it('say what is missing of them', async () => {
    const body = Buffer.alloc(3000, 'b');
    const frames = await framesOf(dropped(http({ segment: 1000 }).exchange({}, { body }), [2]));
    const [response] = frames.filter(({ type }) => type === 'response');
    expect(response).toMatchObject({ complete: true });
    expect(response?.payload_printable).toMatch(/b\[1000 bytes missing\]b/);
  });

  it('are written only when they are asked for', async () => {
    await withCapture(smb().create('a.exe'), async (path) => {
      const { events } = await collect(new Engine({ workers: 1 }).replay(path));
      expect(new Set(events.map(({ event_type }: EveEvent) => event_type))).not.toContain('frame');
    });
  });
});

describe('rules on frames', () => {
  it('hold once on each frame of their kind', async () => {
    const rules = [
      'alert smb any any -> any any (flow:to_server; frame:smb2.hdr; content:"|fe|SMB"; startswith; bsize:64; sid:1;)',
      'alert tcp any any -> any any (frame:smb.smb2.data; content:"|fe|SMB"; startswith; sid:2;)',
      'alert smb any any -> any any (flow:to_server; frame:smb2.data; content:!"|fe|SMB"; startswith; sid:3;)',
      'alert smb any any -> any any (flow:to_client; frame:nbss.hdr; content:"|00|"; startswith; sid:4;)',
    ].join('\n');
    for (const segment of [1, 60, 1460]) {
      const seen = await replay(smb({ segment }).create('a.exe').write(Buffer.from('MZ')), rules);
      expect(seen).toAlert(1, { times: 2 });
      expect(seen).not.toAlert(2);
      expect(seen).toAlert(3, { times: 2 });
      expect(seen).toAlert(4, { times: 2 });
      expect(alertsOf(seen.alerts, 1)[1]).toMatchObject({ type: 'smb2.hdr', direction: 'toserver', length: 64, id: 3 });
    }
  });

  it('look into frames longer than what is kept of a stream', async () => {
    const rules = [
      'alert smb any any -> any any (frame:smb2.data; content:"MZ"; offset:48; depth:2; sid:1;)',
      'alert smb any any -> any any (frame:smb2.data; content:"the end!"; endswith; sid:2;)',
      'alert smb any any -> any any (frame:smb2.data; bsize:200048; sid:3;)',
      'alert smb any any -> any any (frame:smb2.data; content:"aaathe"; offset:60000; sid:4;)',
      'alert smb any any -> any any (frame:smb2.pdu; content:"aaaaaaaa"; content:"aaaa"; distance:1000; sid:5;)',
      'alert smb any any -> any any (frame:smb2.data; content:"MZ"; endswith; sid:6;)',
      'alert smb any any -> any any (flow:to_server; frame:smb2.data; content:!"aaathe"; sid:7;)',
    ].join('\n');
    // Picked up in the middle, so that no window is exceeded: all of it is acknowledged at once.
    const seen = await replay(smb({ handshake: false }).write(WRITTEN), rules);
    for (const sid of [1, 2, 3, 4, 5]) expect(seen).toAlert(sid, { times: 1 });
    for (const sid of [6, 7]) expect(seen).not.toAlert(sid);
  });

  it('look at each piece between gaps by itself', async () => {
    const rules = [
      'alert http any any -> any any (frame:http1.response; content:"head"; sid:1;)',
      'alert http any any -> any any (frame:http1.response; content:"tail"; endswith; sid:2;)',
      'alert http any any -> any any (frame:http1.response; content:"head"; content:"tail"; distance:0; sid:3;)',
      'alert http any any -> any any (frame:http1.response; content:"tail"; startswith; sid:4;)',
      'alert http any any -> any any (frame:http1.response; content:"HTTP/1.1"; startswith; sid:5;)',
    ].join('\n');
    const body = Buffer.concat([Buffer.from('head'), Buffer.alloc(3000, 'b'), Buffer.from('tail')]);
    const seen = await replay(dropped(http({ segment: 1000 }).exchange({}, { body }), [2]), rules);
    for (const sid of [1, 2, 5]) expect(seen).toAlert(sid, { times: 1 });
    for (const sid of [3, 4]) expect(seen).not.toAlert(sid);
    expect(seen.alerts[0]).toMatchObject({ tx_id: 0, http: { status: 200 }, frame: { type: 'response', tx_id: 0 } });
  });

  it('hold on a whole stream again for what is new of it', async () => {
    const rule = 'alert dcerpc any any -> any any (flow:to_server; frame:stream; content:"needle"; sid:1;)';
    const call = (text: string) => ({ opnum: 1, stub: Buffer.from(text.padEnd(3000, '.')) });
    const bound = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };
    const twice = dcerpc(bound, { segment: 99 }).call(call('needle')).call(call('none')).call(call('a needle'));
    const seen = await replay(twice, rule);
    expect(seen).toAlert(1, { times: 2 });
    expect(new Set(alertsOf(seen.alerts, 1).map((frame) => frame?.id))).toEqual(new Set([1]));
  });

  it('look at what there is when a stream ends in a frame', async () => {
    const rule = 'alert smb any any -> any any (frame:smb2.data; content:"MZaaaa"; content:!"the end!"; sid:1;)';
    const frames: Frame[] = smb({ close: 'none' }).write(WRITTEN).frames();
    const seen = await replay(frames.slice(0, 40), rule);
    expect(seen).toAlert(1, { times: 1 });
    expect(seen.alerts[0]?.frame).toMatchObject({ complete: false, length: 200_048 });
  });

  it('keep and ask bits of the flow', async () => {
    const rules = [
      'alert smb any any -> any any (frame:smb2.hdr; content:"SMB"; flowbits:set,smb; noalert; sid:1;)',
      'alert smb any any -> any any (frame:smb2.data; content:"MZ"; flowbits:isset,smb; sid:2;)',
      'alert smb any any -> any any (frame:smb2.data; content:"MZ"; flowbits:isset,other; sid:3;)',
    ].join('\n');
    const seen = await replay(smb().create('a').write(Buffer.from('MZ')), rules);
    expect(seen).toAlert(2, { times: 1 });
    expect(seen).not.toAlert(3);
  });

  it('are explained frame by frame', async () => {
    const rule =
      'alert smb any any -> any any (flow:to_server; frame:smb2.hdr; content:"|fe|SMB"; content:"|aa bb|"; sid:1;)';
    const trace = await explain(smb().create('a'), rule, 1);
    const result = trace.flows[0]?.results.find(({ frame }) => frame !== undefined);
    expect(result).toMatchObject({
      stage: 'check',
      frame: { type: 'smb2.hdr', id: 1, direction: 'toserver' },
      predicate: 'content:"|aa bb|"',
    });
  });

  it('of several kinds see only their own', async () => {
    const rules = [
      'alert http any any -> any any (frame:http1.request; content:"GET"; startswith; sid:1;)',
      'alert tcp any any -> any any (frame:dcerpc.pdu; content:"GET"; sid:2;)',
      'alert http any any -> any any (frame:http1.request; content:"200"; sid:3;)',
    ].join('\n');
    const seen = await replay(http({ segment: 3 }).exchange({ uri: '/' }, { status: 200 }), rules);
    expect(seen).toAlert(1, { times: 1 });
    for (const sid of [2, 3]) expect(seen).not.toAlert(sid);
  });
});
