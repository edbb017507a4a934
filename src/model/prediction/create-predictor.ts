import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import { BackoffPredictor } from './backoff-predictor.js';
import { createMixturePredictor, type Predictor } from './predictor.js';

/** Makes the predictor of a model. */
export function createPredictor(scorer: Scorer, plan: SmoothingPlan): Predictor {
  return createMixturePredictor(scorer, plan) ?? new BackoffPredictor(scorer, plan);
}
