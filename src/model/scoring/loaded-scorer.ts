import { BatchLayout } from '../../smoothing/batch.js';
import { LOADED_BATCH, loadedTables } from '../lookup/loaded-table.js';
import { createEstimator, type BlendPlan } from './parts.js';
import type { TableMemory } from '../lookup/regions.js';
import { Scorer } from './scorer.js';

/** What a thread needs to score with tables in memory: the tables are shared, the rest is copied. */
export interface ScoringPlan extends BlendPlan {
  readonly wordTables: readonly TableMemory[];
  readonly classTables: readonly TableMemory[];
  /** What the tables of a back-off model point to. */
  readonly numbers: Float64Array | undefined;
}

/** Makes what scores, with working memory of its own. */
export function createLoadedScorer(plan: ScoringPlan): { scorer: Scorer; layout: BatchLayout } {
  const { order } = plan.manifest;
  const words = { tables: loadedTables(plan.wordTables, order) };
  const classes = plan.wordClasses && { tables: loadedTables(plan.classTables, order), classOf: plan.wordClasses.of };
  return {
    scorer: new Scorer(words, classes, createEstimator(plan), () => plan.numbers),
    layout: new BatchLayout(order, LOADED_BATCH),
  };
}
