// RPC made to hurt: each scenario at three sizes, each replay in a process of its own. Processor time per PDU must stay level,
// memory must reach a cap. `--help` tells the options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../dist/index.js';
import {
  bind,
  bindAck,
  bstr,
  hex,
  ORPC_THIS,
  request,
  requestBytes,
  response,
  u32,
  utf16,
  uuidBytes,
} from '../dist/testing/index.js';
import { readOptions } from './options.mjs';
import { Connection, Datagrams, Wire } from './wire.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RULES = join(ROOT, 'rules', 'lateral-movement.rules');
/** Time per PDU may grow this much from the smallest size to the largest before it is called out. */
const TOLERANCE = 2;
const SIZES = [1, 2, 4];

const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };
const DISPATCH = { uuid: '00020400-0000-0000-c000-000000000046' };
const FACTORY = { uuid: '00000001-0000-0000-c000-000000000046' };
const EXPORTER = { uuid: '99fcfec4-5260-101b-bbcb-00aa0021347a' };
const REM_UNKNOWN = { uuid: '00000131-0000-0000-c000-000000000046' };
const LOGIN_CLIENT_ID = { uuid: 'd4781cd6-e5d3-44df-ad94-930efe48a887' };
const IPID = '00008c0c-19e0-1884-c168-d6c9a7cd5bc2';
const MIDDLE = 0;
const FIRST = 1;

const { values } = readOptions({
  usage: 'hostile.mjs [--pdus N] [--only TEXT] [--list]',
  about: `Replays RPC that is made to hurt, each scenario at ${SIZES.join(', ')} times so many PDUs. A line tells processor time
a PDU and memory at each size, and what was let go; "!" marks where time grows with size, or a bug. Exit status 1 with
such a line.`,
  options: {
    pdus: { kind: 'number', default: 20_000, doc: 'PDUs of the smallest size' },
    only: { kind: 'text', doc: 'only the scenarios whose name has this in it' },
    list: { kind: 'switch', default: false, doc: 'name the scenarios and end' },
    run: { kind: 'text' },
  },
});

/** A UUID that is another one for each number. */
const numbered = (number) => `${number.toString(16).padStart(8, '0')}-1111-2222-3333-444455556666`;

/** A connection with an interface bound. */
function bound(wire, uuid, number = 0) {
  const connection = new Connection(wire, number, 135);
  connection.say(true, bind({ contexts: [{ ...uuid, id: 0 }] }));
  connection.say(false, bindAck({ results: ['accepted'] }));
  return connection;
}

/** OBJREF_STANDARD of an object by its number, without bindings. */
function objref(number) {
  const standard = Buffer.concat([u32(0, 5), u32(number, 1), u32(number, 2), uuidBytes(numbered(number))]);
  return Buffer.concat([Buffer.from('MEOW'), u32(1), uuidBytes(DISPATCH.uuid), standard, hex('0200010000000000')]);
}

/** A connectionless request, [C706] 12.5.1. */
function datagram(activity, sequence, { flags = 0, fragment = 0, stub = Buffer.alloc(64) } = {}) {
  const head = Buffer.alloc(80);
  head.set([4, 0, flags, 0, 0x10], 0);
  uuidBytes(SVCCTL.uuid).copy(head, 24);
  head.writeUInt32LE(activity + 1, 40);
  head.writeUInt32LE(2, 60);
  head.writeUInt32LE(sequence, 64);
  head.writeUInt16LE(stub.length, 74);
  head.writeUInt16LE(fragment & 0xffff, 76);
  return Buffer.concat([head, stub]);
}

/** An SMB2 message in its frame, [MS-SMB2] 2.2.1.2. */
function smb2(command, message, answer, body) {
  const head = Buffer.alloc(68);
  head.writeUInt32BE(64 + body.length, 0);
  head.write('\xfeSMB', 4, 'latin1');
  head.writeUInt16LE(64, 8);
  head.writeUInt16LE(command, 16);
  head.writeUInt16LE(1, 18);
  head.writeUInt32LE(answer ? 1 : 0, 20);
  head.writeBigUInt64LE(BigInt(message), 28);
  head.writeUInt32LE(5, 40);
  head.writeUInt32LE(7, 44);
  return Buffer.concat([head, body]);
}

