import type { Mixture } from '../smooth/mixture.js';
import type { Batch } from './batch.js';
import { Evidence, type CountTable } from './evidence.js';

/** The results of a batch: entry t is for word t. Reused by the next batch. */
export interface BatchScores {
  /** log10 p. */
  readonly log10Probs: Float64Array;
  /** The length of the longest n-gram found ending at the word; 1 for a word outside the vocabulary. */
  readonly matched: Uint8Array;
}

/**
 * Scores batches. Written as a generator that yields what must be awaited before it can go on: with loaded tables that
 * is nothing, and it runs to its end at once; so both ways of reading share one path.
 */
export class Scorer {
  private readonly evidence: Evidence;
  private readonly scores: BatchScores;

  /** @param capacity the most words a batch may have. */
  constructor(
    private readonly tables: readonly CountTable[],
    private readonly mixture: Mixture,
    capacity: number,
  ) {
    this.evidence = new Evidence(tables.length, capacity);
    this.scores = { log10Probs: new Float64Array(capacity), matched: new Uint8Array(capacity) };
  }

  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    const { evidence, mixture } = this;
    const { log10Probs, matched } = this.scores;
    for (const table of this.tables) {
      const reading = table.look(batch, evidence);
      if (reading) yield reading;
    }
    for (let t = 0; t < batch.length; t++) {
      const available = batch.available[t];
      log10Probs[t] = Math.log10(mixture.probability(evidence, t, available));
      matched[t] = batch.oov[t] === 1 ? 1 : mixture.matched(evidence, t, available);
    }
    return this.scores;
  }
}

/** Runs a generator whose yielded promises are awaited. */
export async function runAwaiting<T>(steps: Generator<Promise<void>, T, void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await step.value;
  }
}

/** Runs a generator that has nothing to wait for. */
export function runAtOnce<T>(steps: Generator<Promise<void>, T, void>): T {
  const step = steps.next();
  if (!step.done) throw new Error('a loaded model waited for its store');
  return step.value;
}
