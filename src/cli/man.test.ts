import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_FOLDER } from '../package.js';
import { COMMANDS } from './commands.js';
import { manPage } from './man.js';

describe('the manual page', () => {
  it('is what the commands say', async () => {
    await expect(manPage()).toMatchFileSnapshot(join(PACKAGE_FOLDER, 'examples', 'service', 'sidewire.1'));
    for (const { name } of COMMANDS) expect(manPage()).toContain(`.SS ${name}`);
  });

  it('is read by groff without a complaint', () => {
    const { status, stderr } = spawnSync('groff', ['-man', '-Tascii', '-ww', '-z'], {
      input: manPage(),
      encoding: 'utf8',
    });
    if (status === null) {
      console.warn('skipped: groff is not installed');
      return;
    }
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
