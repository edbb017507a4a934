import type { Progress } from '../../base/progress.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';
import type { PatternChoice } from '../../tables/pattern.js';
import type { DocumentOptions } from '../../text/formats/corpus.js';
import type { Sentences } from '../../text/sentences.js';
import type { TokenizationOptions } from '../../text/tokenization.js';

/** Where the text comes from: files, or sentences. Exactly one of the two. */
export type TrainingText =
  | {
      /** Paths of text files, also packed, of `.jsonl` or `.parquet` files, of folders, or `-` for standard input. */
      readonly files: readonly string[];
      readonly sentences?: never;
    }
  | {
      /** Sentences, as text or as tokens. */
      readonly sentences: Sentences;
      readonly files?: never;
    };

/** What a model is made of, wherever it is made. */
export interface BuildOptions {
  /** The highest order of n-grams, 1 to 12. Default 5. */
  readonly order?: number;
  /** Which skip patterns are counted besides the contiguous ones. Default: none. */
  readonly patterns?: PatternChoice;
  /**
   * The share of sentences that is not counted but held out to tune the mixture's weights on: 0.02 takes every 50th.
   * Default 0: nothing is held out, and nothing tuned.
   */
  readonly holdOut?: number;
  /** Into how many classes words are grouped, for the class model that tuned weights mix in. Default 0: none. */
  readonly classes?: number;
  /**
   * By order from 1, n-grams that the text holds at most so often are dropped; the last threshold holds for all higher orders.
   * The first is 0, and none is less than the one before. As `lmplz --prune`. Default: nothing is dropped.
   */
  readonly prune?: readonly number[];
  /** Which words the model knows. Default: all. */
  readonly vocabulary?: VocabularyChoice;
  /** How text becomes sentences and tokens, here and whenever the model scores. Default: lines and white space. */
  readonly tokenization?: TokenizationOptions;
  /** Lower-cases every token, here and whenever the model scores. Default false. */
  readonly lowercase?: boolean;
  /** Leaves out lines without a token, here and whenever the model scores. Default false: they are empty sentences. */
  readonly skipBlank?: boolean;
  /** What to do with a literal `<s>` or `</s>`. Default `refuse`. */
  readonly reserved?: 'refuse' | 'drop';
  /** Told how far training has come, a few times a second at most stages. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops training when aborted, within a second. Nothing is left behind, unless it is one with `resume`. */
  readonly signal?: AbortSignal;
}

/** What to train, and how. */
export type TrainOptions = TrainingText &
  DocumentOptions &
  BuildOptions & {
    /** The folder of the model. */
    readonly out: string;
    /** Bytes of memory to aim for; beyond them sorted runs go to the disk. Default: half of the machine's. */
    readonly memory?: number;
    /** Counting threads. Default: one a core. The model does not depend on it. */
    readonly threads?: number;
    /** Replaces a model that is in the folder. Default false. */
    readonly force?: boolean;
    /**
     * Goes on with a training that was broken off in this folder, from the text as it was read and the tables that were
     * complete; its model is that of a training that was not broken off. All other options but `memory` and `threads`, and the
     * files, must be those that it was begun with; sentences are not asked for again. Where there is nothing to go on with,
     * training begins anew. And if this one is broken off, by `signal` or an error, what it did is kept. Default false.
     */
    readonly resume?: boolean;
    /** Told at the beginning, with `resume`, how far the earlier training came; `undefined` where this one begins anew. */
    readonly onResume?: (reached: string | undefined) => void;
    /** The command that resumes this training, for the message of KNESER_UNFINISHED. Default: a call of the library. */
    readonly resumeCommand?: string;
  };
