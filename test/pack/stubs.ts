import { bstr, hex, ORPC_THIS, pointer, u32, utf16, uuidBytes, wide } from '../../src/testing/index.js';

/** What calls of the pack's conversations carry. Layouts: [MS-DCOM], [MS-OAUT], [MS-WMI], [MS-WMIO], [MS-SCMR]. */

const ORPC_THAT = u32(0, 0);

/** IActivation::RemoteActivation of a class. */
export function activation(clsid: string): Buffer {
  const iid = uuidBytes('00020400-0000-0000-c000-000000000046');
  const protseqs = Buffer.concat([hex('01000000'), u32(1), hex('07000000')]);
  return Buffer.concat([
    ORPC_THIS,
    uuidBytes(clsid),
    u32(0, 0, 2, 0, 1),
    pointer(Buffer.concat([u32(1), iid])),
    protseqs,
  ]);
}

/** IRemoteSCMActivator::RemoteCreateInstance, and RemoteGetClassObject: activation properties with a class in them. */
export function remoteCreateInstance(clsid: string, iid: string): Buffer {
  const com = (number: string) => uuidBytes(`${number.padStart(8, '0')}-0000-0000-c000-000000000046`);
  const serialized = (data: Buffer) => {
    const padding = Buffer.alloc((8 - (data.length % 8)) % 8);
    return Buffer.concat([hex('01100800cccccccc'), u32(data.length + padding.length, 0), data, padding]);
  };
  const instantiation = serialized(
    Buffer.concat([uuidBytes(clsid), u32(20, 0, 0, 1, 0, 0x20000, 88), hex('05000700'), u32(1), uuidBytes(iid)]),
  );
  const header = (total: number, size: number) =>
    serialized(
      Buffer.concat([
        u32(total, size, 0, 2, 1),
        Buffer.alloc(16),
        u32(0x20000, 0x20004, 0),
        u32(1),
        com('1ab'),
        u32(1, instantiation.length),
      ]),
    );
  const { length } = header(0, 0);
  const properties = Buffer.concat([header(length + instantiation.length, length), instantiation]);
  const objref = Buffer.concat([
    Buffer.from('MEOW'),
    u32(4),
    com('1a2'),
    com('338'),
    u32(0, properties.length + 8, properties.length, 0),
    properties,
  ]);
  return Buffer.concat([ORPC_THIS, u32(0), pointer(Buffer.concat([u32(objref.length, objref.length), objref]))]);
}

/** An answer that gives an object: OBJREF_STANDARD in an MInterfacePointer, then S_OK. */
export function gives(ipid: string, iid: string): Buffer {
  const standard = Buffer.concat([u32(0, 5), hex('0102030405060708'), hex('1112131415161718'), uuidBytes(ipid)]);
  const bindings = hex('0200010000000000');
  const objref = Buffer.concat([Buffer.from('MEOW'), u32(1), uuidBytes(iid), standard, bindings]);
  return Buffer.concat([ORPC_THAT, pointer(Buffer.concat([u32(objref.length, objref.length), objref])), u32(0)]);
}

/** IDispatch::GetIDsOfNames and its answer. */
export function names(name: string, dispid: number): { stub: Buffer; answer: Buffer } {
  const stub = Buffer.concat([ORPC_THIS, Buffer.alloc(16), u32(1), pointer(wide(name)), u32(1, 0x409)]);
  return { stub, answer: Buffer.concat([ORPC_THAT, u32(1, dispid, 0)]) };
}

/** IDispatch::Invoke with texts, given in the order of the method's definition. */
export function invoke(dispid: number, texts: readonly string[] = []): Buffer {
  const head = Buffer.concat([ORPC_THIS, u32(dispid), Buffer.alloc(16), u32(0x409, 1)]);
  if (texts.length === 0) return Buffer.concat([head, u32(0, 0, 0, 0, 0, 0, 0, 0)]);
  let out = Buffer.concat([
    head,
    u32(0x20000, 0, texts.length, 0, texts.length),
    u32(...texts.map((_, at) => 0x20004 + at * 4)),
  ]);
  for (const text of [...texts].reverse()) {
    out = Buffer.concat([
      out,
      Buffer.alloc((8 - (out.length % 8)) % 8),
      u32(5, 0),
      hex('0800000000000000'),
      u32(8),
      bstr(text),
    ]);
  }
  return Buffer.concat([out, u32(0, 0, 0)]);
}

/** IWbemServices::ExecMethod, with an instance of parameters when there are any. */
export function execMethod(path: string, method: string, parameters: Record<string, string> = {}): Buffer {
  const given = Object.entries(parameters);
  const instance = given.length === 0 ? u32(0) : pointer(instanceOf('__PARAMETERS', given));
  return Buffer.concat([ORPC_THIS, bstr(path), bstr(method), u32(0, 0), instance, u32(0, 0)]);
}

/** IWbemServices::PutInstance. */
export function putInstance(className: string, properties: Record<string, string> = { Name: 'x' }): Buffer {
  return Buffer.concat([ORPC_THIS, instanceOf(className, Object.entries(properties)), u32(0, 0, 0)]);
}

/** IWbemLevel1Login::NTLMLogin. */
export function login(namespace: string): Buffer {
  return Buffer.concat([ORPC_THIS, pointer(wide(namespace)), u32(0, 0, 0)]);
}

