import type { Batch } from './batch.js';
import type { Estimator } from './estimator.js';
import { COUNT, TOTAL, type Evidence } from './evidence.js';

/**
 * A back-off model (Katz 1987): p(w|h) is the stored number if the model has the n-gram, otherwise the back-off of h times p(w|h'),
 * where h' is h without its oldest word. A context that the model lacks has back-off 1; a word that it lacks has p = 0.
 */
export class Backoff implements Estimator {
  readonly classChains = [];

  score(
    evidence: Evidence,
    _classes: readonly Float64Array[],
    _modelM: undefined,
    batch: Batch,
    log10Probs: Float64Array,
  ): void {
    for (let t = 0; t < batch.length; t++) log10Probs[t] = this.log10Prob(evidence, batch, t);
  }

  /** log10 p of word `t`. */
  private log10Prob(evidence: Evidence, { available }: Batch, t: number): number {
    const { data, numbers } = evidence;
    let log10Backoffs = 0;
    for (let length = available[t]; length >= 0; length--) {
      const at = evidence.at(t, length);
      // 1 + the index in `numbers`, or 0: see Evidence.
      const log10ProbIndex = data[at + COUNT];
      if (log10ProbIndex > 0) return log10Backoffs + numbers[log10ProbIndex - 1];
      const backoffIndex = data[at + TOTAL];
      if (backoffIndex > 0) log10Backoffs += numbers[backoffIndex - 1];
    }
    return -Infinity;
  }

  /** Length [words] of the longest n-gram of the model that ends at word `t` of the batch; at least 1. */
  matched(evidence: Evidence, { available }: Batch, t: number): number {
    let length = available[t];
    while (length > 0 && evidence.data[evidence.at(t, length) + COUNT] === 0) length--;
    return length + 1;
  }
}
