import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { prepareBrown } from '#kneser/corpora/brown.js';
import { train } from '#kneser/src/index.js';
import { sharedFile } from './models.js';

/**
 * Texts and models that several test files read and none changes. The test file that needs a text or a model first makes it; other test
 * files wait for it. They are in the run's folder for temporary files, which `setup.ts` makes and removes.
 */
const SHARED = process.env.KNESER_TEST_SHARED ?? '';

/**
 * Makes a folder once.
 *
 * @param make makes the folder at a path at which no file exists.
 * @returns its path.
 */
async function once(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const path = join(SHARED, name);
  const [lock, draft] = [`${path}.lock`, `${path}.draft`];
  while (!existsSync(path)) {
    try {
      mkdirSync(lock);
    } catch {
      await wait(20);
      continue;
    }
    try {
      if (existsSync(path)) continue;
      await make(draft);
      renameSync(draft, path);
    } finally {
      rmSync(draft, { recursive: true, force: true });
      rmSync(lock, { recursive: true });
    }
  }
  return path;
}

/** The two texts of the Brown corpus: each tenth sentence is held out. */
export async function brownTexts(): Promise<{ readonly train: string; readonly heldOut: string }> {
  const folder = await once('brown', path => prepareBrown(path));
  return { train: join(folder, 'brown.train.txt'), heldOut: join(folder, 'brown.heldout.txt') };
}

/**
 * A model of the training text of the Brown corpus, of contiguous n-grams. No test may change it. It is trained on one thread, because the
 * other core runs another test file, and because each further thread would compile the code again.
 */
export async function brownModel(order: number): Promise<string> {
  const { train: text } = await brownTexts();
  return await once(`brown-${order}`, out => train({ files: [text], out, order, threads: 1 }));
}

/** The training text of the Penn Treebank, which only some machines have; else `undefined`. */
export const PTB_TEXT = sharedFile('corpora/ptb/train.txt');

/** A model of {@link PTB_TEXT}, of contiguous n-grams. Nobody may change it. */
export async function ptbModel(order: number): Promise<string> {
  return await once(`ptb-${order}`, out => train({ files: [PTB_TEXT ?? ''], out, order, threads: 1 }));
}
