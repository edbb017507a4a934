import type { TestProject } from 'vitest/node';
import { makeEnvironment } from '../../support/environment.js';
import prepare from '../../support/setup.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the environment with lm-evaluation-harness. */
    lmEvalEnvironment: string;
  }
}

/** Before the suite: as before any test, and makes the cached environment if there is none. */
export default function setup(project: TestProject): () => void {
  project.provide('lmEvalEnvironment', makeEnvironment(new URL('environment.sh', import.meta.url)));
  return prepare();
}
