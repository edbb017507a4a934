import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { train } from '#kneser/src/index.js';
import { temporaryFolder, withOpen } from '../../support/models.js';

const folder = temporaryFolder('perplexity');

test('a text without <s> or </s> has the sum of its sentences, from pages, memory, threads and sentences', async () => {
  const sentences = Array.from({ length: 9000 }, (_, i) => ['a b c d', 'b c', 'd', '', 'c a b a c'][i % 5]);
  const file = join(folder, 'ends.txt');
  writeFileSync(file, sentences.join('\n') + '\n');
  const path = join(folder, 'ends');
  await train({ files: [file], out: path, order: 3 });
  await withOpen(path, async (paged, loaded) => {
    for (const [start, end] of [
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      const scores = sentences.map(sentence => loaded.score(sentence, { start, end }));
      const tokens = scores.reduce((sum, score) => sum + score.tokens.length, 0);
      const log10Prob = scores.reduce((sum, score) => sum + score.log10Prob, 0);
      const figures = await paged.perplexityOfFile(file, { start, end });
      expect(figures).toMatchObject({ sentences: 9000, tokens });
      expect(figures.log10Prob).toBeCloseTo(log10Prob, 6);
      for (const threads of [1, 2]) {
        expect(await loaded.perplexityOfFile(file, { start, end, threads })).toEqual(figures);
      }
      expect(loaded.perplexity(sentences, { start, end }).log10Prob).toBeCloseTo(log10Prob, 6);
      expect((await paged.perplexity(sentences, { start, end })).tokens).toBe(tokens);
    }
  });
});
