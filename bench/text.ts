import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareBrown } from '../corpora/brown.js';
import { train } from '../src/train/train.js';

/** The order of the model that suites use. */
export const ORDER = 5;

/** The text on which the suites measure, the Brown corpus, and a model of it. */
export interface BenchText {
  /** Path of the training part. */
  readonly train: string;
  /** Path of the held-out part. */
  readonly heldOut: string;
  /** Gives the folder of a model of the training text. The first call trains the model. */
  readonly model: () => Promise<string>;
}

/** Writes the Brown corpus into a folder. @param sentences the most sentences of each part. */
export async function prepareText(folder: string, sentences: number, signal: AbortSignal): Promise<BenchText> {
  const { train: trainPath, heldOut } = await prepareBrown(folder);
  if (sentences < Infinity) for (const path of [trainPath, heldOut]) await cutLines(path, sentences);
  let model: Promise<string> | undefined;
  return {
    train: trainPath,
    heldOut,
    model: () =>
      (model ??= train({ files: [trainPath], out: join(folder, 'model'), order: ORDER, signal }).then(
        ({ out }) => out,
      )),
  };
}

/** The sentences of a text, as tokens. */
export async function readSentences(path: string): Promise<string[][]> {
  return (await readLines(path)).map(line => line.split(' '));
}

async function readLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}

/** Shortens a file to its first `length` lines. */
async function cutLines(path: string, length: number): Promise<void> {
  const lines = await readLines(path);
  await writeFile(path, lines.slice(0, length).join('\n') + '\n');
}
