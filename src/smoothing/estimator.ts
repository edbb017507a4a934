import type { BlendEvidence } from './blend.js';
import type { Batch } from './batch.js';
import type { TextCache } from './cache.js';

/** Makes probabilities of what the tables say: a blend of counts, or a back-off model. */
export interface Estimator {
  /** log10 p of word `t` of a batch. @param cache the text so far, for models that can use it. */
  log10Prob(evidence: BlendEvidence, batch: Batch, t: number, cache?: TextCache): number;
  /** How many words of the longest n-gram that ends at word `t` the model has seen. At least 1. */
  matched(evidence: BlendEvidence, batch: Batch, t: number): number;
}
