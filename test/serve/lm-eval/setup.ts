import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import prepare from '../../support/setup.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the environment with lm-evaluation-harness. */
    lmEvalEnvironment: string;
  }
}

/** Before the suite: as before any test, and makes the cached environment if there is none. */
export default function setup(project: TestProject): () => void {
  const script = fileURLToPath(new URL('environment.sh', import.meta.url));
  const { status, stdout } = spawnSync('bash', [script, '--make'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(1);
  project.provide('lmEvalEnvironment', stdout.trim());
  return prepare();
}
