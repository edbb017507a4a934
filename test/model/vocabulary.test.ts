import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportArpa, importArpa, LanguageModel } from '#kneser/src/index.js';
import { temporaryFolder, withModel } from '../support/models.js';

const folder = temporaryFolder('vocabulary');

test('the vocabulary lists what a model predicts, whose probabilities add up to 1', () =>
  withModel(join(folder, 'some'), { sentences: ['the cat', 'the dog', 'the'], order: 3 }, async ({ paged, loaded }) => {
    const vocabulary = loaded.vocabulary();
    expect([...vocabulary]).toEqual(['<unk>', '</s>', 'the', 'cat', 'dog']);
    expect([...(await paged.vocabulary())]).toEqual([...vocabulary]);
    expect(vocabulary.size).toBe(5);
    expect(vocabulary.size).toBe(loaded.info.vocabulary);
    for (const token of vocabulary) expect(vocabulary.has(token)).toBe(true);
    for (const token of ['The', '<s>', 'bird', '']) {
      expect(vocabulary.has(token)).toBe(false);
      expect(vocabulary.id(token)).toBeUndefined();
    }
    expect([...vocabulary].map(token => vocabulary.id(token))).toEqual([1, 3, 4, 5, 6]);
    const sum = [...vocabulary].reduce((sum, token) => sum + 10 ** loaded.log10Prob(token, ['<s>', 'the']), 0);
    expect(sum).toBeCloseTo(1, 12);
  }));

test('a model that lower-cases has words in lower case, and finds them in any', () =>
  withModel(join(folder, 'lower'), { sentences: ['The CAT'], order: 2, lowercase: true }, ({ loaded }) => {
    expect([...loaded.vocabulary()]).toEqual(['<unk>', '</s>', 'cat', 'the']);
    expect(loaded.vocabulary().has('Cat')).toBe(true);
    expect(loaded.tokenize('The Cat  sat')).toEqual(['the', 'cat', 'sat']);
    expect(loaded.countOf(['<S>'.toLowerCase(), 'THE'])).toBe(1);
  }));

describe('counts of n-grams', () => {
  const corpus = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', '<unk>'), { maxLength: 7 }), {
    minLength: 1,
    maxLength: 30,
  });

  test('are raw counts at the highest order and after <s>, and otherwise numbers of different tokens before', () =>
    fc.assert(
      fc.asyncProperty(
        corpus.filter(sentences => sentences.flat().length > 0),
        fc.integer({ min: 1, max: 4 }),
        async (sentences, order) => {
          const texts = sentences.map(sentence => ['<s>', ...sentence, '</s>']);
          /** How often an n-gram occurs, and the tokens before it. */
          const occurrences = (ngram: readonly string[]): { times: number; before: Set<string> } => {
            let times = 0;
            const before = new Set<string>();
            for (const text of texts) {
              for (let at = 0; at + ngram.length <= text.length; at++) {
                if (ngram.some((token, i) => text[at + i] !== token)) continue;
                times++;
                if (at > 0) before.add(text[at - 1]);
              }
            }
            return { times, before };
          };
          await withModel(join(folder, 'counts'), { sentences, order }, async ({ paged, loaded }) => {
            const tokens = ['a', 'b', 'c', '<unk>', '</s>', 'stranger'];
            const ngrams: string[][] = [['<s>'], ...tokens.map(token => [token])];
            for (const first of ['<s>', ...tokens]) for (const last of tokens) ngrams.push([first, last]);
            for (const text of texts) {
              for (let at = 0; at + 3 <= text.length; at++) ngrams.push(text.slice(at, at + 3), text.slice(at, at + 4));
            }
            for (const ngram of ngrams.filter(({ length }) => length <= order)) {
              const { times, before } = occurrences(ngram);
              const isRaw = ngram.length === order || ngram[0] === '<s>';
              const expected = ngram.at(-1) === '<s>' ? 0 : isRaw ? times : before.size;
              expect({ ngram, count: loaded.countOf(ngram) }).toEqual({ ngram, count: expected });
              expect(await paged.countOf(ngram)).toBe(expected);
            }
          });
        },
      ),
      { numRuns: 15 },
    ));

  test('are refused for lists that are empty or longer than the order, for other values, and for a model without counts', async () => {
    const path = join(folder, 'refused');
    await withModel(path, { sentences: ['a b'], order: 2 }, async ({ paged, loaded }) => {
      for (const ngram of [[], ['a', 'b', 'a'], 'ab', [1]]) {
        expect(() => loaded.countOf(ngram as string[])).toThrow(/^ngram: /);
        await expect(paged.countOf(ngram as string[])).rejects.toMatchObject({ code: 'KNESER_OPTION' });
      }
      expect(() => loaded.tokenize(5 as unknown as string)).toThrow(/^text: 5 is not a string/);
    });
    await exportArpa({ model: path, file: `${path}.arpa` });
    await importArpa({ file: `${path}.arpa`, out: `${path}-imported` });
    await using imported = await LanguageModel.open(`${path}-imported`);
    await expect(imported.countOf(['a'])).rejects.toMatchObject({ code: 'KNESER_NO_COUNTS' });
    expect([...(await imported.vocabulary())].sort()).toEqual(['</s>', '<unk>', 'a', 'b']);
  });
});
