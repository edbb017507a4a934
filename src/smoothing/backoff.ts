import type { Batch } from './batch.js';
import { COUNT, TOTAL } from './evidence.js';
import type { BlendEvidence } from './blend.js';

/**
 * A back-off model (Katz 1987): p(w|h) where the n-gram is there, and else the back-off of h times p(w|h') with the context
 * that is a word shorter; 0 for a word that the model does not have. The back-off of a context that is not there is 1.
 */
export class Backoff {
  log10Prob({ words: evidence }: BlendEvidence, { available }: Batch, t: number): number {
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

  /** How many words of the longest n-gram that ends at word `t` the model has. At least 1. */
  matched({ words: evidence }: BlendEvidence, { available }: Batch, t: number): number {
    let length = available[t];
    while (length > 0 && evidence.data[evidence.at(t, length) + COUNT] === 0) length--;
    return length + 1;
  }
}
