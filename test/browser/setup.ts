import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findChromium } from '#kneser/bench/chromium.js';
import { buildDemo } from '#kneser/native-free/demo/build.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the demo page, as it is served. */
    site: string;
  }
}

/** Builds the demo page once for all tests. Fails if there is no browser. */
export default async function setup(project: TestProject): Promise<() => void> {
  try {
    findChromium();
  } catch (error) {
    // The message without its stack.
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
  const site = mkdtempSync(join(tmpdir(), 'kneser-browser-'));
  await buildDemo(site);
  project.provide('site', site);
  return () => rmSync(site, { recursive: true, force: true });
}
