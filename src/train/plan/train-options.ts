import {
  checkFlag,
  checkFunction,
  checkPath,
  checkPaths,
  checkText,
  required,
  type OptionTable,
} from '../../base/check.js';
import { DOCUMENT_OPTIONS, type DocumentOptions } from '../../text/formats/corpus.js';
import { checkSentences, type Sentences } from '../../text/sentences.js';
import { BUILD_CHECKS, MACHINE_OPTIONS, type BuildOptions } from './options.js';

/** Where the text comes from: files, or sentences. Exactly one of the two. */
export type TrainingText =
  | {
      /** Paths of text files, also packed, of `.jsonl` or `.parquet` files, of folders, or `-` for standard input. */
      readonly files: readonly string[];
      /** @internal */
      readonly sentences?: never;
    }
  | {
      /** Sentences, as text or as tokens. */
      readonly sentences: Sentences;
      /** @internal */
      readonly files?: never;
    };

/** The options of {@link TrainOptions | training}: text, model, machine. */
export type TrainOptions = TrainingText &
  DocumentOptions &
  BuildOptions & {
    /** The folder of the model. */
    readonly out: string;
    /** Bytes of memory to aim for; sorted runs that do not fit go to the disk. Default: half of the machine's memory. */
    readonly memory?: number;
    /** Counting threads. Default: one a core. The model does not depend on their number. */
    readonly threads?: number;
    /** Replaces a model that is in the folder. Default false. */
    readonly force?: boolean;
    /**
     * Continues a training that was interrupted in this folder, from its stored text and its finished tables. The model is the same as
     * without an interruption. The files, and all options but `memory` and `threads`, must be the same as those of the interrupted
     * training; `sentences` are not read again. If there is nothing to continue, training begins anew. If `signal` or an error
     * interrupts this training too, its finished work is kept. Default false.
     */
    readonly resume?: boolean;
    /** With `resume`, called at the beginning: with a description of the finished work, or `undefined` if there is nothing to continue. */
    readonly onResume?: (reached: string | undefined) => void;
    /** The command line that resumes this training, for the message of KNESER_UNFINISHED. Default: a call of `train` with `resume: true`. */
    readonly resumeCommand?: string;
  };

/** The checks of {@link TrainOptions}. */
export const TRAIN_OPTIONS: OptionTable<TrainOptions> = {
  files: checkPaths,
  sentences: (_name, value) => checkSentences(value),
  out: required(checkPath),
  ...BUILD_CHECKS,
  ...DOCUMENT_OPTIONS,
  memory: MACHINE_OPTIONS.memory.check,
  threads: MACHINE_OPTIONS.threads.check,
  force: checkFlag,
  resume: checkFlag,
  onResume: checkFunction,
  resumeCommand: checkText,
};
