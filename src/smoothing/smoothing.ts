/** How counts become probabilities: modified Kneser-Ney, or the mixture over skip patterns too. */
export type Smoothing = 'mkn' | 'glm';

/** How a model makes probabilities: by smoothing counts, or as a back-off model, which has no counts. */
export type ModelSmoothing = Smoothing | 'backoff';

/** What a model's counts are smoothed with. */
export interface SmoothingOptions {
  /** Default: `glm` where the model has tuned weights, else `mkn`. */
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
