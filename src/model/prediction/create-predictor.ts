import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import { BackoffPredictor } from './backoff-predictor.js';
import { DensePredictor } from './dense-predictor.js';
import { createMixturePredictor, type Predictor } from './predictor.js';

/** Makes the predictor of a model. */
export function createPredictor(scorer: Scorer, plan: SmoothingPlan): Predictor {
  const mixture = createMixturePredictor(scorer, plan);
  if (!mixture) return new BackoffPredictor(scorer, plan);
  return scorer.modelM ? new DensePredictor(scorer, scorer.modelM, plan, mixture) : mixture;
}
