import type { Corpus } from '../../corpora/catalog.js';
import { SMOOTHINGS, type Smoothing } from '../smoothing/index.js';
import { pairedTest } from './bootstrap.js';
import type { WordOrderName } from '../text/word-order.js';
import type { Comparison, ModelReport, PublishedFigure } from './report.js';
import type { Measured } from './series.js';

/**
 * Compares each model with that of the smoothing that its own extends at the same order (the mixture with modified Kneser-Ney), with the
 * model one order lower, and, if it has another word order, with the model of the text's order.
 */
export function comparePairs(measured: readonly Measured[]): Comparison[] {
  const find = (
    smoothing: Smoothing | undefined,
    order: number | undefined,
    wordOrder?: WordOrderName,
  ): Measured | undefined =>
    measured.find(
      ({ candidate }) =>
        candidate.smoothing === smoothing && candidate.order === order && candidate.wordOrder === wordOrder,
    );
  const orders = [...new Set(measured.map(({ candidate }) => candidate.order))];
  const comparisons: Comparison[] = [];
  for (const model of measured) {
    const { smoothing, order, wordOrder } = model.candidate;
    const oneLower = find(smoothing, orders[orders.indexOf(order) - 1], wordOrder);
    const extended = find(SMOOTHINGS[smoothing].extends, order, wordOrder);
    const forward = wordOrder ? find(smoothing, order) : undefined;
    for (const against of [extended, oneLower, forward]) if (against) comparisons.push(comparePair(model, against));
  }
  return comparisons;
}

function comparePair(model: Measured, against: Measured): Comparison {
  const [a, b] = [model.report.micro.perplexity, against.report.micro.perplexity];
  const againstPerplexities = against.all.perplexities();
  const differences = model.all.perplexities().map((perplexity, i) => perplexity - againstPerplexities[i]);
  const { interval, p } = model.all.resampling.units > 1 ? pairedTest(differences) : { interval: null, p: null };
  const difference = a === null || b === null ? null : a - b;
  return {
    model: model.candidate.name,
    against: against.candidate.name,
    difference,
    interval,
    relative: difference === null || b === null ? null : difference / b,
    p,
  };
}

/** Published perplexities on the test set of a corpus, each with the perplexity of the model of this baseline that is of the nearest kind. */
export function publishedFigures(corpus: Corpus | undefined, models: readonly ModelReport[]): PublishedFigure[] {
  return (corpus?.published ?? [])
    .filter(({ split }) => split === 'test')
    .map(({ model, perplexity, source, counterpart }) => {
      const own = models.find(({ name }) => name === counterpart);
      return { model, perplexity, source, counterpart: own?.name ?? null, ours: own?.micro.perplexity ?? null };
    });
}
