import { defineConfig } from 'vitest/config';

/** What needs lm-evaluation-harness, in a virtual environment of Python: `npm run test:lm-eval`. */
export default defineConfig({
  test: {
    include: ['test/serve/lm-eval/**/*.test.ts'],
    globalSetup: 'test/serve/lm-eval/setup.ts',
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    server: { deps: { external: [/\/dist\//] } },
  },
});
