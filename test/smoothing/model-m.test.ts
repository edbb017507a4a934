import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, prune, train, verify, type OpenOptions } from '#kneser/src/index.js';
import { BatchLayout } from '#kneser/src/smoothing/batch.js';
import { createBlend } from '#kneser/src/smoothing/blend.js';
import { estimateDiscounts } from '#kneser/src/smoothing/discounts.js';
import { shiftedDiscount, TOTAL_BUCKETS, totalBucket } from '#kneser/src/smoothing/parameters.js';
import { EOS } from '#kneser/src/text/tokens.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('model-m');

/** Sentences of up to 9 words, in which words prefer some followers. */
function sentencesOf(count: number, seed: number): string[][] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const sentence: string[] = [];
    let last = 0;
    for (let length = Math.floor(10 * random()); length > 0; length--) {
      last = random() < 0.5 ? (7 * last + 3) % 80 : Math.floor(80 ** random());
      sentence.push(`w${last}`);
    }
    return sentence;
  });
}

/** Every 20th sentence is held out. */
const TEXT = sentencesOf(1500, 5);
const COUNTED = TEXT.filter((_, i) => i % 20 !== 19);
const OTHERS = [...sentencesOf(20, 9), ['w1', 'never', 'w3', 'w24'], []];

/** Counts of a step, as plain maps: a context and a predicted id are texts. */
class Counts {
  readonly byContext = new Map<string, Map<number, number>>();

  add(context: string, id: number, count = 1): void {
    const followers = this.byContext.get(context) ?? new Map<number, number>();
    this.byContext.set(context, followers);
    followers.set(id, (followers.get(id) ?? 0) + count);
  }

  /** The numbers of followers with the counts 1, 2, 3, 4. */
  get countsOfCounts(): number[] {
    const all = [...this.byContext.values()].flatMap(followers => [...followers.values()]);
    return [1, 2, 3, 4].map(n => all.filter(count => count === n).length);
  }

  /** P_k from P_{k−1}. @param parameters of this length of contexts. */
  interpolate(context: string, id: number, below: number, parameters: Float64Array): number {
    const followers = this.byContext.get(context);
    if (!followers) return below;
    const counts = [...followers.values()];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const estimates = estimateDiscounts(this.countsOfCounts).values;
    const discountOf = (count: number): number => {
      const k = Math.min(count, 3);
      return shiftedDiscount(estimates[k - 1], k, parameters[(k - 1) * TOTAL_BUCKETS + totalBucket(total)]);
    };
    const count = followers.get(id) ?? 0;
    const freed = counts.reduce((sum, c) => sum + discountOf(c), 0);
    return ((count === 0 ? 0 : Math.max(0, count - discountOf(count))) + freed * below) / total;
  }
}

/** Model M from plain maps. */
class Reference {
  private readonly classCounts: Counts[] = [];
  private readonly wordCounts: Counts[] = [];

  constructor(
    private readonly order: number,
    private readonly classOf: Uint32Array,
    sentences: readonly (readonly number[])[],
  ) {
    for (let length = 1; length <= Math.min(3, order - 1); length++) this.classCounts[length] = new Counts();
    for (let length = 1; length <= Math.min(3, order); length++) this.wordCounts[length] = new Counts();
    const before = new Set<string>();
    for (const sentence of sentences) {
      sentence.forEach((word, i) => {
        if (i === 0) return;
        const its = sentence.slice(0, i);
        this.contexts('class', its, word).forEach(({ length, context }) => {
          this.classCounts[length].add(context, classOf[word]);
        });
        this.contexts('word', its, word).forEach(({ length, context }) => {
          if (length > 1) this.wordCounts[length].add(context, word);
        });
        const pair = `${its.at(-1)} ${word}`;
        if (!before.has(pair)) this.wordCounts[1].add(`${classOf[word]}`, word);
        before.add(pair);
      });
    }
  }

