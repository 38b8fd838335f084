import { describe, expect, it } from 'vitest';
import { ladderEvents, ladderPicture } from '../../src/page/model/ladder.js';
import { alertLine, callLine, flowLine, incidentLine, line } from './events.js';

const endpoint = {
  client: { host: 'WS1', pid: 100, image: 'C:\\Windows\\powershell.exe', known_by: ['sysmon 3'] },
  server: { host: 'WS2', pid: 200, image: 'C:\\Windows\\svchost.exe', known_by: ['sysmon 3'] },
};

function pictureOf(lines: readonly string[], isFull = false) {
  return ladderPicture(ladderEvents(lines), isFull);
}

describe('the ladder of two hosts', () => {
  it('has a lane for each process, those of one host side by side', () => {
    const { lanes, rows } = pictureOf([
      callLine(0, 1),
      flowLine(9, endpoint),
      incidentLine(5, {
        effect: [{ pid: 300, image: 'C:\\whoami.exe', parent: 'svchost.exe', joined_by: ['logon'], after_ms: 5 }],
      }),
    ]);
    expect(lanes.map(({ host, image, pid }) => [host, image, pid])).toEqual([
      ['WS1', 'powershell.exe', 100],
      ['WS2', 'svchost.exe', 200],
      ['WS2', 'whoami.exe', 300],
    ]);
    expect(rows.map(({ kind }) => kind)).toEqual(['call', 'effect']);
    expect(rows[0]).toMatchObject({ from: 0, to: 1, over: 'tcp 49154', isSealed: false });
    expect(rows[1]).toMatchObject({ lane: 2 });
  });

  it('knows processes by the capture where no log says them', () => {
    const dcom = { client: { host: 'WS1', pid: 100 }, server_pid: 7 };
    const { lanes } = pictureOf([callLine(0, 1, { dcom }), callLine(1, 2)]);
    expect(lanes).toEqual([
      { ip: '10.0.0.1', host: 'WS1', pid: 100 },
      { ip: '10.0.0.1' },
      { ip: '10.0.0.2', pid: 7 },
      { ip: '10.0.0.2' },
    ]);
  });

  it('turns the arrow where the server calls back', () => {
    const back = JSON.parse(callLine(1, 2));
    const turned = { ...back, src_ip: '10.0.0.2', dest_ip: '10.0.0.1' };
    const { rows } = pictureOf([callLine(0, 1), JSON.stringify(turned), flowLine(9, endpoint)]);
    expect(rows).toMatchObject([
      { from: 0, to: 1 },
      { from: 1, to: 0 },
    ]);
  });

  it('marks what is sealed and what failed, and folds what repeats', () => {
    const { rows, calls } = pictureOf([
      callLine(0, 1, { stub: 'sealed' }),
      callLine(1, 2, { response: { fault: { name: 'access_denied' } } }),
      callLine(2, 3),
      callLine(3, 3),
      callLine(4, 3),
    ]);
    expect(calls).toBe(5);
    expect(rows).toMatchObject([{ isSealed: true }, { hasFailed: true }, { step: { count: 3 } }]);
  });

  it('puts alerts on their call, those of no call between them, and what ran behind the call it came of', () => {
    const { rows } = pictureOf([
      alertLine(1, { signature: 'of the call', more: { tx_id: 2, pcap_cnt: 5, msrpc: {} } }),
      alertLine(2, { sid: 9, signature: 'of none' }),
      callLine(0, 1),
      callLine(1, 2),
      callLine(3, 3),
      incidentLine(4, {
        alerts: [{ signature_id: 7, signature: 'of the call', severity: 2, count: 1 }],
        effect: [{ image: 'x.exe', parent: 'y', joined_by: ['time'], after_ms: -3 }],
      }),
    ]);
    expect(rows.map(({ kind }) => kind)).toEqual(['call', 'call', 'effect', 'alarm', 'call']);
    expect(rows[1]).toMatchObject({ alerts: [{ alert: { signature: 'of the call' } }] });
    expect(rows[3]).toMatchObject({ alarm: { msg: 'of none' }, event: { alert: { signature_id: 9 } } });
  });

  it('puts what ran behind the call that says its command line', () => {
    const ran = (pid: number, command_line: string) => ({
      pid,
      image: 'cmd.exe',
      command_line,
      parent: 'y',
      joined_by: [],
      after_ms: 0,
    });
    const { rows } = pictureOf([
      callLine(0, 1, { arguments: { in: { CommandLine: 'cmd.exe /c whoami' } } }),
      callLine(1, 2, { arguments: { in: { CommandLine: 'cmd.exe /c ipconfig' } } }),
      incidentLine(4, {
        effect: [ran(1, '"C:\\Windows\\cmd.exe" /c x'), ran(2, 'CMD.EXE /c WHOAMI '), ran(3, 'cmd.exe /c ipconfig')],
      }),
    ]);
    expect(rows.map((row) => (row.kind === 'effect' ? row.effect.pid : row.kind))).toEqual(['call', 2, 'call', 1, 3]);
  });

  it('keeps the lanes of a host few', () => {
    const lines = Array.from({ length: 30 }, (_, index) => callLine(index, index, { dcom: { server_pid: index + 1 } }));
    const { lanes, rows } = pictureOf(lines);
    expect(lanes.length).toBeLessThan(10);
    expect(rows).toHaveLength(30);
  });

  it('passes over what is not as its type says', () => {
    const lines = [
      '',
      'x',
      '[]',
      line('msrpc', 0),
      line('alert', 0, { alert: 5 }),
      line('incident', 0),
      '{"event_type":"msrpc"}',
    ];
    expect(pictureOf(lines)).toMatchObject({ rows: [], lanes: [] });
  });
});
