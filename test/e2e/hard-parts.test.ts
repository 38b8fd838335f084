import { describe, expect, it } from 'vitest';
import '../../src/testing/vitest.js';
import {
  auth3,
  bind,
  bindAck,
  type Conversation,
  dcerpc,
  dropped,
  type Frame,
  hex,
  ORPC_THIS,
  pointer,
  type Replayed,
  replay,
  request,
  response,
  type Security,
  u32,
  udp,
  utf16,
  uuidBytes,
  wide,
} from '../../src/testing/index.js';
import { createService, gives, invoke, remoteCreateInstance } from '../pack/stubs.js';

// What real networks and real captures do to RPC, one by one; each is a reason for which calls are missed elsewhere.

const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };
const TASKS = { uuid: '86d35949-83c9-4044-b424-db363231fd0c', version: '1.0' };
const ACTIVATOR = { uuid: '000001a0-0000-0000-c000-000000000046' };
const EXPORTER = { uuid: '99fcfec4-5260-101b-bbcb-00aa0021347a' };
const DISPATCH = { uuid: '00020400-0000-0000-c000-000000000046' };
const FACTORY = { uuid: '00000001-0000-0000-c000-000000000046' };
const REM_UNKNOWN = { uuid: '00000131-0000-0000-c000-000000000046' };
const LOGIN_CLIENT_ID = { uuid: 'd4781cd6-e5d3-44df-ad94-930efe48a887' };
const MMC = '49b2791a-b1ae-4c90-9b8e-e860ba07f889';
/** An IPID as Windows makes it: its second word, 0x19e0, is the server's process. */
const IPID = '00008c0c-19e0-1884-c168-d6c9a7cd5bc2';
const COMMAND = `powershell -enc ${'QQ'.repeat(600)}`;
const CREATES = `alert dcerpc any any -> any any (msg:"service"; flow:to_server; dcerpc.procedure; content:"RCreateServiceW"; exec.command_line; content:"powershell -enc"; sid:1;)`;

interface Told {
  readonly opnum?: number;
  readonly procedure?: string;
  readonly known?: string;
  readonly stub?: string;
  readonly says?: string;
  readonly interface?: { readonly uuid: string; readonly name?: string };
  readonly auth?: Readonly<Record<string, string>>;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly request?: { readonly size: number; readonly fragments: number; readonly incomplete?: boolean };
  readonly response?: { readonly incomplete?: boolean };
  readonly dcom?: Readonly<Record<string, unknown>>;
}

/** The calls of a replay, as events tell of them. */
const told = (seen: Replayed) => seen.of('msrpc').map(({ msrpc }) => msrpc as unknown as Told);
/** Their procedures. */
const procedures = (seen: Replayed) => told(seen).map(({ procedure }) => procedure);
const CREATE = { opnum: 12, stub: createService(COMMAND), answer: Buffer.alloc(28) };
const handle = Buffer.alloc(20, 1);
/** A service is made, started, and its handle closed. */
const services = (options: Parameters<typeof dcerpc>[1] = {}) =>
  dcerpc(SVCCTL, options)
    .call(CREATE)
    .call({ opnum: 19, stub: Buffer.concat([handle, u32(0, 0)]) })
    .call({ opnum: 0, stub: handle, answer: Buffer.alloc(24) });
const THREE = ['RCreateServiceW', 'RStartServiceW', 'RCloseServiceHandle'];
const framesOf = (...list: readonly Conversation[]): Frame[] => list.flatMap((one) => one.frames());
const ETHERNET = 14;

