/**
 * The stages of training, in their order, of which pruning has one; then those of ARPA files, of packed models, and of
 * verifying.
 */
export type Stage =
  | 'tokenize'
  | 'sort'
  | 'count'
  | 'classes'
  | 'prune'
  | 'tune'
  | 'export'
  | 'import'
  | 'store'
  | 'pack'
  | 'unpack'
  | 'files'
  | 'verify';

/** How far training has come. */
export interface Progress {
  /** What is being done. */
  readonly stage: Stage;
  /** In `unit`s. */
  readonly done: number;
  /** `undefined` where it cannot be known, as with standard input. */
  readonly total: number | undefined;
  /** The unit of `done` and `total`. */
  readonly unit: 'bytes' | 'tokens' | 'n-grams' | 'passes';
}