/** Opens a pipe by its number; gives how its octets are written. */
function pipe(wire, number, connection = new Connection(wire, number, 445), file = 1) {
  let message = 1;
  const handle = Buffer.alloc(16);
  handle.writeUInt32LE(file, 0);
  handle.writeUInt32LE(file, 8);
  const name = utf16('svcctl');
  const create = Buffer.alloc(56);
  create.writeUInt16LE(57, 0);
  create.writeUInt16LE(120, 44);
  create.writeUInt16LE(name.length, 46);
  const created = Buffer.alloc(88);
  created.writeUInt16LE(89, 0);
  handle.copy(created, 64);
  connection.say(true, smb2(5, message, false, Buffer.concat([create, name])));
  connection.say(false, smb2(5, message, true, created));
  return {
    connection,
    write(data, answered = true) {
      message += 1;
      const head = Buffer.alloc(48);
      head.writeUInt16LE(49, 0);
      head.writeUInt16LE(112, 2);
      head.writeUInt32LE(data.length, 4);
      handle.copy(head, 16);
      connection.say(true, smb2(9, message, false, Buffer.concat([head, data])));
      const done = Buffer.alloc(16);
      done.writeUInt16LE(17, 0);
      done.writeUInt32LE(data.length, 4);
      if (answered) connection.say(false, smb2(9, message, true, done));
    },
  };
}

