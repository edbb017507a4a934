import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';
import { NODE_FLAGS } from './test/support/node-flags.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/browser/**', 'test/spark/cluster/**', 'test/serve/lm-eval/**'],
    // Builds the files whose source has changed, so that a single test always tests the source as it stands.
    globalSetup: 'test/support/setup.ts',
    setupFiles: 'test/support/equality.ts',
    // Training takes seconds, and minutes on a machine that is busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Trainings keep the cores busy: more than a file a core only makes each slower.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // Files clean up after themselves; a process for each would compile the engine anew each time.
    isolate: false,
    execArgv: NODE_FLAGS,
    // The built files are loaded by Node itself, as users load them: what Vite makes of them takes several times as long.
    server: { deps: { external: [/\/dist\//] } },
  },
});