  private contexts(
    step: 'class' | 'word',
    its: readonly number[],
    word: number,
  ): { length: number; context: string }[] {
    const path = step === 'class' ? [...its].reverse() : [this.classOf[word], ...[...its].reverse()];
    const most = Math.min(path.length, 3, step === 'class' ? this.order - 1 : this.order);
    return Array.from({ length: most }, (_, i) => ({ length: i + 1, context: path.slice(0, i + 1).join(' ') }));
  }

  probability(
    its: readonly number[],
    word: number,
    classProbability: number,
    share: number,
    all: Float64Array,
  ): number {
    const each = 3 * TOTAL_BUCKETS;
    let ofClass = classProbability;
    for (const { length, context } of this.contexts('class', its, word)) {
      const own = all.subarray((length - 1) * each, length * each);
      ofClass = this.classCounts[length].interpolate(context, this.classOf[word], ofClass, own);
    }
    let ofWord = share;
    const first = (this.classCounts.length - 1) * each;
    for (const { length, context } of this.contexts('word', its, word)) {
      const own = all.subarray(first + (length - 1) * each, first + length * each);
      ofWord = this.wordCounts[length].interpolate(context, word, ofWord, own);
    }
    return ofClass * ofWord;
  }
}

describe.each([
  { order: 2, modelM: 1 },
  { order: 3, modelM: 2 },
  { order: 5, modelM: 1 },
])('Model M at order $order, with clustering $modelM', ({ order, modelM }) => {
  const out = join(folder, `order-${order}`);
  const options = { order, patterns: { skip: true, maxPatterns: 8 }, classes: [4, 3], modelM, holdOut: 0.05 };

  beforeAll(async () => {
    await train({ sentences: TEXT, out, ...options });
  });

  async function withOpen<T>(how: OpenOptions, use: (model: LanguageModel) => Promise<T>): Promise<T> {
    const model = await LanguageModel.open(out, { tables: 'page', ...how });
    try {
      return await use(model);
    } finally {
      await model.close();
    }
  }

  test('its probabilities are those that plain maps give', async () => {
    await withOpen({}, async model => {
      const { parts } = model;
      expect(model.info).toMatchObject({ clusterings: [4, 3], modelM });
      const words = await model.allWords();
      const idsOf = (sentence: readonly string[]): number[] => [...sentence.map(word => words.idOf(word)), EOS];
      const { of, share } = parts.clusterings[modelM - 1].classes;
      const reference = new Reference(
        order,
        of,
        COUNTED.map(sentence => [2, ...idsOf(sentence)]),
      );
      const ids = OTHERS.flatMap(idsOf);
      const layout = new BatchLayout(order, ids.length);
      for (const id of ids) layout.push(id);
      const { batch } = layout;
      const evidence = await model.evidence(batch);
      const blend = createBlend(parts, estimateDiscounts);
      const { weights } = parts;
      expect(weights?.modelM.some(parameter => parameter !== 0)).toBe(true);
      for (let t = 0; t < batch.length; t++) {
        blend.probability(evidence, batch, t);
        const word = batch.ids[batch.targets[t]];
        const its = [...batch.ids.subarray(batch.targets[t] - batch.available[t], batch.targets[t])];
        const base = blend.probabilities[modelM] / share[word];
        const expected = reference.probability(its, word, base, share[word], weights?.modelM ?? new Float64Array(0));
        expect(blend.probabilities[3] / expected).toBeCloseTo(1, 10);
      }
    });
  });

  test('scores have the same bits from blocks, from tables in memory, and as predictions; all sum to one', async () => {
    await withOpen({}, async model => {
      const loaded = await model.load();
      const vocabulary = loaded.vocabulary();
      const scores = [];
      for (const sentence of OTHERS) scores.push(await model.score(sentence));
      expect(OTHERS.map(sentence => loaded.score(sentence))).toEqual(scores);
      for (const history of [...OTHERS.slice(0, 6), ['w1', 'never'], ['w79', 'w79', 'w79', 'w79']]) {
        const [next, paged] = [loaded.distribution(history), await model.distribution(history)];
        const all = next.dense();
        expect(paged.dense()).toEqual(all);
        expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        const known = history.map(word => (vocabulary.has(word) ? word : '<unk>'));
        for (const word of vocabulary) {
          const id = vocabulary.id(word) ?? NaN;
          expect(all[id] / 10 ** loaded.log10Prob(word, ['<s>', ...known])).toBeCloseTo(1, 12);
        }
        const [best] = loaded.predict(history, { top: 1, unknown: true, explain: true });
        expect(best.log10Prob).toBe(
          loaded.log10Prob(best.token === '<unk>' ? 'never' : best.token, ['<s>', ...history]),
        );
        expect(best.probability).toBe(Math.max(...all));
        const { patterns, uniform } = best.explanation ?? { patterns: [], uniform: NaN };
        expect(patterns.some(({ pattern }) => pattern === 'Model M')).toBe(true);
        expect(patterns.reduce((sum, part) => sum + part.probability, uniform)).toBeCloseTo(best.probability, 12);
      }
      await loaded.close();
    });
  });

  test('a lower order of scoring leaves out longer contexts, and sums to one', async () => {
    for (const lower of [1, 2]) {
      await withOpen({ order: lower }, async model => {
        const loaded = await model.load();
        expect(loaded.score(OTHERS[0])).toEqual(await model.score(OTHERS[0]));
        const all = (await model.distribution(['w1', 'w10'])).dense();
        expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect((await model.distribution(['w2', 'w10'])).dense()).toEqual(lower === 1 ? all : expect.anything());
      });
    }
  });

  test('the model is sound, and pruning is refused by name', async () => {
    const { findings, sound } = await verify(out);
    expect(findings).toEqual([]);
    expect(sound).toBe(true);
    await expect(prune({ model: out, out: join(folder, 'pruned'), prune: [0, 1] })).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringContaining('Model M') as unknown,
    });
  });
});

