// What a sender, or somebody who forges packets, may do to a conversation so that rules do not see it.
import { type Frame, hex } from '../../../src/testing/index.js';
import { type Change, fragments, packet, segment, tunnelled, wrapped } from './packets.js';

/** One way. */
export interface Evasion {
  readonly kind: string;
  readonly name: string;
  /** The frames as they then are on the wire. */
  readonly apply: (frames: readonly Frame[]) => readonly Frame[];
  /**
   * What a sensor cannot know (which of two packets a host takes) may cost the alert if the loss is said: an event of the
   * flow. Else the alert must come.
   */
  readonly said?: true;
  /** Whoever takes the packet has no connection any more: what follows is received by nobody. */
  readonly ends?: true;
  /** Only where sessions are picked up in the middle. */
  readonly midstream?: true;
}

const [SYN, RST, PSH, ACK, FIN, URG] = [2, 4, 8, 16, 1, 32];

const isData = (frame: Frame) => frame.role === 'data' && frame.direction === 'toServer';

/** Puts frames in front of, or in the place of, the client's first data. */
function before(frames: readonly Frame[], make: (first: Frame) => readonly Frame[]): Frame[] {
  const at = frames.findIndex(isData);
  const first = frames[at];
  if (first === undefined) return [...frames];
  return timed([...frames.slice(0, at), ...make(first), ...frames.slice(at)]);
}

/** Each of the client's data segments becomes others. */
function each(frames: readonly Frame[], make: (frame: Frame, index: number) => readonly Frame[]): Frame[] {
  let index = 0;
  return timed(frames.flatMap((frame) => (isData(frame) ? make(frame, index++) : [frame])));
}

/** Times in the order in which frames stand. */
function timed(frames: readonly Frame[]): Frame[] {
  const start = frames[0]?.time ?? 0;
  return frames.map((frame, index) => ({ ...frame, time: start + index * 10 }));
}

function cut(frame: Frame, size: number): Frame[] {
  const { sequence, payload } = packet(frame);
  const parts: Frame[] = [];
  for (let at = 0; at < payload.length; at += size)
    parts.push(segment(frame, { sequence: sequence + at, payload: payload.subarray(at, at + size) }));
  return parts;
}

/** Swaps every two. */
function swapped<T>(list: readonly T[]): T[] {
  return list.map((_, index) => list[index ^ 1] ?? list[index]).filter((item) => item !== undefined);
}

const change = (name: string, to: Change) => ({
  name,
  apply: (frames: readonly Frame[]) => each(frames, (frame) => [segment(frame, to)]),
});

function segmentation(): Evasion[] {
  const ways: Readonly<Record<string, (parts: Frame[]) => Frame[]>> = {
    'in order': (parts) => parts,
    reversed: (parts) => parts.reverse(),
    'every two swapped': swapped,
    doubled: (parts) => parts.flatMap((part) => [part, part]),
    'the first last': (parts) => [...parts.slice(1), ...parts.slice(0, 1)],
  };
  return [1, 2, 3, 5, 8, 21].flatMap((size) =>
    Object.entries(ways).map(([way, order]) => ({
      kind: 'segmentation',
      name: `${size} octets, ${way}`,
      apply: (frames: readonly Frame[]) => each(frames, (frame) => order(cut(frame, size))),
    })),
  );
}

function overlaps(): Evasion[] {
  const decoy = (frame: Frame, from: number, length: number): Frame =>
    segment(frame, { sequence: packet(frame).sequence + from, payload: Buffer.alloc(length, 'z') });
  const ways: Readonly<Record<string, (frame: Frame) => readonly Frame[]>> = {
    'all of it in front': (frame) => [decoy(frame, 0, packet(frame).payload.length), frame],
    'all of it behind': (frame) => [frame, decoy(frame, 0, packet(frame).payload.length)],
    'its middle in front': (frame) => [decoy(frame, 4, 8), frame],
    'its middle behind': (frame) => [frame, decoy(frame, 4, 8)],
    'more than it in front': (frame) => [decoy(frame, 0, packet(frame).payload.length + 20), frame],
    'its end in front': (frame) => [decoy(frame, 6, packet(frame).payload.length), frame],
    'with a TTL of 1 in front': (frame) => [
      segment(frame, { payload: Buffer.alloc(packet(frame).payload.length, 'z'), ttl: 1 }),
      frame,
    ],
  };
  return Object.entries(ways).map(([name, make]) => ({
    kind: 'overlap',
    name,
    said: true,
    apply: (frames: readonly Frame[]) => each(frames, make),
  }));
}

