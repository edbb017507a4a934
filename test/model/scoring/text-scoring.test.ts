import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanguageModel, train } from '#kneser/src/index.js';
import { readSentences, type IdSentences } from '#kneser/src/model/scoring/text-scoring.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('text-scoring');

/** The sentences of a text that comes in pieces: their ids, and the tokens outside the vocabulary. */
async function sentencesOf(model: LanguageModel, pieces: readonly Uint8Array[]): Promise<[number[], string[]]> {
  const { tokenization, manifest } = model.parts;
  const ids: number[] = [];
  const unknown: string[] = [];
  const taken = (part: IdSentences): void => {
    ids.push(...part.ids);
    part.unknownEnds.forEach((end, i) =>
      unknown.push(Buffer.from(part.unknown.subarray(i === 0 ? 0 : part.unknownEnds[i - 1], end)).toString()),
    );
  };
  const words = await model.allWords();
  for await (const part of readSentences(ReadableStream.from(pieces), 'text', words, tokenization, manifest.options))
    taken(part);
  return [ids, unknown];
}

test('sentences do not depend on how their text is cut into pieces', async () => {
  const out = join(folder, 'model');
  await train({ sentences: ['the cat sat', 'é'], out, order: 2, lowercase: true });
  await using model = await LanguageModel.open(out);
  const bytes = Buffer.from('the Zebra sat\n\nÉ cat Über\nthe stranger');
  const whole = await sentencesOf(model, [bytes]);
  expect(whole[1]).toEqual(['zebra', 'über', 'stranger']);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }), async cuts => {
      const bounds = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end));
      expect(await sentencesOf(model, pieces)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});
