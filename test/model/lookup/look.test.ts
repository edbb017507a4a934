import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { LanguageModel as PortableModel } from '#kneser/native-free/index.js';
import { LanguageModel, pack, train, type OpenOptions } from '#kneser/src/index.js';
import { temporaryFolder } from '../../support/models.js';
import { suiteSentences } from '../../support/reading-suite.js';

const folder = temporaryFolder('reads-together');
const model = join(folder, 'model');
const file = join(folder, 'model.kneser');

/** A file on a far server: all parts that are asked for while none is under way arrive together, as one round. */
class FarFile extends Blob {
  rounds = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly content: Uint8Array<ArrayBuffer>) {
    super([content]);
  }

  override slice(start?: number, end?: number): Blob {
    const bytes = this.content.slice(start, end).buffer;
    const arrayBuffer = (): Promise<ArrayBuffer> =>
      new Promise(resolve => {
        if (this.waiting.push(() => resolve(bytes)) === 1) setImmediate(() => this.arrive());
      });
    return Object.assign(super.slice(start, end), { arrayBuffer });
  }

  private arrive(): void {
    this.rounds++;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

beforeAll(async () => {
  const patterns = { skip: true };
  await train({ sentences: [...suiteSentences()], out: model, order: 4, patterns, classes: [4, 3], holdOut: 0.1 });
  await pack({ model, out: file });
});

const ways: [name: string, options: OpenOptions, most: number][] = [
  ['Kneser-Ney', { smoothing: 'mkn' }, 6],
  ['the mixture', {}, 6],
];
test.each(ways)(
  'a sentence takes a few rounds of reading with %s, however many tables there are',
  async (_, options, most) => {
    const far = new FarFile(new Uint8Array(readFileSync(file)));
    await using opened = await PortableModel.fromFile(far, options);
    const sentence = [...suiteSentences()][0];
    const before = far.rounds;
    const { log10Prob } = await opened.score(sentence);
    expect(far.rounds - before).toBeLessThanOrEqual(most);
    await using near = await LanguageModel.open(model, options);
    expect(log10Prob).toBe((await near.score(sentence)).log10Prob);
  },
);
