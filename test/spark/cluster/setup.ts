import type { TestProject } from 'vitest/node';
import { makeEnvironment } from '../../support/environment.js';
import prepare from '../../support/setup.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of Spark. */
    sparkHome: string;
  }
}

/** Before the Spark suite: as before any test, and makes the cached environment with Spark if there is none. */
export default function setup(project: TestProject): () => void {
  project.provide('sparkHome', makeEnvironment(new URL('environment.sh', import.meta.url)));
  return prepare();
}
