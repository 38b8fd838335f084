import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Progress } from '../engine/index.js';
import { ProgressLine, replayText } from './progress.js';
import type { Terminal } from './terminal.js';

const terminal = (live: boolean) => ({ live }) as Terminal;

it('draws where there is a terminal, and leaves nothing behind', () => {
  vi.useFakeTimers();
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    for (const live of [false, true]) {
      const line = new ProgressLine(terminal(live), () => '7 records');
      line.start();
      vi.advanceTimersByTime(600);
      line.stop();
    }
    expect(write.mock.calls.map(([text]) => text)).toEqual(['\r\x1b[K7 records', '\r\x1b[K7 records', '\r\x1b[K']);
  } finally {
    write.mockRestore();
    vi.useRealTimers();
  }
});

it('says how much of all captures is done', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-progress-'));
  const inputs = ['a', 'b'].map((name) => join(folder, name));
  for (const path of inputs) writeFileSync(path, Buffer.alloc(100));
  const at = (file: string | undefined, fileBytes: number) => ({ packets: 5, bytes: 50, file, fileBytes }) as Progress;
  const steps = [at(inputs[0], 50), at(inputs[1], 20)];
  const text = replayText(inputs, () => steps.shift() as Progress);
  expect(text()).toMatch(/^25 % {2}5 packets, 50 octets, .* left {2}\/.*a$/);
  expect(text()).toMatch(/^60 % /);
  rmSync(folder, { recursive: true });
});
