import type { Batch } from './batch.js';
import { COUNT, TOTAL } from './evidence.js';
import type { BlendEvidence } from './blend.js';

/**
 * A back-off model (Katz 1987): p(w|h) as stored if the model has the n-gram; otherwise the back-off of h times p(w|h'),
 * where h' is h without its farthest word. A context that the model lacks has back-off 1; a word that it lacks has p = 0.
 */
export class Backoff {
  score(evidence: BlendEvidence, batch: Batch, log10Probs: Float64Array): void {
    for (let t = 0; t < batch.length; t++) log10Probs[t] = this.log10Prob(evidence, batch, t);
  }

  /** log10 p of word `t`. */
  private log10Prob({ words: evidence }: BlendEvidence, { available }: Batch, t: number): number {
    const { data, numbers } = evidence;
    let backoffs = 0;
    for (let length = available[t]; length >= 0; length--) {
      const at = evidence.at(t, length);
      const found = data[at + COUNT];
      if (found > 0) return backoffs + numbers[found - 1];
      const context = data[at + TOTAL];
      if (context > 0) backoffs += numbers[context - 1];
    }
    return -Infinity;
  }

  /** The length in words of the longest n-gram in the model that ends at word `t`. At least 1. */
  matched({ words: evidence }: BlendEvidence, { available }: Batch, t: number): number {
    let length = available[t];
    while (length > 0 && evidence.data[evidence.at(t, length) + COUNT] === 0) length--;
    return length + 1;
  }
}