function strays(): Evasion[] {
  return [1, 100, 2047, 2048, 5000].flatMap((count) =>
    [1, 7].map((step) => ({
      kind: 'strays',
      name: `${count}, ${step} octets apart`,
      apply: (frames: readonly Frame[]) =>
        before(frames, (first) =>
          Array.from({ length: count }, (_, index) =>
            segment(first, {
              sequence: packet(first).sequence + 9_000 + index * (step + 1),
              payload: Buffer.from('z'),
              flags: ACK,
            }),
          ),
        ),
    })),
  );
}

function options(): Evasion[] {
  const ip = {
    'no operation': '01010101',
    'end of list': '00000000',
    'record route, full': '07070800 00000000',
    'record route, pointer 9 of 7': '07070900 00000000',
    timestamp: '44080500 00000000',
    'loose source route': '83070400 00000000',
    'router alert': '94040000',
    security: '820b0000 00000000 00000000',
    'unknown option': '9e040000',
  };
  const tcp = {
    'no operation': '01010101',
    'unknown option': 'fd040000',
    timestamps: '0101080a 00000001 00000000',
    'length 0': '08000000',
    'length 1': '08010000',
    'past the header': '022805b4',
    'SACK in data': '0101050a 00000001 00000002',
    'maximum segment size in data': '020405b4',
    'window scale in data': '01030300',
    'MD5 signature': '01011312 00000000 00000000 00000000 00000000',
  };
  return [
    ...Object.entries(ip).map(([name, octets]) => ({
      kind: 'IP options',
      ...change(name, { ipOptions: hex(octets) }),
    })),
    ...Object.entries(tcp).map(([name, octets]) => ({
      kind: 'TCP options',
      ...change(name, { tcpOptions: hex(octets) }),
    })),
  ];
}

function fragmentation(): Evasion[] {
  const ways: Readonly<Record<string, (parts: Frame[]) => Frame[]>> = {
    'in order': (parts) => parts,
    reversed: (parts) => parts.reverse(),
    'every two swapped': swapped,
    doubled: (parts) => parts.flatMap((part) => [part, part]),
  };
  return [8, 24, 64].flatMap((size) =>
    Object.entries(ways).map(([way, order]) => ({
      kind: 'fragments',
      name: `${size} octets, ${way}`,
      apply: (frames: readonly Frame[]) => each(frames, (frame, index) => order(fragments(frame, size, 100 + index))),
    })),
  );
}

function encapsulation(): Evasion[] {
  const all = (name: string, make: (frame: Frame) => Frame): Evasion => ({
    kind: 'encapsulation',
    name,
    apply: (frames) => frames.map(make),
  });
  return [
    all('VLAN', (frame) => wrapped(frame, 0x8100, hex('0064 0800'))),
    all('two VLANs', (frame) => wrapped(frame, 0x88a8, hex('0064 8100 0065 0800'))),
    all('three VLANs', (frame) => wrapped(frame, 0x8100, hex('0064 8100 0065 8100 0066 0800'))),
    all('MPLS', (frame) => wrapped(frame, 0x8847, hex('00064140'))),
    all('two MPLS labels', (frame) => wrapped(frame, 0x8847, hex('00064040 00065140'))),
    all('GRE', (frame) => tunnelled(frame, 47, hex('00000800'))),
    all('GRE with key and sequence', (frame) => tunnelled(frame, 47, hex('30000800 00000001 00000002'))),
    all('IP in IP', (frame) => tunnelled(frame, 4, Buffer.alloc(0))),
    all('PPPoE', (frame) => {
      const head = hex('11000001 0000 0021');
      head.writeUInt16BE(frame.data.length - 14 + 2, 4);
      return wrapped(frame, 0x8864, head);
    }),
    all('padding of Ethernet', (frame) => ({ ...frame, data: Buffer.concat([frame.data, Buffer.alloc(40, 'z')]) })),
  ];
}