/** RCreateServiceW of a program. */
export function createService(program: string): Buffer {
  return Buffer.concat([
    Buffer.alloc(20, 1),
    wide('x'),
    u32(0),
    u32(0xf01ff, 16, 3, 0),
    wide(program),
    u32(0, 0, 0, 0, 0, 0, 0),
  ]);
}

/** RChangeServiceConfigW of a program. */
export function changeService(program: string): Buffer {
  return Buffer.concat([Buffer.alloc(20, 1), u32(16, 3, 0), pointer(wide(program)), u32(0, 0, 0, 0, 0, 0, 0, 0)]);
}

/** NetrJobAdd of a command. [MS-TSCH] 3.2.5.2.1. */
export function jobAdd(command: string): Buffer {
  return Buffer.concat([u32(0, 0, 0, 0, 0x20000), wide(command)]);
}

/** SchRpcRegisterTask of a task that runs a program. [MS-TSCH] 3.2.5.4.2. */
export function registerTask(program: string, parameters: string): Buffer {
  const xml = `<Task><Actions><Exec><Command>${program}</Command><Arguments>${parameters}</Arguments></Exec></Actions></Task>`;
  return Buffer.concat([u32(0), wide(xml), u32(6, 0, 3, 0, 0)]);
}

/** ept_map for an interface. */
export function eptMap(uuid: string): Buffer {
  const floor = (of: Buffer) => Buffer.concat([hex('1300'), hex('0d'), of, hex('0100'), hex('0200'), hex('0000')]);
  const ndr = uuidBytes('8a885d04-1ceb-11c9-9fe8-08002b104860');
  const tower = Buffer.concat([
    hex('0500'),
    floor(uuidBytes(uuid)),
    floor(ndr),
    hex('01000b02000000'),
    hex('01000702000087'),
    hex('010009040000000000'),
  ]);
  const padded = Buffer.concat([tower, Buffer.alloc((4 - (tower.length % 4)) % 4)]);
  return Buffer.concat([
    pointer(Buffer.alloc(16)),
    pointer(Buffer.concat([u32(tower.length, tower.length), padded])),
    Buffer.alloc(20),
    u32(4),
  ]);
}

/** A WMI instance of texts as it is marshaled: OBJREF_CUSTOM with an EncodingUnit. [MS-WMIO] 2.2.1, 2.2.14, 2.2.53. */
function instanceOf(className: string, properties: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => Buffer.concat([hex('01'), utf16(value, { terminated: true })]);
  const heap = (parts: Buffer[]) => {
    const data = Buffer.concat(parts);
    return Buffer.concat([u32(data.length | 0x8000_0000), data]);
  };
  const place = (parts: Buffer[], part: Buffer) => {
    const at = Buffer.concat(parts).length;
    parts.push(part);
    return at;
  };
  const bits = Math.ceil((properties.length * 2) / 8);
  const tableLength = bits + properties.length * 4;
  const ofClass: Buffer[] = [];
  const ofInstance: Buffer[] = [];
  const name = place(ofClass, text(className));
  const instanceName = place(ofInstance, text(className));
  const lookups: Buffer[] = [];
  const values: Buffer[] = [Buffer.alloc(bits)];
  for (const [order, [property, value]] of properties.entries()) {
    const info = Buffer.alloc(14);
    info.writeUInt32LE(8, 0);
    info.writeUInt16LE(order, 4);
    info.writeUInt32LE(order * 4, 6);
    lookups.push(u32(place(ofClass, text(property)), place(ofClass, info)));
    values.push(u32(place(ofInstance, text(value))));
  }
  const table = Buffer.concat(values);
  const body = Buffer.concat([
    Buffer.alloc(1),
    u32(name, tableLength, 4, 4, properties.length),
    ...lookups,
    Buffer.alloc(tableLength),
    heap(ofClass),
  ]);
  const classPart = Buffer.concat([u32(body.length + 4), body]);
  const instance = Buffer.concat([
    u32(0),
    Buffer.alloc(1),
    u32(instanceName),
    table,
    u32(4),
    hex('01'),
    heap(ofInstance),
  ]);
  const block = Buffer.concat([hex('02'), classPart, instance]);
  const unit = Buffer.concat([u32(0x12345678, block.length), block]);
  const objref = Buffer.concat([
    Buffer.from('MEOW'),
    u32(4),
    uuidBytes('dc12a681-737f-11cf-884d-00aa004b2e24'),
    uuidBytes('4590f812-1d3a-11d0-891f-00aa004b2e24'),
    u32(0, unit.length),
    unit,
  ]);
  const padding = Buffer.alloc((4 - (objref.length % 4)) % 4);
  return Buffer.concat([u32(objref.length, objref.length), objref, padding]);
}

/** The answer to ResolveOxid2: one string binding over TCP. */
export function resolved(binding: string): Buffer {
  const text = Buffer.from(binding, 'utf16le');
  const units = text.length / 2 + 4;
  const array = Buffer.concat([hex('0700'), text, hex('000000000000')]);
  const counts = Buffer.alloc(4);
  counts.writeUInt16LE(units, 0);
  counts.writeUInt16LE(units - 1, 2);
  const padding = Buffer.alloc((4 - (array.length % 4)) % 4);
  return Buffer.concat([
    u32(0x20000, units),
    counts,
    array,
    padding,
    Buffer.alloc(16, 7),
    u32(1),
    hex('05000700'),
    u32(0),
  ]);
}
