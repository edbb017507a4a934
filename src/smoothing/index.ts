/**
 * This folder turns counts into probabilities: pure functions over typed arrays, without files or threads. `src/model` looks a batch
 * of words (batch.ts) up in the tables and puts their counts into the evidence (evidence.ts); an estimator (estimator.ts) turns the
 * evidence into probabilities. {@link SMOOTHINGS} lists the methods. `cache/` mixes a running text into the probabilities. CONTRIBUTING.md says
 * how to add a method.
 */
import { checkText, oneOf, type OptionTable } from '../base/check.js';
import { Backoff } from './backoff.js';
import { createBlend } from './blend.js';
import { estimateDiscounts, NO_DISCOUNTS } from './discounts.js';
import { oneDiscount } from './kneser-ney.js';
import type { Estimator, EstimatorInput, SmoothingMethod } from './estimator.js';

/**
 * How a model turns counts into probabilities: `mkn`, modified Kneser-Ney; `kn`, Kneser-Ney with one discount an order; `glm`, the
 * generalized language model, which interpolates modified Kneser-Ney over skip patterns, too.
 */
export type Smoothing = 'mkn' | 'kn' | 'glm';

/** How a model gets its probabilities: it smooths counts, or it is a back-off model, which has no counts. */
export type ModelSmoothing = Smoothing | 'backoff';

/** How the counts of a model are smoothed. */
export interface SmoothingOptions {
  /** The smoothing. Default: `glm` if the model has tuned weights, else `mkn`. */
  readonly smoothing?: Smoothing;
  /** The weights of `glm`: `uniform`, or the name of a tuned set. Default: the set that training tuned, else `uniform`. */
  readonly weights?: string;
  /**
   * Scores with the equal weights with which tuning starts, in place of a tuned set. Default false.
   *
   * @internal
   */
  readonly startingWeights?: boolean;
}

/** The smoothing methods by name. */
export const SMOOTHINGS: Readonly<Record<ModelSmoothing, SmoothingMethod<Smoothing>>> = {
  /** Interpolated modified Kneser-Ney (Chen & Goodman 1998), with three discounts an order. */
  mkn: {
    title: 'modified Kneser-Ney',
    needs: 'counts',
    tables: 'contiguous',
    weights: false,
    isInBaseline: true,
    discounts: estimateDiscounts,
    estimator: input => createBlend(input, estimateDiscounts),
  },
  /** Interpolated Kneser-Ney (Kneser & Ney 1995), with one discount an order. */
  kn: {
    title: 'Kneser-Ney, one discount an order',
    needs: 'counts',
    tables: 'contiguous',
    weights: false,
    isInBaseline: false,
    discounts: oneDiscount,
    estimator: input => createBlend(input, oneDiscount),
  },
  /** Generalized language model (Pickhardt et al. 2014): modified Kneser-Ney interpolated over skip patterns, with tuned or equal weights. */
  glm: {
    title: 'mixture over skip patterns',
    needs: 'counts',
    tables: 'all',
    weights: true,
    isInBaseline: true,
    extends: 'mkn',
    discounts: estimateDiscounts,
    estimator: input => createBlend(input, estimateDiscounts),
  },
  /** A back-off model (Katz 1987), such as an imported ARPA file. */
  backoff: {
    title: 'a back-off model',
    needs: 'back-offs',
    tables: 'contiguous',
    weights: false,
    isInBaseline: false,
    discounts: () => NO_DISCOUNTS,
    estimator: () => new Backoff(),
  },
};

/** The smoothing of a model with counts, unless the caller chooses one. @param isTuned whether tuned weights are used. */
export function defaultSmoothing(isTuned: boolean): Smoothing {
  return isTuned ? 'glm' : 'mkn';
}

/** Makes an estimator, which only one thread may use. */
export function createEstimator(plan: EstimatorInput & { readonly smoothing: ModelSmoothing }): Estimator {
  return SMOOTHINGS[plan.smoothing].estimator(plan);
}

/** The names of the methods for models with counts, which are the values of the option `smoothing`. */
export const SMOOTHING_NAMES = (Object.keys(SMOOTHINGS) as ModelSmoothing[]).filter(
  (name): name is Smoothing => SMOOTHINGS[name].needs === 'counts',
);

/** The checks of {@link SmoothingOptions}, without `startingWeights`. */
export const SMOOTHING_OPTIONS: OptionTable<Omit<SmoothingOptions, 'startingWeights'>> = {
  smoothing: oneOf(SMOOTHING_NAMES),
  weights: checkText,
};