describe('calls are followed', () => {
  it('R1: where segmentation offload left an IPv4 length of 0', async () => {
    const frames = services({ segment: 9000 })
      .frames()
      .map((frame) => {
        if (frame.role !== 'data') return frame;
        const data = Buffer.from(frame.data);
        data.writeUInt16BE(0, ETHERNET + 2); // total length
        data.writeUInt16BE(0, ETHERNET + 10); // checksum
        return { ...frame, data };
      });
    const seen = await replay(frames, CREATES);
    expect(procedures(seen)).toEqual(THREE);
    expect(seen).toAlert(1, { times: 1 });
    // As Suricata does, which drops such packets.
    const set = { 'decoder.offload-length': 'no' };
    expect(await replay(frames, CREATES, { set })).not.toAlert(1);
  });

  it.each([
    ['the bind', 0, THREE],
    ['the answer to the bind', 1, [12, 19, 0]],
    ['a request', 2, [12, 19, 0]],
    ['an answer', 3, [19, 0]],
  ] as const)('R2: where the capture begins with %s, whoever it takes for the client', async (_, from, expected) => {
    // The server's port says nothing about who the client is.
    const whole = services({ handshake: false, client: '10.0.0.1:135', server: '10.0.0.2:49152', close: 'none' });
    const data = whole.frames().filter(({ role }) => role === 'data');
    const seen = await replay(data.slice(from), CREATES);
    // Without its bind no name is known, but the calls are there.
    expect(told(seen).map(({ procedure, opnum }) => procedure ?? opnum)).toEqual(expected);
    expect(seen).toAlert(1, { times: from === 0 ? 1 : 0 });
    for (const { says } of told(seen)) if (says) expect(says).toMatch(/^10\.0\.0\.1 called .* on 10\.0\.0\.2/);
  });

  it('R2: where the capture begins with the bind, to rules on packets and the stream', async () => {
    const data = services({ handshake: false, close: 'none' }).frames();
    const sends = (kind: string, to: string, sid: number) =>
      `alert ${kind} any any -> any any (flow:established,${to}; content:"|05 00 00 03|"; sid:${sid};)`;
    const rules = [
      sends('tcp-pkt', 'to_server', 1),
      sends('tcp-stream', 'to_server', 2),
      sends('tcp-pkt', 'to_client', 3),
      sends('tcp-stream', 'to_client', 4),
    ];
    const seen = await replay(data, rules.join('\n'));
    for (const sid of [1, 2]) expect(seen).toAlert(sid);
    for (const sid of [3, 4]) expect(seen).not.toAlert(sid);
  });

  it('R2: over UDP, where the capture begins in the middle', async () => {
    const datagram = (type: number, sequence: number, stub: Buffer) => {
      const head = Buffer.alloc(80);
      head.set([4, type, 0x08, 0, 0x10], 0);
      uuidBytes(SVCCTL.uuid).copy(head, 24);
      head.fill(0xaa, 40, 56);
      head.writeUInt32LE(2, 60);
      head.writeUInt32LE(sequence, 64);
      head.writeUInt16LE(12, 68);
      head.writeUInt16LE(stub.length, 74);
      return Buffer.concat([head, stub]);
    };
    const talk = udp({ server: '10.0.0.2:1025' });
    for (const sequence of [7, 8])
      talk.toServer(datagram(0, sequence, CREATE.stub)).toClient(datagram(2, sequence, CREATE.answer));
    const seen = await replay(talk, CREATES);
    expect(procedures(seen)).toEqual(['RCreateServiceW', 'RCreateServiceW']);
    expect(seen).toAlert(1, { times: 2 });
  });

  it('R3: behind a hole', async () => {
    // The third data frame is the first half of the create.
    const holed = dropped(services({ segment: 1000 }), [3]);
    const seen = await replay(holed, CREATES);
    expect(procedures(seen)).toEqual(THREE);
    expect(told(seen)[0]?.request).toMatchObject({ incomplete: true });
    expect(told(seen)[1]?.request?.incomplete).toBeUndefined();
    expect(seen, 'what is not all there is not read').not.toAlert(1);
  });

  it('R3: where a verification trailer names what no bind was seen for', async () => {
    const trailer = Buffer.concat([
      hex('8ae3137102f43671'),
      hex('02402800'), // the last command: interface and transfer syntax
      uuidBytes(SVCCTL.uuid),
      hex('02000000'),
      uuidBytes('8a885d04-1ceb-11c9-9fe8-08002b104860'),
      hex('02000000'),
    ]);
    const seen = await replay(
      dcerpc(null, { handshake: false })
        .call({ ...CREATE, contextId: 5, stub: Buffer.concat([CREATE.stub, trailer]) })
        .call({ opnum: 19, contextId: 5, stub: Buffer.concat([handle, u32(0, 0)]) })
        .call({ opnum: 19, contextId: 6, stub: Buffer.concat([handle, u32(0, 0)]) }),
      CREATES,
    );
    expect(procedures(seen)).toEqual(['RCreateServiceW', 'RStartServiceW', undefined]);
    expect(told(seen).map(({ known }) => known)).toEqual(['inferred', 'inferred', undefined]);
    expect(seen).toAlert(1, { times: 1 });
  });

  it('R3: where the object called was handed out on another connection', async () => {
    const given = dcerpc(FACTORY, { client: '10.0.0.1:50000' }).call({
      opnum: 3,
      stub: Buffer.concat([ORPC_THIS, uuidBytes(DISPATCH.uuid)]),
      answer: gives(IPID, DISPATCH.uuid),
    });
    const used = dcerpc(null, { handshake: false, client: '10.0.0.1:50001', start: 1_704_067_201_000_000 }).call({
      opnum: 6,
      contextId: 3,
      object: IPID,
      stub: invoke(54, ['cmd.exe', '/c dir']),
    });
    const seen = await replay(framesOf(given, used), '');
    expect(told(seen)[0]?.arguments?.references).toMatchObject([{ interface_name: 'IDispatch', ipid: IPID }]);
    expect(told(seen)[1]).toMatchObject({
      known: 'inferred',
      interface: { uuid: DISPATCH.uuid },
      dcom: { dispid: 54 },
      arguments: { parameters: ['cmd.exe', '/c dir'] },
    });
  });

  it('R4: behind an authentication of three legs, and it names the account', async () => {
    const ntlm = (token: Buffer, level: Security['level'] = 'integrity'): Security => ({
      context: 79_231,
      level,
      token,
    });
    const talk = dcerpc(null)
      .toServer(bind({ contexts: [{ ...SVCCTL, id: 0 }], maxFragment: 4280, security: ntlm(negotiate()) }))
      .toClient(bindAck({ results: ['accepted'], security: ntlm(challenge()) }))
      .toServer(auth3({ security: ntlm(authenticate('CORP', 'alice', 'WS1')) }));
    for (const callId of [1, 2, 3])
      talk
        .toServer(request({ callId, opnum: 12, stub: CREATE.stub, security: ntlm(Buffer.alloc(16)) }))
        .toClient(response({ callId, stub: CREATE.answer, security: ntlm(Buffer.alloc(16)) }));
    const seen = await replay(talk, CREATES);
    expect(procedures(seen)).toEqual(Array(3).fill('RCreateServiceW'));
    expect(seen).toAlert(1, { times: 3 });
    for (const { auth } of told(seen))
      expect(auth).toMatchObject({ user: 'alice', domain: 'CORP', level: 'integrity' });
  });

  it('R5: in fragments, with another call between them', async () => {
    const parts = [0, 700, 1400, 2100].map((at, nth, all) => {
      const end = all[nth + 1] ?? CREATE.stub.length;
      const flags = (nth === 0 ? 1 : 0) | (nth === all.length - 1 ? 2 : 0);
      return request({ callId: 2, opnum: 12, stub: CREATE.stub.subarray(at, end), flags });
    });
    const between = request({ callId: 3, opnum: 0, stub: handle });
    const talk = dcerpc(SVCCTL, { segment: 333 }).toServer(
      Buffer.concat([...parts.slice(0, 2), between, ...parts.slice(2)]),
    );
    talk.toClient(Buffer.concat([3, 2].map((callId) => response({ callId, stub: CREATE.answer, fragment: 9 }))));
    const seen = await replay(talk, CREATES);
    expect(seen).toAlert(1, { times: 1 });
    const create = told(seen).find(({ opnum }) => opnum === 12);
    expect(create).toMatchObject({
      request: { size: CREATE.stub.length, fragments: 4 },
      arguments: { binary_path: COMMAND },
    });
    expect(procedures(seen)).toContain('RCloseServiceHandle');
  });

  it('R6: at the authentication level of each PDU, not of the connection', async () => {
    const talk = dcerpc(SVCCTL);
    for (const level of ['connect', 'packet', 'integrity', 'privacy', 'packet'] as const)
      talk.call({ ...CREATE, security: { level } });
    const seen = await replay(talk, CREATES);
    expect(told(seen).map(({ auth, stub }) => [auth?.level, stub])).toEqual([
      ['connect', 'clear'],
      ['packet', 'signed'],
      ['integrity', 'signed'],
      ['privacy', 'sealed'],
      ['packet', 'signed'],
    ]);
    expect(told(seen).map((call) => call.arguments?.binary_path)).toEqual([
      COMMAND,
      COMMAND,
      COMMAND,
      undefined,
      COMMAND,
    ]);
    expect(seen).toAlert(1, { times: 4 });
  });

  it('R7: in NDR64, where it is chosen for a context', async () => {
    const xml = '<Task><Actions><Exec><Command>calc.exe</Command></Exec></Actions></Task>';
    // Each value at a multiple of its size; pointers and counts take 8 octets.
    const stub64 = ndr64(1n, 6n, 0n, 6n, '\\evil', 73n, 0n, 73n, xml, 6, 0n, 0, 0, 0n);
    const stub32 = Buffer.concat([pointer(wide('\\evil')), wide(xml), u32(6, 0, 0, 0, 0)]);
    const talk = dcerpc(null)
      .toServer(
        bind({
          contexts: [
            { ...TASKS, id: 0 },
            { ...TASKS, id: 1, transfer: 'ndr64' },
          ],
        }),
      )
      .toClient(bindAck({ results: ['rejected', 'ndr64'] }))
      .toServer(request({ callId: 2, contextId: 1, opnum: 1, stub: stub64 }))
      .toClient(response({ callId: 2, contextId: 1, stub: Buffer.alloc(40) }));
    const [call64] = told(await replay(talk, ''));
    const [call32] = told(await replay(dcerpc(TASKS).call({ opnum: 1, stub: stub32 }), ''));
    expect(call64).toMatchObject({ procedure: 'SchRpcRegisterTask', arguments: { path: '\\evil', xml } });
    expect(call64?.arguments).toEqual(call32?.arguments);
  });

  it('R8: on the dynamic port an OXID was resolved to, whatever is seen of it first', async () => {
    const answer = (host: string) => {
      const bindings = Buffer.concat([hex('0700'), utf16(host, { terminated: true }), hex('0000')]);
      const security = Buffer.concat([hex('0a00ffff'), utf16('LAB\\svc', { terminated: true }), hex('0000')]);
      const units = (bindings.length + security.length) / 2;
      const array = Buffer.concat([hex('00000000'), bindings, security]);
      array.writeUInt16LE(units, 0);
      array.writeUInt16LE(bindings.length / 2, 2);
      const padding = Buffer.alloc((4 - (array.length % 4)) % 4);
      return Buffer.concat([pointer(u32(units)), array, padding, uuidBytes(IPID), u32(0), hex('05000700'), u32(0)]);
    };
    const asked = Buffer.concat([hex('0102030405060708'), hex('01000000'), u32(1), hex('07000000')]);
    const resolved = (host: string) => dcerpc(EXPORTER).call({ opnum: 4, stub: asked, answer: answer(host) });
    // The tail of a PDU, then a call: no signature of RPC is where octets begin.
    const used = dcerpc(null, {
      handshake: false,
      client: '10.0.0.1:50001',
      server: '10.0.0.2:49701',
      start: 1_704_067_201_000_000,
    })
      .toServer(Buffer.alloc(90, 0x77))
      .call({ opnum: 6, object: IPID, stub: invoke(54, ['cmd.exe', '/c dir']) });
    const announced = await replay(framesOf(resolved('10.0.0.2[49701]'), used), '');
    expect(told(announced).map(({ opnum }) => opnum)).toEqual([4, 6]);
    expect(told(announced)[0]?.arguments).toEqual({
      oxid: '0807060504030201',
      bindings: ['10.0.0.2[49701]'],
      principals: ['LAB\\svc'],
      rem_unknown: IPID,
      authn_hint: 'none',
    });
    const another = await replay(framesOf(resolved('10.0.0.2[49702]'), used), '');
    expect(
      told(another).map(({ opnum }) => opnum),
      'another port was named, but the beginning was missed: then RPC is looked for inside the stream',
    ).toEqual([4, 6]);
  });

  it('R9: where every packet was captured twice', async () => {
    const once = services({ segment: 500 }).frames();
    for (const behind of [1, 3]) {
      const twice = once.flatMap((frame, at) => {
        const early = once[at - behind + 1];
        return early === undefined ? [frame] : [frame, { ...early, time: frame.time + 1 }];
      });
      const seen = await replay([...twice, ...once.slice(once.length - behind + 1)], CREATES);
      expect(procedures(seen), `copies ${behind} behind`).toEqual(THREE);
      expect(seen).toAlert(1, { times: 1 });
    }
  });

  it('R10: to the processes at both ends', async () => {
    const clientInfo = Buffer.concat([ORPC_THIS, pointer(wide('WS1')), u32(6120, 0)]);
    const talk = dcerpc(null)
      .bind([
        { ...LOGIN_CLIENT_ID, id: 0 },
        { ...DISPATCH, id: 1 },
      ])
      .call({ opnum: 3, stub: clientInfo, object: IPID })
      .call({ opnum: 6, contextId: 1, object: IPID, stub: invoke(54), security: {} });
    for (const { dcom } of told(await replay(talk, '')))
      expect(dcom).toMatchObject({ server_pid: 0x19e0, client: { host: 'WS1', pid: 6120 } });
  });

  it('R10: by what the calls of one chain share, and to the interfaces that are given and refused', async () => {
    const asked = [uuidBytes(DISPATCH.uuid), uuidBytes(FACTORY.uuid)];
    const given = [u32(0, 0, 0, 5, 1, 0, 2, 0), uuidBytes(IPID)];
    const refused = [u32(0x80004002, 0), Buffer.alloc(40)];
    const talk = dcerpc(REM_UNKNOWN).call({
      opnum: 3,
      object: IPID,
      stub: Buffer.concat([ORPC_THIS, uuidBytes(IPID), u32(5, 2, 2), ...asked]),
      answer: Buffer.concat([u32(0, 0, 1, 2), ...given, ...refused, u32(0)]),
    });
    const [call] = told(await replay(talk, ''));
    expect(call?.dcom?.causality).toMatch(/^[0-9a-f-]{36}$/);
    expect(call?.arguments?.references).toEqual([
      {
        iid: DISPATCH.uuid,
        interface_name: 'IDispatch',
        oxid: '0000000000000001',
        oid: '0000000000000002',
        ipid: IPID,
      },
      { iid: FACTORY.uuid, interface_name: 'IClassFactory', result: '0x80004002' },
    ]);
  });

  it('R11: where an activation is known by its form alone, and it is said that this was inferred', async () => {
    const middle = (opnum: number) =>
      dcerpc(null, { handshake: false }).call({ opnum, contextId: 9, stub: remoteCreateInstance(MMC, DISPATCH.uuid) });
    for (const opnum of [3, 4]) {
      const [call] = told(await replay(middle(opnum), ''));
      expect(call).toMatchObject({ known: 'inferred', interface: ACTIVATOR, arguments: { clsid: MMC } });
    }
    const [other] = told(await replay(middle(5), ''));
    expect(other?.interface, 'no activation has this number').toBeUndefined();
  });
});

