import { defineConfig } from 'vitest/config';

/** What needs Java and Spark: `npm run test:spark`. */
export default defineConfig({
  test: {
    include: ['test/spark/cluster/**/*.test.ts'],
    globalSetup: 'test/spark/cluster/setup.ts',
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    server: { deps: { external: [/\/dist\//] } },
  },
});
