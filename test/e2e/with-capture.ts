import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Conversation, capture, type Frame } from '../../src/testing/index.js';

/** Writes a conversation to a file for as long as it is used. */
export async function withCapture<T>(
  conversation: Conversation | readonly Frame[],
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  try {
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, capture(conversation));
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
