import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '..', 'native', 'profiles');

/** How LLVM's indexed profiles begin. */
const MAGIC = Buffer.from('\xfflprofi\x81', 'latin1');

test('each profile of the addon is named after a compiler and is what that compiler reads', () => {
  const names = readdirSync(FOLDER);
  expect(names).not.toEqual([]);
  for (const name of names) {
    expect(name).toMatch(/^\w+-\w+-\w+(-\w+)?-\d+\.\d+\.\d+-[0-9a-f]{9}\.profdata\.gz$/);
    expect(gunzipSync(readFileSync(join(FOLDER, name))).subarray(0, MAGIC.length)).toEqual(MAGIC);
  }
});
