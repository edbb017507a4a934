import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';
import { LanguageModel, type LoadedModel, type OpenOptions, train, type TrainOptions } from '#kneser/src/index.js';

// Training takes seconds, and more on a machine that is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A folder for the calling test file, removed when its tests are over. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kneser-test-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file beside the repository that only some machines have, or `undefined`. */
export function sharedFile(path: string): string | undefined {
  const file = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  return existsSync(file) ? file : undefined;
}

/** A model that was just trained, both ways of reading it, and the end of it. */
export interface Trained {
  readonly paged: LanguageModel;
  readonly loaded: LoadedModel;
  readonly warnings: readonly string[];
}

/** `Omit` would forget that a text is either files or sentences. */
export type WithoutOut<T> = T extends unknown ? Omit<T, 'out'> : never;

/** The mixture of all skip patterns as in Pickhardt et al. 2014. */
export const UNIFORM_MIXTURE: OpenOptions = { smoothing: 'glm', weights: 'uniform' };

/** Trains a model in `folder`, in place of the one before, and lets `use` have it while it is open. */
export async function withModel<T>(
  folder: string,
  options: WithoutOut<TrainOptions>,
  use: (trained: Trained) => T | Promise<T>,
  open: OpenOptions = {},
): Promise<T> {
  const { warnings } = await train({ ...options, out: folder, force: true });
  const paged = await LanguageModel.open(folder, { tables: 'page', ...open });
  try {
    return await use({ paged, loaded: await paged.load(), warnings });
  } finally {
    await paged.close();
  }
}

/** Opens a model both ways while `use` has it. */
export async function withOpen<T>(
  path: string,
  use: (paged: LanguageModel, loaded: LoadedModel) => T | Promise<T>,
): Promise<T> {
  await using paged = await LanguageModel.open(path, { tables: 'page' });
  return await use(paged, await paged.load());
}

export { randomNumbers } from '#kneser/bench/random.js';
