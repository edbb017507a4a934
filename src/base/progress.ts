/**
 * The stages that a progress report can be about. Training passes through `tokenize` … `tune` in this order (`kneser prune`
 * reports `prune` alone); `export`, `import` and `store` belong to ARPA files, `pack` and `unpack` to one-file models, `files` and
 * `verify` to `kneser verify`, `load` and `score` to a model that is open, `save` and `copy` to models in browsers and in memory.
 */
export type Stage =
  | 'tokenize'
  | 'sort'
  | 'count'
  | 'classes'
  | 'prune'
  | 'index'
  | 'tune'
  | 'export'
  | 'import'
  | 'store'
  | 'pack'
  | 'unpack'
  | 'files'
  | 'verify'
  | 'load'
  | 'score'
  | 'save'
  | 'copy';

/** How far one stage has come. */
export interface Progress {
  /** The work that is being done. */
  readonly stage: Stage;
  /** In `unit`s. */
  readonly done: number;
  /** In `unit`s; `undefined` if it cannot be known, as for standard input. */
  readonly total: number | undefined;
  /** The unit of `done` and `total`. */
  readonly unit: 'bytes' | 'tokens' | 'n-grams' | 'passes' | 'sentences';
}

/** How a caller follows and stops long work. */
export interface WorkOptions {
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the work when aborted (KNESER_ABORTED); the signal's reason is the error's `cause`. */
  readonly signal?: AbortSignal | undefined;
}
