import { LanguageModel } from 'kneser';
import type { Case, Suite } from './suite.js';
import { ORDER, readSentences } from './text.js';

/** Number of different n-grams that a hot case repeats. */
const HOT = 16;
/** Number of sentences that an operation of a cold case scores. */
const COLD_SENTENCES = 100;
/** Step from one item of a list to the next, modulo the length of the list: a prime, so that items come from all over the list. */
const STRIDE = 1_000_003;

/**
 * Scores the held-out text. A loaded model has its tables in memory; a paged model reads blocks as needed. A hot case scores the same few
 * contexts again and again; a cold case scores contexts from all over the text, and its paged model keeps almost no block in memory.
 */
export const scoreSuite: Suite = {
  name: 'score',
  async prepare(text) {
    const path = await text.model();
    const paged = await LanguageModel.open(path, { tables: 'page' });
    const uncached = await LanguageModel.open(path, { tables: 'page', blockMemory: 0 });
    const loaded = await paged.load();
    const sentences = await readSentences(text.heldOut);
    const { tokens } = loaded.perplexity(sentences);
    const ngrams = scattered(sentences.flatMap(ngramsOf));
    const hotSentence = sentences[sentences.length >>> 1];
    const coldSentences = scattered(sentences).slice(0, COLD_SENTENCES);
    const coldTokens = coldSentences.reduce((sum, sentence) => sum + sentence.length + 1, 0);

    const log10Prob = (name: string, queries: readonly Ngram[]): Case => {
      let next = 0;
      const run = (): number => {
        const { token, history } = queries[next];
        if (++next === queries.length) next = 0;
        return loaded.log10Prob(token, history);
      };
      return { name, work: 1, unit: 'tokens', run };
    };
    const scoreAll = async (model: LanguageModel): Promise<void> => {
      for (const sentence of coldSentences) await model.score(sentence);
    };
    const hot = { work: hotSentence.length + 1, unit: 'tokens' };
    const cold = { work: coldTokens, unit: 'tokens' };
    const file = { work: tokens, unit: 'tokens' };
    const loadedCold = (): void => {
      for (const sentence of coldSentences) loaded.score(sentence);
    };
    return {
      cases: [
        log10Prob('log10Prob, loaded, hot', ngrams.slice(0, HOT)),
        log10Prob('log10Prob, loaded, cold', ngrams),
        { name: 'score, loaded, hot', ...hot, run: () => loaded.score(hotSentence) },
        { name: 'score, loaded, cold', ...cold, run: loadedCold },
        { name: 'score, paged, hot', ...hot, run: () => paged.score(hotSentence) },
        { name: 'score, paged, cold', ...cold, run: () => scoreAll(uncached) },
        { name: 'perplexityOfFile, loaded', ...file, run: () => loaded.perplexityOfFile(text.heldOut) },
        { name: 'perplexityOfFile, paged', ...file, run: () => paged.perplexityOfFile(text.heldOut) },
        { name: 'perplexityOfFile, paged, no cache', ...file, run: () => uncached.perplexityOfFile(text.heldOut) },
      ],
      close: async () => {
        await paged.close();
        await uncached.close();
      },
    };
  },
};

interface Ngram {
  readonly token: string;
  /** The tokens before `token`, oldest first. */
  readonly history: readonly string[];
}

/** Every token of a sentence, with as much of its history as the model uses. */
function ngramsOf(sentence: readonly string[]): Ngram[] {
  const words = ['<s>', ...sentence, '</s>'];
  return words.slice(1).map((token, i) => ({ token, history: words.slice(Math.max(0, i + 2 - ORDER), i + 1) }));
}

/** The items in an order that jumps over the whole list, and is the same in each run. */
function scattered<T>(items: readonly T[]): T[] {
  const { length } = items;
  const step = length % STRIDE === 0 ? 1 : STRIDE;
  return items.map((_, i) => items[(i * step) % length]);
}
