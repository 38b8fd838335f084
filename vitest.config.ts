import { defineConfig } from 'vitest/config';

const source = (path: string): string => new URL(`src/${path}`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    // Examples import the package by its name; their tests run on its sources.
    alias: [
      { find: /^sidewire$/, replacement: source('index.ts') },
      { find: /^sidewire\/rules$/, replacement: source('rules/suricata/index.ts') },
      { find: /^sidewire\/testing$/, replacement: source('testing/index.ts') },
      { find: /^sidewire\/vitest$/, replacement: source('testing/vitest.ts') },
    ],
  },
  test: {
    setupFiles: ['test/setup.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Native runs bring their own threads; a few files at a time are enough for any machine.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