test('equally probable words stay equally probable next to the words that are scored', async () => {
  const out = join(folder, 'ties');
  const random = randomNumbers(5);
  const frequent = ['a', 'b', 'c', 'the'];
  // Words that occur once, all in the same place, more of them than are scored after a prediction.
  const sentences = Array.from({ length: 800 }, (_, i) => [
    ...Array.from({ length: 4 }, () => frequent[Math.floor(random() * frequent.length)]),
    i % 2 === 0 ? `once${i}` : 'c',
  ]);
  await train({ sentences, out, order: 3, patterns: { skip: true }, classes: [20, 8], modelM: 2, holdOut: 0.05 });
  await using model = await LanguageModel.open(out);
  expect(model.info.modelM).toBe(2);
  const loaded = await model.load();
  const words = [...loaded.vocabulary()].filter(word => word.startsWith('once'));
  for (const history of [['a'], ['b', 'the'], ['c', 'c', 'c']]) {
    const next = loaded.distribution(history);
    /** By log10 p of scoring, the probabilities and the ranks that words have. */
    const groups = new Map<number, Set<string>>();
    for (const word of words) {
      const score = loaded.log10Prob(word, ['<s>', ...history]);
      const alike = groups.get(score) ?? new Set();
      groups.set(score, alike.add(`${next.probability(word)}, rank ${next.rank(word)}`));
    }
    expect(groups.size).toBeLessThan(words.length / 4);
    expect([...groups.values()].filter(({ size }) => size > 1)).toEqual([]);
  }
});

test('words too few for classes leave Model M out, and a training that prunes refuses it', async () => {
  const small = join(folder, 'small');
  const options = { order: 3, patterns: { skip: true }, classes: 5, modelM: 1, holdOut: 0.5 };
  await train({ sentences: ['a b', 'b a c', 'a c', 'c b'], out: small, ...options });
  const model = await LanguageModel.open(small);
  expect(model.info).toMatchObject({ clusterings: [], modelM: null });
  expect((await model.score('a c')).perplexity).toBeGreaterThan(1);
  await model.close();
  const pruned = { sentences: TEXT, out: join(folder, 'never'), order: 3, classes: 4, modelM: 1, prune: [0, 1] };
  await expect(train(pruned)).rejects.toMatchObject({ message: expect.stringMatching(/^modelM: /) as unknown });
});