/** Packets that a host does not take, or that end nothing. */
function forgeries(): Evasion[] {
  const forged = (name: string, make: (first: Frame) => Change, ends?: 'ends'): Evasion => ({
    kind: 'forged',
    name,
    ...(ends ? { ends: true } : {}),
    apply: (frames) => before(frames, (first) => [segment(first, { payload: Buffer.alloc(0), ...make(first) })]),
  });
  const at = (first: Frame) => packet(first);
  return [
    forged('RST far beyond the window', (first) => ({ flags: RST, sequence: at(first).sequence + 1_000_000 })),
    forged('RST before the window', (first) => ({ flags: RST, sequence: at(first).sequence - 1_000_000 })),
    forged('RST in the window, not at its beginning', (first) => ({ flags: RST, sequence: at(first).sequence + 10 })),
    forged('RST at the right place', () => ({ flags: RST }), 'ends'),
    forged('RST of the server beyond the window', (first) => ({
      back: true,
      flags: RST,
      sequence: at(first).acknowledgement + 1_000_000,
    })),
    forged('RST with an acknowledgement of nothing sent', (first) => ({
      flags: RST | ACK,
      sequence: at(first).sequence + 1_000_000,
      acknowledgement: 1,
    })),
    forged('FIN beyond the window', (first) => ({ flags: FIN | ACK, sequence: at(first).sequence + 1_000_000 })),
    forged('FIN at the right place', () => ({ flags: FIN | ACK })),
    forged('FIN of the server', (first) => ({
      back: true,
      flags: FIN | ACK,
      sequence: at(first).acknowledgement,
      acknowledgement: at(first).sequence,
    })),
    forged('SYN once more', (first) => ({ flags: SYN, sequence: at(first).sequence - 1 })),
    forged('SYN with another number', (first) => ({ flags: SYN, sequence: at(first).sequence + 77_777 })),
    forged('SYN/ACK with another number', (first) => ({
      back: true,
      flags: SYN | ACK,
      sequence: at(first).acknowledgement + 77_777,
      acknowledgement: at(first).sequence,
    })),
    forged('acknowledgement of what was not sent', (first) => ({
      back: true,
      flags: ACK,
      sequence: at(first).acknowledgement,
      acknowledgement: at(first).sequence + 40_000,
    })),
    forged('acknowledgement of old', (first) => ({
      back: true,
      flags: ACK,
      sequence: at(first).acknowledgement,
      acknowledgement: at(first).sequence - 40_000,
    })),
    forged('data beyond the window', (first) => ({
      flags: PSH | ACK,
      sequence: at(first).sequence + 1_000_000,
      payload: Buffer.from('zzzz'),
    })),
    forged('data before the window', (first) => ({
      flags: PSH | ACK,
      sequence: at(first).sequence - 50,
      payload: Buffer.alloc(50, 'z'),
    })),
    forged('data without flags', () => ({ flags: 0, payload: Buffer.from('zzzzzzzzzzzz') })),
    forged('a closed window', (first) => ({
      back: true,
      flags: ACK,
      sequence: at(first).acknowledgement,
      acknowledgement: at(first).sequence,
      window: 0,
    })),
    forged('all flags', () => ({ flags: 0x3f }), 'ends'),
  ];
}

