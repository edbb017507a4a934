import { log } from '../base/elementary.js';
import type { TokenSpreads } from '../model/prediction/token-spreads.js';
import { bitsOf, orNull } from '../model/scoring/perplexity.js';
import type { ScoredTokens } from './scored.js';

/** Figures of the distributions after the histories of a document's tokens, `</s>` counted; `null` without tokens. */
export interface FeatureFigures {
  /** Mean of −log2 p [bits]. */
  readonly meanSurprisal: number | null;
  /** Standard deviation of −log2 p over the tokens [bits]. */
  readonly sdSurprisal: number | null;
  /** The highest −log2 p [bits]. */
  readonly maxSurprisal: number | null;
  /** Mean of ln rank. Rank 1 is the most probable type; equally probable types share the better rank. */
  readonly meanLogRank: number | null;
  /** Mean rank. */
  readonly meanRank: number | null;
  /** Share of tokens of rank 1 to 10. `top10`, `top100` and `top1000` are the colours of GLTR (Gehrmann et al. 2019). */
  readonly top10: number | null;
  /** Share of tokens of rank 11 to 100. */
  readonly top100: number | null;
  /** Share of tokens of rank 101 to 1,000. */
  readonly top1000: number | null;
  /** Mean entropy of the distributions [bits]. */
  readonly meanEntropy: number | null;
  /** Mean length of the longest n-gram of the model that ends at a token [tokens]. */
  readonly meanMatched: number | null;
  /**
   * (Σ ln p − Σ μ) / sqrt(Σ σ²) with the mean μ and the variance σ² of ln p under the distribution before each token: the analytic
   * curvature of Fast-DetectGPT (Bao et al. 2024). It is not a mean. The higher it is, the more the text is like text drawn from the model.
   */
  readonly curvature: number | null;
  /** −mean ln p / mean ln rank (DetectLLM; Su et al. 2023). */
  readonly lrr: number | null;
}

/** The features of a document, and the values of its tokens. */
export interface TokenFeatures {
  readonly figures: FeatureFigures;
  /** By token, its rank. */
  readonly ranks: readonly number[];
  /** By token, the entropy of the distribution after its history [bits]. */
  readonly entropies: readonly number[];
}

/** Computes the features of a document. @param spreads the figures of the distribution after the history of each token. */
export function features({ scores }: ScoredTokens, spreads: TokenSpreads): TokenFeatures {
  const { log10Probs, matched } = scores;
  const { entropies: nats, secondMoments } = spreads;
  const ranks = Array.from(spreads.ranks);
  const entropies = Array.from(nats, entropy => entropy / Math.LN2);
  let [variance, entropy, likelihood] = [0, 0, 0];
  for (let t = 0; t < ranks.length; t++) {
    entropy += nats[t];
    variance += secondMoments[t] - nats[t] ** 2;
    likelihood += log10Probs[t] * Math.LN10;
  }
  const n = ranks.length;
  const surprisals = Array.from(log10Probs, bitsOf);
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / n;
  const meanSurprisal = mean(surprisals);
  const meanLogRank = mean(ranks.map(log));
  const share = (from: number, to: number): number => ranks.filter(rank => rank >= from && rank <= to).length / n;
  const figures = {
    meanSurprisal,
    sdSurprisal: Math.sqrt(mean(surprisals.map(value => (value - meanSurprisal) ** 2))),
    maxSurprisal: surprisals.reduce((most, value) => Math.max(most, value), -Infinity),
    meanLogRank,
    meanRank: mean(ranks),
    top10: share(1, 10),
    top100: share(11, 100),
    top1000: share(101, 1000),
    meanEntropy: mean(entropies),
    meanMatched: mean(matched),
    curvature: (likelihood + entropy) / Math.sqrt(variance),
    lrr: -likelihood / n / meanLogRank,
  };
  const defined = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, orNull(value)]));
  return { figures: defined as unknown as FeatureFigures, ranks, entropies };
}
