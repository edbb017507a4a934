/**
 * How counts become probabilities: pure functions over typed arrays, without files or threads. `src/model` looks a batch of words
 * (batch.ts) up in the tables and fills in the evidence (evidence.ts); an estimator (estimator.ts) turns the evidence into
 * probabilities. {@link SMOOTHINGS} lists the methods. To add one, write its file here, its row, its test, and its line in the
 * docs.
 */
import { checkText, oneOf, type OptionTable } from '../base/check.js';
import { Backoff } from './backoff.js';
import { createBlend } from './blend.js';
import { estimateDiscounts, NO_DISCOUNTS } from './discounts.js';
import { oneDiscount } from './kneser-ney.js';
import type { SmoothingMethod } from './estimator.js';

/**
 * How counts become probabilities: `mkn`, modified Kneser-Ney; `kn`, Kneser-Ney with one discount an order; `glm`, the
 * generalized language model: modified Kneser-Ney interpolated over skip patterns too.
 */
export type Smoothing = 'mkn' | 'kn' | 'glm';

/** How a model makes probabilities: by smoothing counts, or as a back-off model, which has no counts. */
export type ModelSmoothing = Smoothing | 'backoff';

/** How a model's counts are smoothed. */
export interface SmoothingOptions {
  /** The smoothing. Default: `glm` if the model has tuned weights, else `mkn`. */
  readonly smoothing?: Smoothing;
  /** The weights of `glm`: `uniform`, or the name of a tuned set. Default: the set that training tuned, else `uniform`. */
  readonly weights?: string;
  /**
   * Scores with the weights that tuning starts from: equal ones, of which nothing was learned yet.
   *
   * @internal
   */
  readonly startingWeights?: boolean;
}

/** The methods, by name. */
export const SMOOTHINGS: Readonly<Record<ModelSmoothing, SmoothingMethod>> = {
  /** Interpolated modified Kneser-Ney (Chen & Goodman 1998): three discounts an order. */
  mkn: {
    title: 'modified Kneser-Ney',
    needs: 'counts',
    tables: 'contiguous',
    weights: false,
    baseline: true,
    discounts: estimateDiscounts,
    estimator: input => createBlend(input, estimateDiscounts),
  },
  /** Interpolated Kneser-Ney (Kneser & Ney 1995): one discount an order. */
  kn: {
    title: 'Kneser-Ney, one discount an order',
    needs: 'counts',
    tables: 'contiguous',
    weights: false,
    baseline: false,
    discounts: oneDiscount,
    estimator: input => createBlend(input, oneDiscount),
  },
  /** Generalized language model: modified Kneser-Ney interpolated over all skip patterns (Pickhardt et al. 2014), weights tuned or equal. */
  glm: {
    title: 'mixture over skip patterns',
    needs: 'counts',
    tables: 'all',
    weights: true,
    baseline: true,
    discounts: estimateDiscounts,
    estimator: input => createBlend(input, estimateDiscounts),
  },
  /** A back-off model (Katz 1987), as ARPA files hold it. */
  backoff: {
    title: 'a back-off model',
    needs: 'back-offs',
    tables: 'contiguous',
    weights: false,
    baseline: false,
    discounts: () => NO_DISCOUNTS,
    estimator: () => new Backoff(),
  },
};

/** The names of the methods for models with counts: the values of the option `smoothing`. */
export const SMOOTHING_NAMES = (Object.keys(SMOOTHINGS) as ModelSmoothing[]).filter(
  (name): name is Smoothing => SMOOTHINGS[name].needs === 'counts',
);

/** The checks of {@link SmoothingOptions}, but for the internal one. */
export const SMOOTHING_OPTIONS: OptionTable<Omit<SmoothingOptions, 'startingWeights'>> = {
  smoothing: oneOf(SMOOTHING_NAMES),
  weights: checkText,
};