/** Each writes `n` PDUs; what it is named by is what hurts. */
const SCENARIOS = {
  'presentation contexts without end'(wire, n) {
    const connection = new Connection(wire, 0, 135);
    for (let nth = 0; nth < n / 8; nth += 1) {
      const contexts = Array.from({ length: 200 }, (_, at) => ({ uuid: numbered(at), id: (nth * 200 + at) & 0xffff }));
      connection.say(true, bind({ contexts, alter: nth > 0, callId: nth }));
    }
    return n / 8;
  },
  'alter_context flood, answered'(wire, n) {
    const connection = new Connection(wire, 0, 135);
    for (let nth = 0; nth < n / 2; nth += 1) {
      connection.say(true, bind({ contexts: [{ ...SVCCTL, id: nth & 0xffff }], alter: nth > 0, callId: nth }));
      connection.say(false, bindAck({ results: ['accepted'], alter: nth > 0, callId: nth }));
    }
  },
  'offers whose counts lie'(wire, n) {
    const connection = new Connection(wire, 0, 135);
    const one = bind({ contexts: [{ ...SVCCTL, id: 0 }] });
    one.writeUInt8(255, 24);
    one.writeUInt8(255, 30);
    for (let nth = 0; nth < n; nth += 1) connection.say(true, one);
  },
  'calls that are never answered'(wire, n) {
    const connection = bound(wire, SVCCTL);
    for (let callId = 1; callId < n; callId += 1)
      connection.say(true, request({ callId, opnum: 12, stub: Buffer.alloc(200) }));
  },
  'calls that are never answered, four to a flow'(wire, n) {
    for (let flow = 0; flow < n / 4; flow += 1) {
      const connection = bound(wire, SVCCTL, flow);
      for (let callId = 1; callId <= 4; callId += 1)
        connection.say(true, request({ callId, opnum: 12, stub: Buffer.alloc(200) }));
    }
  },
  'one call of fragments without end'(wire, n) {
    const connection = bound(wire, SVCCTL);
    for (let nth = 0; nth < n; nth += 1)
      connection.say(
        true,
        request({ callId: 2, opnum: 12, stub: Buffer.alloc(4000), flags: nth === 0 ? FIRST : MIDDLE }),
      );
  },
  'unfinished calls on many connections'(wire, n) {
    for (let flow = 0; flow < n / 20; flow += 1) {
      const connection = bound(wire, SVCCTL, flow);
      for (let nth = 0; nth < 20; nth += 1)
        connection.say(
          true,
          request({ callId: 2, opnum: 12, stub: Buffer.alloc(60_000), flags: nth === 0 ? FIRST : MIDDLE }),
        );
    }
  },
  'PDUs that are never complete, on many connections'(wire, n) {
    for (let flow = 0; flow < n; flow += 1) {
      const connection = bound(wire, SVCCTL, flow);
      connection.say(true, request({ callId: 2, opnum: 12, stub: Buffer.alloc(60_000) }).subarray(0, 50_000));
    }
  },
  'answers without requests'(wire, n) {
    const connection = bound(wire, SVCCTL);
    for (let callId = 2; callId < n; callId += 1) connection.say(false, response({ callId, stub: Buffer.alloc(64) }));
  },
  'octets that are no PDU'(wire, n) {
    const connection = bound(wire, SVCCTL);
    const fives = Buffer.alloc(1400, 5);
    for (let nth = 0; nth < n; nth += 1) connection.say(true, fives);
  },
  'PDUs of 16 octets'(wire, n) {
    const connection = bound(wire, SVCCTL);
    const cancels = Buffer.concat(Array(500).fill(hex('05001203100000001000000007000000')));
    for (let nth = 0; nth < n / 100; nth += 1) connection.say(true, cancels);
    return n * 5;
  },
  'association groups'(wire, n) {
    for (let flow = 0; flow < n / 4; flow += 1) {
      const connection = new Connection(wire, flow, 135);
      const ack = bindAck({ results: ['accepted'] });
      ack.writeUInt32LE(flow + 1, 20);
      connection.say(true, bind({ contexts: [{ ...LOGIN_CLIENT_ID, id: 0 }] }));
      connection.say(false, ack);
      const stub = Buffer.concat([ORPC_THIS, u32(1, 4, 0, 4), utf16('WS1', { terminated: true }), u32(flow, 0)]);
      connection.say(true, request({ callId: 2, opnum: 3, stub, object: numbered(flow) }));
      connection.say(false, response({ callId: 2, stub: Buffer.alloc(12) }));
    }
  },
  'OBJREFs by the thousand in one answer'(wire, n) {
    const connection = bound(wire, FACTORY);
    const count = 800;
    for (let callId = 2; callId < n / 20; callId += 1) {
      const stub = Buffer.concat([
        u32(0, 0),
        ...Array.from({ length: count }, (_, at) => objref(callId * count + at + 1)),
      ]);
      connection.say(true, request({ callId, opnum: 3, stub: ORPC_THIS }));
      connection.say(false, response({ callId, stub }));
    }
    return n / 10;
  },
  'OBJREFs that are none'(wire, n) {
    const connection = bound(wire, FACTORY);
    const liar = Buffer.concat([Buffer.from('MEOW'), u32(4), Buffer.alloc(32), u32(0, 0xffff_fff0)]);
    const stub = Buffer.concat([u32(0, 0), ...Array(1000).fill(liar)]);
    for (let callId = 2; callId < n / 20; callId += 1) {
      connection.say(true, request({ callId, opnum: 3, stub: ORPC_THIS }));
      connection.say(false, response({ callId, stub }));
    }
    return n / 10;
  },
  'an OXID with thousands of bindings'(wire, n) {
    const connection = bound(wire, EXPORTER);
    for (let callId = 2; callId < n / 20; callId += 1) {
      const text = (at) =>
        Buffer.concat([hex('0700'), utf16(`10.${callId & 255}.${at >> 8}.${at & 255}[${at}]`, { terminated: true })]);
      const bindings = Buffer.concat([...Array.from({ length: 1500 }, (_, at) => text(at)), hex('0000')]);
      const head = Buffer.alloc(4);
      head.writeUInt16LE(bindings.length / 2, 0);
      head.writeUInt16LE(bindings.length / 2, 2);
      const stub = Buffer.concat([u32(1, bindings.length / 2), head, bindings, Buffer.alloc(40)]);
      connection.say(true, request({ callId, opnum: 4, stub: Buffer.alloc(20) }));
      connection.say(false, response({ callId, stub }));
    }
    return n / 10;
  },
  'one object asked for interfaces without end'(wire, n) {
    const connection = bound(wire, REM_UNKNOWN);
    const count = 200;
    for (let callId = 2; callId < n / 20; callId += 1) {
      const iids = Array.from({ length: count }, (_, at) => uuidBytes(numbered(at)));
      const asked = [ORPC_THIS, uuidBytes(IPID), u32(5, count, count), ...iids];
      const given = Array.from({ length: count }, (_, at) => [
        u32(0, 0, 0, 5, 1, 1, 2, 2),
        uuidBytes(numbered(callId * count + at)),
      ]).flat();
      connection.say(true, request({ callId, opnum: 3, object: IPID, stub: Buffer.concat(asked) }));
      connection.say(false, response({ callId, stub: Buffer.concat([u32(0, 0, 1, count, 0), ...given]) }));
    }
    return n / 10;
  },
  'VARIANTs in VARIANTs'(wire, n) {
    const connection = bound(wire, DISPATCH);
    const depth = 1500;
    const inner = Buffer.concat([u32(0, 0), hex('0c40000000000000'), u32(0x400c, 1, 1, 0)]);
    const head = Buffer.concat([ORPC_THIS, u32(54), Buffer.alloc(16), u32(0x409, 1), u32(1, 0, 1, 0, 1, 1, 0)]);
    const stub = Buffer.concat([head, ...Array(depth).fill(inner)]);
    for (let callId = 2; callId < n; callId += 1)
      connection.say(true, request({ callId, opnum: 6, object: IPID, stub }));
  },
  'names and arguments by the hundred'(wire, n) {
    const connection = bound(wire, DISPATCH);
    const text = bstr('x'.repeat(60));
    const variant = Buffer.concat([u32(5, 0), hex('0800000000000000'), u32(8), text]);
    const head = Buffer.concat([
      ORPC_THIS,
      u32(54),
      Buffer.alloc(16),
      u32(0x409, 1),
      u32(1, 0, 255, 0, 255),
      u32(...Array(255).fill(1)),
    ]);
    const stub = Buffer.concat([head, ...Array(255).fill(variant)]);
    for (let callId = 2; callId < n / 2; callId += 1)
      connection.say(true, request({ callId, opnum: 6, object: numbered(callId), stub }));
    return n / 2;
  },
  'activities over UDP'(wire, n) {
    const ends = new Datagrams(wire, 0, 1025);
    for (let nth = 0; nth < n; nth += 1) ends.say(true, datagram(nth, 1));
  },
  'fragments over UDP that skip the first'(wire, n) {
    const ends = new Datagrams(wire, 0, 1025);
    for (let nth = 0; nth < n; nth += 1)
      ends.say(
        true,
        datagram(nth % 300, 1, { flags: 4, fragment: 1 + Math.floor(nth / 300), stub: Buffer.alloc(1400) }),
      );
  },
  'calls on a pipe that are never answered'(wire, n) {
    const { write } = pipe(wire, 0);
    write(bind({ contexts: [{ ...SVCCTL, id: 0 }] }));
    for (let callId = 2; callId < n; callId += 1) write(request({ callId, opnum: 12, stub: Buffer.alloc(200) }));
  },
  'writes to a pipe that are never answered'(wire, n) {
    const { write } = pipe(wire, 0);
    for (let callId = 2; callId < n; callId += 1) write(request({ callId, opnum: 12, stub: Buffer.alloc(200) }), false);
  },
  'pipes without end on one connection'(wire, n) {
    const connection = new Connection(wire, 0, 445);
    for (let nth = 0; nth < n / 3; nth += 1) {
      const { write } = pipe(wire, 0, connection, nth + 1);
      write(request({ callId: 2, opnum: 12, stub: Buffer.alloc(2000), flags: FIRST }));
    }
  },
  'unfinished calls on the pipes of many connections'(wire, n) {
    for (let flow = 0; flow < n / 20; flow += 1) {
      const { write } = pipe(wire, flow);
      write(bind({ contexts: [{ ...SVCCTL, id: 0 }] }));
      for (let nth = 0; nth < 17; nth += 1)
        write(request({ callId: 2, opnum: 12, stub: Buffer.alloc(60_000), flags: nth === 0 ? FIRST : MIDDLE }));
    }
  },
  'octets that are no SMB'(wire, n) {
    const { connection } = pipe(wire, 0);
    const noise = Buffer.alloc(1400, 0xfe);
    for (let nth = 0; nth < n; nth += 1) connection.say(true, noise);
  },
  'HTTP requests that are never answered'(wire, n) {
    const connection = new Connection(wire, 0, 80);
    for (let nth = 0; nth < n; nth += 1) connection.say(true, requestBytes({ uri: `/${nth}` }));
  },
};

