import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { TrainOptions } from '#kneser/src/index.js';
import { temporaryFolder, withModel } from './models.js';

/** Options of {@link Texts.learn}. */
export type Settings = Pick<TrainOptions, 'order' | 'vocabulary' | 'lowercase' | 'skipBlank' | 'reserved'>;

/** The texts of a test file, and a model that is trained on one after the other. */
export class Texts {
  /** The folder of the texts. */
  readonly folder: string;
  /** The folder of the model. */
  readonly model: string;

  constructor(name: string) {
    this.folder = temporaryFolder(name);
    this.model = join(this.folder, 'model');
  }

  /** A new file with the given content. */
  file(content: string | Uint8Array, name = 'text.txt'): string {
    const path = join(mkdtempSync(join(this.folder, 'input-')), name);
    writeFileSync(path, content);
    return path;
  }

  /** A new folder with the given files, by path within it. */
  files(files: Record<string, string | Uint8Array>): string {
    const root = mkdtempSync(join(this.folder, 'folder-'));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
    return root;
  }

  /** Trains on a file. @returns the model's `info`, and which of some words it knows. */
  learn(content: string | Uint8Array, words: string[] = [], options: Settings = {}, name?: string) {
    return withModel(this.model, { files: [this.file(content, name)], order: 2, ...options }, async trained => {
      const { paged, loaded, warnings } = trained;
      const { sentences, tokens, vocabulary } = paged.info;
      const { oov } = loaded.score(words);
      expect((await paged.score(words)).oov).toEqual(oov);
      const known = words.filter((_, i) => !oov[i]);
      return { sentences, tokens, vocabulary, known, warnings };
    });
  }
}
