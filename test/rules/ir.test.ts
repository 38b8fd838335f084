import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileText } from './fixture.js';

/**
 * Rules and the IR they come to, read by both languages: here text -> IR, in cargo IR + input -> verdict.
 *
 * `SIDEWIRE_WRITE_IR=1 npx vitest run test/rules/ir.test.ts` writes every `ir.json` anew; the difference is read before it is committed.
 */
const CASES = new URL('../ir/', import.meta.url);
const write = process.env.SIDEWIRE_WRITE_IR === '1';

const cases = readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

describe('golden IR', () => {
  it('has enough cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(30);
  });

  it.each(cases)('%s', (name) => {
    const { batches, diagnostics } = compileText(readFileSync(new URL(`${name}/rule`, CASES)));
    expect(diagnostics).toEqual([]);
    expect(batches).toHaveLength(1);
    const file = new URL(`${name}/ir.json`, CASES);
    const text = `${JSON.stringify(batches[0], null, 2)}\n`;
    if (write) writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
