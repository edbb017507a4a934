import { join } from 'node:path';
import { expect, test } from 'vitest';
import { log10 } from '#kneser/src/base/elementary.js';
import { LanguageModel, train } from '#kneser/src/index.js';
import { importedModel } from '../../support/arpa.js';
import { expectToBe } from '../../support/expect-to-be.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('spread');
const random = randomNumbers(11);

test('in Kneser-Ney models, probabilities have the bits of scoring, and figures do not depend on what was asked before', async () => {
  // Enough followers of one context for the lists that are sorted when they are searched again.
  const words = Array.from({ length: 900 }, (_, i) => `v${i}`);
  const many = Array.from({ length: 3000 }, (_, i) => {
    const word = words[Math.floor(900 * random() ** 2)];
    return i % 3 === 0 ? `the ${word}` : `of the ${word} ${words[i % 7]}`;
  });
  const path = join(folder, 'many');
  await train({ sentences: many, out: path, order: 4 });
  const histories = ['', 'of the', 'the', 'the v3', 'of the v0', 'v5 v1', 'never', 'of the v2 v3'];
  for (const options of [{ smoothing: 'mkn' }, { smoothing: 'kn' }, { order: 2 }] as const) {
    await using model = await LanguageModel.open(path, { ...options, tables: 'page' });
    const loaded = await model.load();
    const figures = async (
      asked: Pick<LanguageModel, 'distribution'> | typeof loaded,
      history: string,
    ): Promise<number[]> => {
      const next = await asked.distribution(history);
      return [
        next.entropy,
        next.secondMoment,
        ...['v0', 'v40', 'v899', '</s>', 'never'].map(token => next.rank(token)),
      ];
    };
    const first = [];
    for (const history of histories) first.push(await figures(loaded, history));
    for (const [h, history] of [...histories.entries()].reverse()) {
      await using fresh = await LanguageModel.open(path, { ...options, tables: 'page' });
      expect(await figures(fresh, history)).toEqual(first[h]);
      for (let times = 0; times < 3; times++) expect(await figures(loaded, history)).toEqual(first[h]);
      const next = loaded.distribution(history);
      const listed = [...next.descending({ unknown: true })];
      expect(listed.findIndex(({ token }) => token === 'v40') + 1).toBeGreaterThanOrEqual(first[h][3]);
      for (const { token, probability } of listed.filter((_, i) => i % 97 === 0)) {
        expectToBe(next.rank(token), 1 + listed.filter(other => other.probability > probability).length, token);
        const before = ['<s>', ...history.split(' ').filter(word => word !== '')];
        const scored = loaded.log10Prob(token === '<unk>' ? 'no-such-word' : token, before);
        expect(log10(next.probability(token))).toBe(scored);
        expectToBe(probability, next.probability(token), token);
      }
    }
    await loaded.close();
  }
});

test('a point at the end of the interval draws a token with p > 0, and where there is none the draw is refused', async () => {
  const last = 1 - 2 ** -53;
  for (const sentences of [['', 'w0 w0', 'w0 w3 w0 w3 w0'], ['a b', 'a c'], ['a']]) {
    const path = join(folder, 'end');
    await train({ sentences, out: path, order: 2, force: true });
    await using model = await LanguageModel.open(path);
    for (const [history, unknown] of ['', 'w0', 'a', 'never'].flatMap(one => [
      [one, true] as const,
      [one, false] as const,
    ])) {
      for (const start of [true, false]) {
        const next = await model.distribution(history, { start });
        const token = next.sample(last, { unknown });
        expect([...next.descending({ unknown })].find(listed => listed.token === token)?.probability).toBeGreaterThan(
          0,
        );
      }
    }
  }
  const imported = await importedModel(join(folder, 'nothing'), [
    ['-1 <unk>', '-99 <s> 0', '-0.5 </s>', '-0.4 a -inf', '-0.6 b 0', '-inf c 0'],
    ['-0.1 b <unk>', '-inf b a', '-inf b </s>', '-inf b b'],
  ]);
  await using model = await LanguageModel.open(imported);
  const afterA = await model.distribution('a');
  expect(afterA.entropy).toBe(0);
  for (const u of [0, 0.5, last]) {
    for (const unknown of [true, false]) {
      expect(() => afterA.sample(u, { unknown })).toThrow('no token can come next');
    }
  }
  const afterB = await model.distribution('b');
  expect(afterB.sample(last, { unknown: true })).toBe('<unk>');
  expect(() => afterB.sample(0.5)).toThrow('unknown: nothing but <unk> can come next');
});
