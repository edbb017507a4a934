import { exp, log } from '../../base/elementary.js';
import { keepAbove, keepFirst } from './truncation.js';

/** Version 1 estimates the exponent of Zipf's law from this many ratios of neighbouring probabilities. */
const ZIPF_RATIOS = 100;

/** ln 2. */
const LN2 = Math.LN2;

/**
 * Mirostat (Basu et al. 2021): before each draw it keeps the types whose surprise is at most μ [bits], and after the draw it changes μ so
 * that the mean surprise of the drawn types approaches a target. Surprise is −log2 p of a type in the model, as in the paper. Programs that
 * use the probability after truncation instead miss the target.
 */
export class Mirostat {
  /** Version 2: the highest surprise of a type that may be drawn [bits]. Version 1: the bound from which the number of types is computed. */
  mu: number;

  /**
   * @param target the mean surprise to reach [bits].
   * @param rate the share of the distance between a surprise and the target by which μ changes.
   * @param vocabulary number of types.
   */
  constructor(
    private readonly target: number,
    private readonly rate: number,
    private readonly version: 1 | 2,
    private readonly vocabulary: number,
  ) {
    this.mu = 2 * target;
  }

  /** The smallest probability of a type that may be drawn; `undefined` if that depends on the distribution. */
  get least(): number | undefined {
    return this.version === 2 ? exp(-this.mu * LN2) : undefined;
  }

  /** Lowers the numbers of types that may be drawn. The parameters are those of `truncate`, with the probabilities of the model. */
  truncate(probabilities: Float64Array, counts: Uint32Array): void {
    const { least } = this;
    if (least !== undefined) keepAbove(probabilities, counts, least);
    else keepFirst(counts, zipfWords(zipfExponent(probabilities, counts), this.mu, this.vocabulary));
  }

  /** Changes μ after a draw. @param probability p of the drawn type in the model. */
  update(probability: number): void {
    const surprise = -log(probability) / LN2;
    this.mu -= this.rate * (surprise - this.target);
  }
}

/**
 * The exponent of Zipf's law by least squares on the ratios of the highest probabilities to their neighbours (Basu et al. 2021, equation
 * 12): s = Σ t_i b_i / Σ t_i² over i = 1 … 100, where b_i = ln(p_i / p_(i+1)) and t_i = ln((i + 1) / i).
 */
export function zipfExponent(probabilities: Float64Array, counts: Uint32Array): number {
  let [products, squares, rank, before] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length && rank <= ZIPF_RATIOS; i++) {
    for (let n = 0; n < counts[i] && rank <= ZIPF_RATIOS; n++) {
      const next = log(probabilities[i]);
      if (rank > 0) {
        const t = log((rank + 1) / rank);
        products += t * (before - next);
        squares += t * t;
      }
      before = next;
      rank++;
    }
  }
  return squares > 0 ? products / squares : 1;
}

/**
 * The number of types of version 1 (Basu et al. 2021, algorithm 1): k = round((ε 2^μ / (1 − n^−ε))^(1/s)) + 1 with ε = s − 1, for n types.
 * For s = 1 it is the limit, in which ε / (1 − n^−ε) becomes 1 / ln n. For s = 0 all types are equally probable, and all are kept.
 */
export function zipfWords(exponent: number, mu: number, vocabulary: number): number {
  if (vocabulary < 2 || exponent <= 0) return vocabulary;
  const epsilon = exponent - 1;
  const logSize = log(vocabulary);
  const factor = Math.abs(epsilon) < 1e-9 ? 1 / logSize : epsilon / (1 - exp(-epsilon * logSize));
  const words = exp((log(factor) + mu * LN2) / exponent);
  return words >= vocabulary ? vocabulary : Math.round(words) + 1;
}
