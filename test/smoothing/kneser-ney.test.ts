import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LanguageModel, pack, prune, train, verify, type LoadedModel } from '#kneser/src/index.js';
import { LanguageModel as PortableModel } from '#kneser/native-free/index.js';
import { oneDiscount } from '#kneser/src/smoothing/kneser-ney.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';
import { ReferenceModel } from '../support/reference-mkn.js';

const folder = temporaryFolder('kneser-ney');
const ORDER = 3;
const random = randomNumbers(5);
const sentences = Array.from({ length: 120 }, () =>
  Array.from({ length: Math.floor(random() * 9) }, () => `w${Math.floor(random() ** 2 * 12)}`),
);

/** p(word | history) as Kneser & Ney define it, from tables of counts, with one discount an order. */
class Dense {
  readonly discounts: number[] = [];

  constructor(readonly tables: ReferenceModel) {
    for (let n = 1; n <= ORDER; n++) {
      const counts = [...tables.adjusted[n].values()];
      const t1 = counts.filter(count => count === 1).length;
      const t2 = counts.filter(count => count === 2).length;
      this.discounts[n] = t1 > 0 && t2 > 0 ? t1 / (t1 + 2 * t2) : 0.75;
    }
  }

  probability(word: string, history: readonly string[]): number {
    const { adjusted, vocabulary, keeps } = this.tables;
    const n = history.length + 1;
    const lower = n === 1 ? 1 / vocabulary.size : this.probability(word, history.slice(1));
    let total = 0;
    let own = 0;
    let given = 0;
    for (const follower of vocabulary) {
      const ngram = [...history, follower].join(' ');
      const count = adjusted[n].get(ngram) ?? 0;
      const left = keeps(ngram) ? Math.max(count - this.discounts[n], 0) : 0;
      total += count;
      given += left;
      if (follower === word) own = left;
    }
    return total === 0 ? lower : own / total + ((total - given) / total) * lower;
  }
}

/** Compares p of every word after some histories, and the sum of all. */
function expectDense(model: LoadedModel, dense: Dense): void {
  const words = [...dense.tables.vocabulary];
  const histories = [['<s>'], ['<s>', 'w0'], ['w0', 'w1'], ['w1', 'w0'], ['w7', 'w3'], ['w3', '<unk>']];
  for (const history of histories) {
    const start = history[0] === '<s>';
    let state = model.start({ start });
    for (const word of start ? history.slice(1) : history) ({ state } = model.extend(state, word));
    let sum = 0;
    for (const word of words) {
      const p = 10 ** model.extend(state, word).log10Prob;
      expect(Math.abs(p - dense.probability(word, history))).toBeLessThan(1e-12);
      sum += p;
    }
    expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
  }
}

describe('Kneser-Ney with one discount an order', () => {
  test('has the probabilities of its definition, with sum 1, in Node and in any engine, paged and loaded', async () => {
    const out = join(folder, 'model');
    await train({ sentences, out, order: ORDER });
    const dense = new Dense(new ReferenceModel(sentences, ORDER));
    await using model = await LanguageModel.open(out, { smoothing: 'kn', tables: 'page' });
    const loaded = await model.load();
    expectDense(loaded, dense);
    expect(model.info.smoothing).toBe('kn');
    model.info.tables.forEach(({ discounts, fallback }, i) => {
      for (const discount of discounts) expect(Math.abs(discount - dense.discounts[i + 1])).toBeLessThan(1e-15);
      expect(fallback).toBe(dense.discounts[i + 1] === 0.75);
    });

    const text = join(folder, 'text.txt');
    writeFileSync(
      text,
      sentences
        .slice(0, 50)
        .map(words => words.join(' '))
        .join('\n') + '\n',
    );
    const packed = join(folder, 'model.kneser');
    await pack({ model: out, out: packed });
    const portable = await PortableModel.fromFile(new Blob([readFileSync(packed)]), { smoothing: 'kn' });
    const options = { window: 2 };
    for (const words of sentences.slice(0, 10)) {
      const score = await model.score(words);
      expect(loaded.score(words)).toEqual(score);
      expect(await portable.score(words)).toEqual(score);
      const vector = await model.ngramPerplexities(words, options);
      expect(loaded.ngramPerplexities(words, options)).toEqual(vector);
      expect(await portable.ngramPerplexities(words, options)).toEqual(vector);
      const predictions = await model.predict(words, { top: 5 });
      expect(loaded.predict(words, { top: 5 })).toEqual(predictions);
      for (const { token, probability } of predictions) {
        const history = ['<s>', ...words].slice(-(ORDER - 1));
        expect(Math.abs(probability - dense.probability(token, history))).toBeLessThan(1e-12);
      }
    }
    const figures = await model.perplexityOfFile(text);
    expect(await loaded.perplexityOfFile(text)).toEqual(figures);
    await using mkn = await LanguageModel.open(out, { smoothing: 'mkn' });
    expect((await mkn.perplexityOfFile(text)).perplexity).not.toBe(figures.perplexity);
    await loaded.close();
    await portable.close();
  });

  test('of a pruned model, whose sums verify checks', async () => {
    const out = join(folder, 'pruned');
    await train({ sentences, out: join(folder, 'whole'), order: ORDER });
    await prune({ model: join(folder, 'whole'), out, prune: [0, 1, 1] });
    const reference = new ReferenceModel(sentences, ORDER);
    reference.pruneByCounts([0, 1, 1]);
    await using model = await LanguageModel.open(out, { smoothing: 'kn' });
    expectDense(await model.load(), new Dense(reference));
    expect((await verify(out)).findings).toEqual([]);
  });

  test('has the discount 0.75 if no n-gram was seen exactly once, or none exactly twice', () => {
    expect(oneDiscount([6, 3, 0, 0])).toEqual({ values: [0.5, 0.5, 0.5], fallback: false });
    for (const counts of [
      [0, 3, 1, 1],
      [6, 0, 1, 1],
      [0, 0, 0, 0],
    ]) {
      expect(oneDiscount(counts)).toEqual({ values: [0.75, 0.75, 0.75], fallback: true });
    }
  });

  test('refuses weights', async () => {
    const opened = LanguageModel.open(join(folder, 'model'), { smoothing: 'kn', weights: 'uniform' });
    await expect(opened).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  });
});
