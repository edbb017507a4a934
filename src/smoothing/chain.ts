/** Interpolation in which each context backs off to exactly one shorter context: the context without its oldest word. */
export interface Chain {
  /** By number of context words: 0, D1, D2, D3+; with learned discounts, these four for each bucket of Σc. */
  readonly discounts: readonly Float64Array[];
  /** V: the empty context is interpolated with the uniform distribution 1/V. */
  readonly vocabulary: number;
}
