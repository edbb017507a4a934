import type { Batch } from './batch.js';
import type { Evidence } from './evidence.js';
import type { StepEvidence } from './model-m.js';

/** The evidence of a batch from the tables of words, and from the tables of each clustering that has a class model. */
export interface BlendEvidence {
  readonly words: Evidence;
  readonly clusterings: readonly ClassEvidence[];
  /** From the tables of Model M; `undefined` without it. */
  readonly steps?: StepEvidence | undefined;
}

/** The evidence of a batch from the tables of the classes of one clustering. */
export interface ClassEvidence {
  readonly evidence: Evidence;
  /** The batch with class ids in place of word ids. */
  readonly batch: Batch;
}
