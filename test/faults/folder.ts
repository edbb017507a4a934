import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFile } from '../../src/base/node/file-digest.js';
import { randomNumbers } from '../../src/base/random.js';

/** Calls `use` with a new folder, and removes the folder afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>, parent = tmpdir()): Promise<T> {
  const folder = mkdtempSync(join(parent, 'kneser-faults-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The content of a folder as text: a line for each name, with the CRC-32 of each file. */
export async function listing(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    lines.push(lstatSync(path).isFile() ? `${name} ${await digestFile(path)}` : name);
  }
  return lines.join('\n');
}

/** A text of random words `word0`, `word1`, …: words with small numbers are more frequent, and a sentence has 4 to 11 words. */
export interface RandomText {
  readonly sentences: number;
  /** Number of different words. */
  readonly types: number;
  readonly seed: number;
}

export function randomSentences({ sentences, types, seed }: RandomText): string[] {
  const random = randomNumbers(seed);
  return Array.from({ length: sentences }, () =>
    Array.from({ length: 4 + Math.floor(8 * random()) }, () => `word${Math.floor(types ** random())}`).join(' '),
  );
}

/** Writes a random text. @returns the path. */
export function writeText(path: string, text: RandomText): string {
  writeFileSync(path, randomSentences(text).join('\n') + '\n');
  return path;
}
