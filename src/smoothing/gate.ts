import { exp } from '../base/elementary.js';

/**
 * The shares π of several experts, each of which gives the next word a probability: P(w|h) = Σ_j π_j(h) · P_j(w|h). The shares are a
 * softmax, π_j = e^s_j / Σ_i e^s_i. Expert 0 has s_0 = 0; s_j of every other expert is a sum of parameters: a constant, and for each feature
 * of the history the parameter of the feature's value. No feature depends on the predicted word, so P sums to 1 if every P_j does.
 *
 * The parameters of an expert lie together: the constant, then `sizes[f]` parameters for each feature f.
 */
export class Gate {
  /** By expert: its share for the history that was weighed last; 0 for an expert that is absent. */
  readonly shares: Float64Array;
  /** Number of parameters of an expert. */
  private readonly stride: number;
  /** By feature: where its parameters begin among those of an expert. */
  private readonly offsets: Uint32Array;

  /**
   * @param experts number of experts, expert 0 included.
   * @param sizes by feature: its number of values.
   * @param parameters `Gate.parameters(experts, sizes)` numbers; learning changes them in place.
   */
  constructor(
    readonly experts: number,
    sizes: readonly number[],
    readonly parameters: Float64Array,
  ) {
    this.shares = new Float64Array(experts);
    this.offsets = new Uint32Array(sizes.length);
    let stride = 1;
    sizes.forEach((size, f) => {
      this.offsets[f] = stride;
      stride += size;
    });
    this.stride = stride;
  }

  /** Number of parameters. */
  static parameters(experts: number, sizes: readonly number[]): number {
    return (experts - 1) * sizes.reduce((sum, size) => sum + size, 1);
  }

  /**
   * Parameters before learning: the constants are `start`, all others 0.
   *
   * @param start s of every expert but expert 0.
   */
  static starting(experts: number, sizes: readonly number[], start: number): Float64Array {
    const length = Gate.parameters(experts, sizes);
    const stride = length / (experts - 1);
    return Float64Array.from({ length }, (_, i) => (i % stride === 0 ? start : 0));
  }

  /**
   * Sets `shares`.
   *
   * @param features by feature: its value for the history.
   * @param present by expert: 1 if it has a distribution after the history; expert 0 always has one. Default: all experts.
   */
  weigh(features: ArrayLike<number>, present?: Uint8Array): void {
    const { shares, parameters, offsets, stride, experts } = this;
    let highest = 0;
    shares[0] = 0;
    for (let j = 1, at = 0; j < experts; j++, at += stride) {
      if (present?.[j] === 0) continue;
      let sum = parameters[at];
      for (let f = 0; f < offsets.length; f++) sum += parameters[at + offsets[f] + features[f]];
      shares[j] = sum;
      if (sum > highest) highest = sum;
    }
    if (experts === 2) {
      // The softmax of 0 and s is the logistic function of s.
      shares[1] = present?.[1] === 0 ? 0 : 1 / (1 + exp(-shares[1]));
      shares[0] = 1 - shares[1];
      return;
    }
    let total = 0;
    for (let j = 0; j < experts; j++) {
      shares[j] = present?.[j] === 0 ? 0 : exp(shares[j] - highest);
      total += shares[j];
    }
    for (let j = 0; j < experts; j++) shares[j] /= total;
  }

  /** Σ_j π_j · P_j for the history that was weighed last. @param probabilities by expert: P_j of the word. */
  mix(probabilities: Float64Array): number {
    let sum = 0;
    for (let j = 0; j < this.experts; j++) sum += this.shares[j] * probabilities[j];
    return sum;
  }

  /**
   * Adds the derivatives of −ln P(w|h) by the parameters to `gradient`, for the history that was weighed last.
   *
   * @param mixed P(w|h).
   */
  backward(gradient: Float64Array, features: ArrayLike<number>, probabilities: Float64Array, mixed: number): void {
    const { shares, offsets, stride, experts } = this;
    for (let j = 1, at = 0; j < experts; j++, at += stride) {
      if (shares[j] === 0) continue;
      const slope = -shares[j] * (probabilities[j] / mixed - 1);
      gradient[at] += slope;
      for (let f = 0; f < offsets.length; f++) gradient[at + offsets[f] + features[f]] += slope;
    }
  }
}
