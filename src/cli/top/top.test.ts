import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FollowedFile } from './follow.js';
import { SensorState } from './state.js';
import { sensorView } from './view.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-top-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a file that is followed', () => {
  it('gives whole lines as they come, and goes on with its successor', () => {
    const path = join(folder, 'eve.json');
    const file = new FollowedFile(path, false);
    expect(file.lines()).toEqual([]);
    writeFileSync(path, 'old\n');
    expect(new FollowedFile(path, true).lines()).toEqual(['old']);
    expect(file.lines()).toEqual([]);
    appendFileSync(path, 'one\ntw');
    expect(file.lines()).toEqual(['one']);
    appendFileSync(path, 'o\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'three\n');
    expect(file.lines()).toEqual(['two', 'three']);
    writeFileSync(path, 'x\n');
    expect(file.lines()).toEqual(['x']);
    file.close();
  });
});

describe('the view of a sensor', () => {
  const flow = (from: string, bytes: number) =>
    JSON.stringify({
      timestamp: '2026-11-29T10:00:00.000000+0000',
      event_type: 'flow',
      src_ip: from,
      dest_ip: '10.0.0.9',
      flow: { bytes_toserver: bytes, bytes_toclient: 1 },
    });
  const view = (state: SensorState) =>
    sensorView(state, { title: 'top', color: false, width: 60, height: 40 }).join('\n');

  it('shows rates between two moments, losses, talkers and alerts', () => {
    const state = new SensorState();
    expect(view(state)).toContain('counters are not there yet');
    state.count({ decoder: { pkts: 100 }, flow: { active: 3 } }, 10);
    state.count({ decoder: { pkts: 300 }, flow: { active: 3 }, capture: { kernel_drops: 7 } }, 12);
    for (const line of [flow('10.0.0.1', 50), flow('10.0.0.2', 5000), flow('10.0.0.1', 60), 'no json', '1'])
      state.line(line);
    state.line(
      JSON.stringify({
        timestamp: '2026-11-29T10:20:30.000000+0000',
        event_type: 'alert',
        src_ip: '10.0.0.1',
        dest_ip: '10.0.0.9',
        alert: { signature_id: 7, severity: 1, signature: 'evil \u001b[2J\u009b1m rule' },
      }),
    );
    const text = view(state);
    expect(text).toMatch(/packets +100\/s +300/);
    expect(text).toContain('lost: capture.kernel_drops 7');
    expect(text.indexOf('10.0.0.2')).toBeLessThan(text.indexOf('10.0.0.1 '));
    expect(text).toMatch(/10\.0\.0\.1 +10\.0\.0\.9 +2 +112 octets +1/);
    expect(text).toMatch(/10:20:30 +7 +p1 .*evil \\u\{1b\}\[2J\\u\{9b\}1/);
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('takes counters from stats events, too, and keeps a bounded number of pairs', () => {
    const state = new SensorState();
    const stats = (second: number, pkts: number) =>
      JSON.stringify({
        timestamp: `2026-11-29T10:00:0${second}.000000+0000`,
        event_type: 'stats',
        stats: { decoder: { pkts } },
      });
    state.line(stats(0, 10));
    state.line(stats(4, 50));
    expect(state.rate('decoder.pkts')).toBe(10);
    for (let n = 0; n < 10_000; n += 1) state.line(flow(`10.1.${n >> 8}.${n & 255}`, n));
    expect(state.talkers(100_000).length).toBeLessThanOrEqual(4096);
    expect(state.talkers(1)[0]?.bytes).toBe(10_000);
  });
});