function urgent(): Evasion[] {
  return [1, 10, 1023, 1024, 1025, 3000].map((count) => ({
    kind: 'urgent',
    name: `${count} urgent octets in front`,
    apply: (frames: readonly Frame[]) => {
      const at = frames.findIndex(isData);
      const first = frames[at];
      if (first === undefined) return frames;
      const { sequence, acknowledgement } = packet(first);
      const made = Array.from({ length: count }, (_, index) => [
        segment(first, { sequence: sequence + index, flags: ACK | URG, urgent: 1, payload: Buffer.from('z') }),
        segment(first, {
          back: true,
          sequence: acknowledgement,
          acknowledgement: sequence + index + 1,
          flags: ACK,
          payload: Buffer.alloc(0),
        }),
      ]).flat();
      const moved = frames.slice(at).map((frame) => {
        const { sequence: own, acknowledgement: theirs } = packet(frame);
        return frame.direction === 'toServer'
          ? segment(frame, { sequence: own + count })
          : segment(frame, { acknowledgement: theirs + count });
      });
      return timed([...frames.slice(0, at), ...made, ...moved]);
    },
  }));
}

function handshakes(): Evasion[] {
  const inFront = (name: string, make: (syn: Frame) => readonly Frame[]): Evasion => ({
    kind: 'handshake',
    name,
    apply: (frames) => timed([...(frames[0] ? make(frames[0]) : []), ...frames]),
  });
  const dead = (syn: Frame, sequence: number): Change => ({
    sequence,
    acknowledgement: packet(syn).sequence - 7,
    flags: PSH | ACK,
    payload: Buffer.from('zzzz'),
  });
  return [
    {
      kind: 'handshake',
      name: 'not there',
      midstream: true,
      apply: (frames) => frames.filter(({ role }) => role !== 'handshake'),
    },
    {
      kind: 'handshake',
      name: 'its last part not there',
      apply: (frames) => frames.filter((_, index) => index !== 2),
    },
    inFront('data before it, near', (syn) => [segment(syn, dead(syn, packet(syn).sequence + 100))]),
    inFront('data before it, far', (syn) => [segment(syn, dead(syn, packet(syn).sequence + 3_000_000_000))]),
    inFront('much data before it', (syn) =>
      Array.from({ length: 50 }, (_, index) => segment(syn, dead(syn, packet(syn).sequence + 90_000 + 4 * index))),
    ),
    inFront('data of the server before it', (syn) => [segment(syn, { ...dead(syn, 99), back: true })]),
    inFront('an RST before it', (syn) => [segment(syn, { flags: RST | ACK })]),
    inFront('a FIN before it', (syn) => [segment(syn, { flags: FIN | ACK, sequence: packet(syn).sequence + 500 })]),
    inFront('a SYN with another number before it', (syn) => [segment(syn, { sequence: packet(syn).sequence + 5000 })]),
    inFront('twenty SYNs with other numbers before it', (syn) =>
      Array.from({ length: 20 }, (_, index) => segment(syn, { sequence: packet(syn).sequence + 5000 + index * 999 })),
    ),
    inFront('a SYN/ACK before it', (syn) => [
      segment(syn, { back: true, flags: SYN | ACK, sequence: 1, acknowledgement: packet(syn).sequence + 12_345 }),
    ]),
    inFront('the same SYN twice', (syn) => [syn]),
  ];
}

function times(): Evasion[] {
  const MINUTE = 60_000_000;
  const jump = (name: string, microseconds: number): Evasion => ({
    kind: 'time',
    name,
    apply: (frames) => {
      const at = frames.findIndex(isData);
      return frames.map((frame, index) => (index < at ? frame : { ...frame, time: frame.time + microseconds }));
    },
  });
  return [jump('30 s later', MINUTE / 2), jump('4 minutes later', 4 * MINUTE), jump('9 minutes later', 9 * MINUTE)];
}

/** All of them. */
export const EVASIONS: readonly Evasion[] = [
  ...segmentation(),
  ...overlaps(),
  ...strays(),
  ...options(),
  ...fragmentation(),
  ...encapsulation(),
  ...forgeries(),
  ...urgent(),
  ...handshakes(),
  ...times(),
];
