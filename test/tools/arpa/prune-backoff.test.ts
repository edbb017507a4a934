import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportArpa, importArpa, prune, train, type LoadedModel, type State } from '#kneser/src/index.js';
import { temporaryFolder, withOpen } from '../../support/models.js';

const folder = temporaryFolder('prune-backoff');
const at = (name: string): string => join(folder, name);

describe('pruning a back-off model by entropy', () => {
  const corpus = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 8 }), {
    minLength: 5,
    maxLength: 40,
  });

  /** A model of counts in back-off form. */
  async function imported(sentences: readonly string[][], order: number): Promise<string> {
    await train({ sentences, out: at('counts'), order, force: true });
    await exportArpa({ model: at('counts'), file: at('counts.arpa') });
    await importArpa({ file: at('counts.arpa'), out: at('whole'), force: true });
    return at('whole');
  }

  /** Σ p(w|h) over all words. */
  function sum(model: LoadedModel, history: readonly string[]): number {
    return [...model.vocabulary()].reduce((all, word) => all + 10 ** model.log10Prob(word, history), 0);
  }

  test('keeps distributions, and drops more the higher the threshold is', () =>
    fc.assert(
      fc.asyncProperty(corpus, fc.integer({ min: 2, max: 4 }), async (sentences, order) => {
        const model = await imported(sentences, order);
        let before = Infinity;
        for (const entropy of [1e-12, 1e-3, 1e-2, 1]) {
          const { tables } = await prune({ model, out: at('pruned'), entropy, force: true });
          const types = tables.reduce((all, table) => all + table.types, 0);
          expect(types).toBeLessThanOrEqual(before);
          before = types;
          await withOpen(at('pruned'), (paged, loaded) => {
            expect(paged.info.pruning).toEqual({ entropy });
            const histories = [[], ['<s>'], ...sentences.slice(0, 6).map(sentence => sentence.slice(0, 3))];
            for (const history of histories) expect(sum(loaded, history)).toBeCloseTo(1, 6);
          });
          // The pruned model can be exported, and the exported file imported.
          await exportArpa({ model: at('pruned'), file: at('pruned.arpa') });
          const again = await importArpa({ file: at('pruned.arpa'), out: at('again'), force: true });
          expect(again.ngrams.reduce((all, count) => all + count, 0)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 6 },
    ));

  const after = (loaded: LoadedModel, context: string): State =>
    context === '<s>' ? loaded.start() : loaded.extend(loaded.start({ start: false }), context).state;

  // The reference sums the relative entropy over all words of the vocabulary; `prune` sums it over the followers of the context.
  test('drops exactly the bigrams without which the perplexity rises by less than the threshold', () =>
    fc.assert(
      fc.asyncProperty(corpus, async sentences => {
        const model = await imported(sentences, 2);
        await withOpen(model, async (_, loaded) => {
          const words = [...loaded.vocabulary()];
          const p = (word: string, history: readonly string[]): number => 10 ** loaded.log10Prob(word, history);
          const unigram = new Map(words.map(word => [word, p(word, [])]));
          const losses = new Map<string, number>();
          for (const context of ['<s>', ...words.filter(word => !word.startsWith('<'))]) {
            const followers = words.filter(word => loaded.extend(after(loaded, context), word).matched === 2);
            for (const word of followers) {
              const [rest, restBelow] = [1, 1].map((one, i) =>
                followers.reduce(
                  (left, other) =>
                    left - (other === word ? 0 : i === 0 ? p(other, [context]) : (unigram.get(other) ?? 0)),
                  one,
                ),
              );
              const without = (other: string): number =>
                followers.includes(other) && other !== word
                  ? p(other, [context])
                  : ((unigram.get(other) ?? 0) * rest) / restBelow;
              const divergence = words.reduce((all, other) => {
                const q = p(other, [context]);
                return all + (q > 0 ? q * Math.log(q / without(other)) : 0);
              }, 0);
              losses.set(
                `${context} ${word}`,
                Math.expm1((unigram.get(context === '<s>' ? '</s>' : context) ?? 0) * divergence),
              );
            }
          }
          const sorted = [...losses.values()].sort((a, b) => a - b);
          const threshold = sorted[sorted.length >>> 1];
          if (!(threshold > 1e-9)) return;
          await prune({ model, out: at('pruned'), entropy: threshold * (1 + 1e-9), force: true });
          await withOpen(at('pruned'), (__, pruned) => {
            for (const [ngram, loss] of losses) {
              // log10 p has eight decimals in the ARPA file, so that probabilities sum to one, and entropies are right, to about 1e-8.
              if (Math.abs(loss - threshold) < 1e-8) continue;
              const [context, word] = ngram.split(' ');
              expect({ ngram, loss, kept: pruned.extend(after(pruned, context), word).matched === 2 }).toEqual({
                ngram,
                loss,
                kept: loss > threshold,
              });
            }
          });
        });
      }),
      { numRuns: 8 },
    ));
});
