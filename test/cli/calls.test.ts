import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aggregate, isQuiet } from '../../src/calls/aggregate.js';
import { type Call, carriage, civil, micros } from '../../src/calls/call.js';
import { callPieces, printable } from '../../src/calls/wording.js';
import { main } from '../../src/cli/main.js';
import type { MsrpcRecord } from '../../src/engine/index.js';

const PCAPS = join(import.meta.dirname, '../../pcaps');
const INVOKE = join(PCAPS, 'dcom-invoke.pcap');

async function sidewire(argv: readonly string[], terminal: { width?: number; wraps?: boolean; color?: boolean } = {}) {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  const { width = 100, wraps = false, color = false } = terminal;
  const status = await main(argv, {
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    color: { out: color, err: false },
    live: false,
    width,
    wraps,
  });
  return { status, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

function scratch(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sidewire-')), name);
  writeFileSync(path, text);
  return path;
}

describe('sidewire calls', () => {
  it.each(['dcom-names', 'dcom-invoke', 'dcom-answer'])('shows the ladder of %s', async (name) => {
    const { status, out } = await sidewire(['calls', join(PCAPS, `${name}.pcap`)]);
    expect(status).toBe(0);
    await expect(`${out}\n`).toMatchFileSnapshot(`golden/calls-${name}.txt`);
  });

  it('shows everything, with times of day', async () => {
    const { out } = await sidewire(['calls', INVOKE, '--full', '--absolute']);
    await expect(`${out}\n`).toMatchFileSnapshot('golden/calls-full.txt');
  });

  it('puts alerts beside the calls they are about', async () => {
    const rules = scratch('x.rules', 'alert dcerpc any any -> any any (msg:"a name"; dcerpc.opnum:5; sid:7;)\n');
    const { out } = await sidewire(['calls', join(PCAPS, 'dcom-names.pcap'), '-S', rules]);
    const lines = out.split('\n');
    const alerts = lines.flatMap((line, at) => (line.includes('!!') ? [at] : []));
    expect(alerts).toHaveLength(2);
    for (const at of alerts) {
      expect(lines[at]).toMatch(/!!.*a name {2}\[7, priority 3\] {2}x 2/);
      expect(lines[at - 1]).toContain('GetIDsOfNames');
    }
  });

  it('gives the events as JSON, one a line', async () => {
    const { status, out } = await sidewire(['calls', join(PCAPS, 'dcom-names.pcap'), '--json']);
    expect(status).toBe(0);
    const events = out.split('\n').map((line) => JSON.parse(line));
    expect(events).toHaveLength(2);
    for (const event of events)
      expect(event).toMatchObject({ event_type: 'msrpc', msrpc: { procedure: 'GetIDsOfNames' } });
  });

  it.each([
    [['--host', '10.20.30.2'], true],
    [['--host', '10.20.0.0/16'], true],
    [['--host', '192.0.2.1', '--host', '10.20.30.1'], true],
    [['--host', '192.0.2.0/24'], false],
    [['--host', '2001:db8::/32'], false],
    [['--interface', 'idispatch'], true],
    [['--interface', '00020400-'], true],
    [['--interface', 'svcctl'], false],
    [['--user', 'nobody'], false],
    [['--grep', 'CALC|notepad|cmd'], true],
    [['--grep', 'no such text'], false],
  ])('filters by %j', async (words, passes) => {
    const { status, out } = await sidewire(['calls', INVOKE, ...words]);
    expect(status).toBe(passes ? 0 : 1);
    expect(out).toMatch(passes ? /->.*IDispatch/ : /No call passes the filter \(\d+ calls? without it\)/);
    if (!passes) expect(out).toContain('hosts: 10.20.30.1, 10.20.30.2');
  });

  it('says what was looked at when there is nothing', async () => {
    const { status, out } = await sidewire(['calls', join(PCAPS, 'http-browse.pcap')]);
    expect(status).toBe(1);
    expect(out).toMatch(/No calls in \d+ packets, 1 flow: 1 http\.\n {2}None of them speaks RPC/);
  });

  it('names each capture of several, and goes on after one that is none', async () => {
    const none = scratch('none.pcap', 'this is no capture');
    const { status, out, err } = await sidewire(['calls', none, INVOKE]);
    expect(status).toBe(1);
    expect(out).toContain('IDispatch');
    expect(out.split('\n')).toEqual(expect.arrayContaining([none, INVOKE]));
    expect(err).toMatch(/none\.pcap: not a capture/);
  });

  it.each([
    [['--host', '10.0.0'], /--host takes an address or a network, as in .*, not "10\.0\.0"/],
    [['--host', '10.0.0.0/33'], /--host takes an address or a network/],
    [['--grep', '('], /--grep takes a regular expression: .*Unterminated group/],
    [['gone.pcap'], /gone\.pcap: there is no such file/],
    [['--frob'], /unknown option '--frob'/],
  ])('says what is wrong with %j', async (words, message) => {
    const { status, err } = await sidewire(['calls', INVOKE, ...words]);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });

  it('breaks lines to a terminal, and colours only there', async () => {
    const plain = await sidewire(['calls', INVOKE], { width: 70, wraps: true });
    const lines = plain.out.split('\n');
    expect(lines.filter((line) => /\d{6} {2}->/.test(line)).every((line) => line.length <= 70)).toBe(true);
    expect(plain.out).not.toContain('\u001b[');
    const colored = await sidewire(['calls', INVOKE], { color: true });
    expect(colored.out).toContain('\u001b[');
  });
});

const svcctl = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0', name: 'svcctl' };

function call(at: number, record: Partial<MsrpcRecord>): Call {
  const whole: MsrpcRecord = {
    transport: 'tcp',
    interface: svcctl,
    opnum: 1,
    procedure: 'RControlService',
    known: 'bound',
    stub: 'clear',
    request: { size: 4, fragments: 1 },
    response: { size: 4, fragments: 1, result: '0x00000000' },
    ...record,
  };
  return { at, from: '10.0.0.1', to: '10.0.0.2', port: 49152, flow: 1, record: whole, alerts: [] };
}

const text = (record: Partial<MsrpcRecord>, full = false): string =>
  callPieces(call(0, record).record, { full })
    .map((piece) => piece.text)
    .join('');

describe('calls in words', () => {
  it.each<[Partial<MsrpcRecord>, string]>([
    [{ arguments: { control: 1, name: 'x' } }, 'svcctl.RControlService(control=1, name="x") = 0'],
    [
      { stub: 'sealed', request: { size: 28, fragments: 1 }, response: { size: 4 } },
      '(28 octets sealed) -> 4 octets sealed',
    ],
    [{ response: { result: '0x00000005', result_name: 'ERROR_ACCESS_DENIED' } }, ' = ERROR_ACCESS_DENIED'],
    [
      { response: { fault: { status: '0x1c010002', name: 'nca_s_op_rng_error' } } },
      ' FAULT nca_s_op_rng_error 0x1c010002',
    ],
    [{ known: 'inferred' }, '  [inferred]'],
    [{ cancelled: true }, '  [cancelled]'],
    [{ arguments: { access: 983103 } }, 'access=0xf003f'],
    [{ arguments: { machine: null } }, 'RControlService()'],
    [
      { arguments: { clsid: 'u', class: 'ShellWindows', server: 'B', bindings: ['B[1]'] } },
      '(class="ShellWindows", server="B") -> bindings=["B[1]"] = 0',
    ],
    [{ arguments: { names: ['a', 'b', 'c', 'd', 'e', 'f'] } }, 'names=["a", "b", "c", "d", +2 more]'],
    [
      {
        arguments: {
          path: 'Win32_Process',
          method: 'Create',
          in: { CommandLine: 'calc', Title: null },
          out: { ReturnValue: 0 },
        },
        procedure: 'ExecMethod',
      },
      'svcctl.ExecMethod Win32_Process.Create(CommandLine="calc") -> ReturnValue=0 = 0',
    ],
  ])('%j', (record, wanted) => {
    expect(text(record)).toContain(wanted);
  });

  it('tells of a call without an answer', () => {
    const { response: _, ...record } = call(0, {}).record;
    expect(
      callPieces(record, { full: false })
        .map((piece) => piece.text)
        .join(''),
    ).toContain(', no answer seen');
  });

  it('marks what it cuts, and cuts nothing when all is asked for', () => {
    const long = 'x'.repeat(1000);
    expect(text({ arguments: { long } })).toContain('"[+800 characters]');
    expect(text({ arguments: { long } }, true)).toContain(`long="${long}"`);
  });

  it('lets no octet of the wire command the terminal', () => {
    expect(printable('a\u001b[2Jb\n\u202e\u0000')).toBe('a\\u{1b}[2Jb\\n\\u{202e}\\u{0}');
    expect(text({ arguments: { name: '\u001b]0;x\u0007' }, dcom: { method: 'a\u001b' } })).not.toMatch(/\p{Cc}/u);
  });

  it('names what carries a call', () => {
    expect(carriage(call(0, {}))).toBe('tcp 49152');
    expect(carriage(call(0, { transport: 'smb', pipe: 'svcctl' }))).toBe('pipe svcctl');
  });

  it('keeps microseconds', () => {
    expect(civil(micros('2026-11-21T08:00:00.000123+0000'))).toBe('2026-11-21 08:00:00.000123');
  });
});

describe('folding', () => {
  const rounds = (calls: Call[]) =>
    aggregate(calls, { quiet: true }).map(({ steps, times }) => [
      times,
      ...steps.map((step) => [step.call.record.opnum, step.count]),
    ]);

  it('counts equal neighbours', () => {
    expect(rounds([1, 1, 1, 2, 1].map((opnum, at) => call(at, { opnum })))).toEqual([
      [1, [1, 3]],
      [1, [2, 1]],
      [1, [1, 1]],
    ]);
  });

  it('finds rounds, and notes which arguments differ in them', () => {
    const calls = Array.from({ length: 30 }, (_, at) =>
      call(at, { opnum: at % 3, arguments: { server_challenge: String(at), name: 'x' } }),
    );
    const [round, ...rest] = aggregate(calls, { quiet: true });
    expect(rest).toEqual([]);
    expect(round).toMatchObject({ times: 10, until: 29 });
    expect([...(round?.steps[0]?.differs ?? [])]).toEqual(['server_challenge']);
  });

  it('never folds calls with other arguments, results or alerts', () => {
    const alerts = [{ at: 0, from: '', to: '', sid: '1', priority: 1, msg: '', detections: [], count: 1, until: 0 }];
    const calls = [
      call(0, { arguments: { command: 'a' } }),
      call(1, { arguments: { command: 'b' } }),
      call(2, { response: { result: '0x00000005' } }),
      { ...call(3, {}), alerts },
      call(4, {}),
    ];
    expect(aggregate(calls, { quiet: true })).toHaveLength(5);
  });

  it('folds sealed neighbours by their sizes, but no rounds of different sizes', () => {
    const sealed = (at: number, opnum: number, size: number) =>
      call(at, { stub: 'sealed', opnum, request: { size, fragments: 1 }, response: { size: 8 } });
    const [neighbours] = aggregate([sealed(0, 1, 20), sealed(1, 1, 90)], { quiet: true });
    expect(neighbours?.steps[0]).toMatchObject({
      count: 2,
      sizes: [
        { least: 20, most: 90 },
        { least: 8, most: 8 },
      ],
    });
    const alternate = [20, 30000, 20].flatMap((size, at) => [sealed(2 * at, 1, size), sealed(2 * at + 1, 2, 8)]);
    expect(aggregate(alternate, { quiet: true })).toHaveLength(6);
  });

  it('keeps quiet calls together, unless a fault or a rule marks one', () => {
    const keeping = { interface: { uuid: 'u', name: 'IRemUnknown2' }, procedure: 'RemRelease' };
    const calls = [call(0, keeping), call(1, { ...keeping, procedure: 'RemQueryInterface', opnum: 3 }), call(2, {})];
    const [first, second] = aggregate(calls, { quiet: true });
    expect([...(first?.steps[0]?.quiet ?? [])]).toEqual([
      ['RemRelease', 1],
      ['RemQueryInterface', 1],
    ]);
    expect(second?.steps[0]?.quiet).toBeUndefined();
    expect(aggregate(calls, { quiet: false })).toHaveLength(3);
    expect(isQuiet(call(0, { ...keeping, response: { fault: { status: '0x5' } } }))).toBe(false);
  });
});
