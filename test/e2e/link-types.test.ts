import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/index.js';
import { capture } from '../../src/testing/index.js';

const RADIOTAP = 127;

describe('a capture of a link type that is not decoded', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is said, with the number of packets that nobody looked into', async () => {
    const file = capture(
      [1, 2, 3].map((time) => ({ time, role: 'data', direction: 'toServer', data: Buffer.alloc(10) }) as const),
    );
    file.writeUInt32LE(RADIOTAP, 20);
    const path = join(folder, 'radio.pcap');
    writeFileSync(path, file);
    const summary = await new Engine().replay([path], { logDir: folder }).summary();
    expect(summary.packets).toBe(3);
    expect(summary.errors).toEqual([
      expect.objectContaining({
        code: 'capture/link-type',
        file: path,
        message: expect.stringContaining(
          '3 packets were not decoded: link type 127 (IEEE 802.11 with radiotap header)',
        ),
      }),
    ]);
  });
});
