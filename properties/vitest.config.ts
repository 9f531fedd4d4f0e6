import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    dir: 'properties',
    include: ['**/*.test.ts'],
    setupFiles: ['properties/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
