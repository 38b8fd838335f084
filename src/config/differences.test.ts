import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DIFFERENCES } from './replay-defaults.js';

it('ARCHITECTURE.md shows every default that differs', () => {
  const page = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('<!-- differences -->'), page.indexOf('<!-- /differences -->'));
  const rows = [...table.matchAll(/^\| `([^`]+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$/gm)];
  expect(rows.map(([, key, value, why]) => ({ key, value, why }))).toEqual(DIFFERENCES);
});
