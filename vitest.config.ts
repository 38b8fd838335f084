import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Native runs bring their own threads; a few files at a time are enough for any machine.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