/** Values one after the other, aligned to their size: texts as UTF-16 with a NUL, numbers of 64 and 32 bits. */
function ndr64(...values: readonly (string | bigint | number)[]): Buffer {
  let out = Buffer.alloc(0);
  for (const value of values) {
    const size = typeof value === 'bigint' ? 8 : typeof value === 'number' ? 4 : 2;
    const octets = typeof value === 'string' ? utf16(value, { terminated: true }) : Buffer.alloc(size);
    if (typeof value === 'bigint') octets.writeBigUInt64LE(value);
    if (typeof value === 'number') octets.writeUInt32LE(value);
    out = Buffer.concat([out, Buffer.alloc((size - (out.length % size)) % size), octets]);
  }
  return out;
}

/** NTLM messages: [MS-NLMP] 2.2.1. */
const NTLM = 'NTLMSSP\0';

function negotiate(): Buffer {
  return Buffer.concat([Buffer.from(NTLM, 'latin1'), u32(1, 0xe2088297), Buffer.alloc(16)]);
}

function challenge(): Buffer {
  return Buffer.concat([Buffer.from(NTLM, 'latin1'), u32(2), u32(0, 48), u32(0xe2898215), Buffer.alloc(24)]);
}

function authenticate(domain: string, user: string, workstation: string): Buffer {
  const parts = ['', '', domain, user, workstation, ''].map((text) => utf16(text));
  let offset = 64;
  const fields = parts.map(({ length }) => {
    const field = Buffer.alloc(8);
    field.writeUInt16LE(length, 0);
    field.writeUInt16LE(length, 2);
    field.writeUInt32LE(offset, 4);
    offset += length;
    return field;
  });
  return Buffer.concat([Buffer.from(NTLM, 'latin1'), u32(3), ...fields, u32(0xe2888215), ...parts]);
}
