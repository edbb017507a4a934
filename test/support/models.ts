import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { LanguageModel, type LoadedModel, type OpenOptions, train, type TrainOptions } from '#kneser/src/index.js';

/** A folder for the calling test file, removed when its tests are over. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kneser-test-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a file beside the repository, which only some machines have; else `undefined`. */
export function sharedFile(path: string): string | undefined {
  const file = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  return existsSync(file) ? file : undefined;
}

/** A model that was just trained: paged, and loaded into memory, with the warnings of its training. */
export interface Trained {
  readonly paged: LanguageModel;
  readonly loaded: LoadedModel;
  readonly warnings: readonly string[];
}

/** Options of training without `out`. Unlike `Omit`, it keeps the two alternatives `files` and `sentences` apart. */
export type WithoutOut<T> = T extends unknown ? Omit<T, 'out'> : never;

/** The mixture of all skip patterns as in Pickhardt et al. 2014. */
export const UNIFORM_MIXTURE: OpenOptions = { smoothing: 'glm', weights: 'uniform' };

/** Trains a model in `folder`, replacing an earlier one, and calls `use` with the open model. */
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

/** Trains a model of sentences of tokens on one thread. @returns its folder, `out`. */
export async function trainedFolder(
  out: string,
  sentences: readonly (readonly string[])[],
  options: Omit<WithoutOut<TrainOptions>, 'files' | 'sentences'>,
): Promise<string> {
  await train({ sentences, out, threads: 1, ...options });
  return out;
}

/** Opens a model, paged and loaded, and calls `use` with both. */
export async function withOpen<T>(
  path: string,
  use: (paged: LanguageModel, loaded: LoadedModel) => T | Promise<T>,
): Promise<T> {
  await using paged = await LanguageModel.open(path, { tables: 'page' });
  return await use(paged, await paged.load());
}

export { randomNumbers } from '#kneser/src/base/random.js';
