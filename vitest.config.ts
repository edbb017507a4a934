import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than the two cores to count on: small trainings wait for the disk most of the time.
    maxWorkers: 3,
    // The built files are loaded by Node itself, as users load them: what Vite makes of them takes several times as long.
    server: { deps: { external: [/\/dist\//] } },
  },
});