async function replayOnce(path) {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1, checksums: 'ignore' });
  const rules = await engine.compile({ files: [RULES] });
  const before = process.resourceUsage().maxRSS;
  const start = process.cpuUsage();
  const summary = await engine.replay(path, { rules, types: [], logDir: join(path, '..', 'out') }).summary();
  const { user, system } = process.cpuUsage(start);
  const peak = process.resourceUsage().maxRSS - before;
  console.log(
    JSON.stringify({
      seconds: (user + system) / 1e6,
      peak: peak * 1024,
      counters: summary.counters,
      errors: summary.errors,
    }),
  );
  process.exit(0);
}

function measureAll() {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-hostile-'));
  let bad = 0;
  try {
    for (const [name, write] of Object.entries(SCENARIOS)) {
      if (values.only && !name.includes(values.only)) continue;
      const rows = SIZES.map((times) => measure(join(folder, 'hostile.pcap'), write, values.pdus * times));
      const level = rows[2].micros <= rows[0].micros * TOLERANCE + 1;
      const bugs = rows.reduce((sum, { counters }) => sum + (counters['engine.bugs'] ?? 0), 0);
      bad += Number(!level) + bugs;
      const shown = rows.map(({ micros, peak, octets }) => `${micros.toFixed(2)} us ${mb(peak)}/${mb(octets)}`);
      console.log(
        `${level && bugs === 0 ? '  ' : '! '}${name.padEnd(52)} ${shown.join('   ')} MB   ${evictions(rows[2].counters)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `\nprocessor time per PDU, memory beyond a run without packets / octets of the capture, at ${SIZES.join(', ')} times ${values.pdus} PDUs`,
  );
  process.exitCode = bad === 0 ? 0 : 1;
}

function measure(path, write, pdus) {
  const wire = new Wire(path);
  const count = write(wire, pdus) ?? pdus;
  wire.close();
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--run', path], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`The replay ended with status ${run.status ?? run.signal}:\n${run.stderr}`);
  const { seconds, peak, counters, errors } = JSON.parse(run.stdout);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return { micros: (seconds * 1e6) / count, peak, counters, octets: statSync(path).size };
}

const mb = (octets) => (octets / 1e6).toFixed(0);

/** Counters that tell of something let go. */
function evictions(counters) {
  const told = /evict|memcap|too_|overload|emerg|bugs|dropped|spare/;
  return Object.entries(counters)
    .filter(([name, value]) => told.test(name) && value > 0)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

if (values.run) await replayOnce(values.run);
else if (values.list) console.log(Object.keys(SCENARIOS).join('\n'));
else measureAll();
