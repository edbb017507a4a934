/**
 * The stages of work that progress is reported for. Training passes through `tokenize` … `tune` in this order, without the stages that it does
 * not need; pruning a model through `prune` and `index`. `load` loads tables; `score` scores or compares texts and documents. `export` writes
 * an ARPA file and `import` reads one; `store` stores tables that are not counted here: those of an ARPA file, of `mix` or of a job of Spark.
 * `pack` and `unpack` belong to packed models, `files` and `verify` to the command `verify`, `save` to models in browsers, `copy` to models in memory.
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
  /** The stage. */
  readonly stage: Stage;
  /** The work done so far, in `unit`s. */
  readonly done: number;
  /** All work of the stage, in `unit`s; `undefined` if it is not known, as for standard input. */
  readonly total: number | undefined;
  /** The unit of `done` and `total`. */
  readonly unit: 'bytes' | 'tokens' | 'n-grams' | 'passes' | 'sentences';
}

/** Options with which a caller watches and stops long work. */
export interface WorkOptions {
  /** Called with the progress, in most stages a few times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the work when aborted (KNESER_ABORTED); the signal's reason is the error's `cause`. */
  readonly signal?: AbortSignal | undefined;
}
