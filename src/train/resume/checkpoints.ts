/**
 * src/train/resume: a training stores its finished work, and a later one continues from there. This file, `checkpoints.ts`, has the
 * interface that stages know; `unfinished-build.ts` implements it in a folder. `beginning.ts` says which options and files must be the same;
 * `record.ts` reads, writes and compares records; `text.ts` stores the text; `tables.ts` checks stored tables; `files.ts` writes files that
 * survive a crash.
 */
import type { IdStream } from '../../count/id-stream.js';
import type { TableSummary } from '../../tables/table-writer.js';
import type { Sort } from '../../count/adjust.js';
import type { Vocabulary } from '../../count/vocabulary.js';
import type { ClassStream, Stream } from '../../tables/pattern.js';

/** Figures of a text that was read. */
export interface TextFigures {
  /** Sentences that are counted. */
  readonly sentences: number;
  /** Tokens of the counted sentences, without `</s>`. */
  readonly tokens: number;
  /** Sentences that are held out. */
  readonly heldOut: number;
  /** Tokens of the held-out sentences, without `</s>`. */
  readonly heldOutTokens: number;
  /** Invalid UTF-8 sequences that were replaced by U+FFFD. */
  readonly replaced: number;
  /** Literal `<s>` and `</s>` tokens that were left out. */
  readonly dropped: number;
  /** Documents without text that were left out; missing in records of 0.1.0, which leaves out no document. */
  readonly skipped?: number;
}

/** A text that was read: its figures and vocabulary, without the word indices. */
export interface ReadText extends TextFigures {
  readonly vocabulary: Vocabulary;
}

/** The word indices of a text. */
export interface TextIds {
  /** The word indices of the counted sentences. */
  readonly ids: IdStream;
  /** The word indices of the held-out sentences. */
  readonly heldOut: IdStream;
}

/** A finished table. */
export interface CountedTable extends TableSummary {
  /** The name of the table, as `tableName` writes it. */
  readonly table: string;
}

/** The finished part of the counting of a stream, and the sorts that are left. */
export interface LeftToCount {
  /** The sorts that are left to be done. */
  readonly sorts: readonly Sort[];
  /** The finished tables of the build, of both streams. */
  readonly tables: readonly CountedTable[];
  /** By id, the adjusted counts of the unigrams, which the contiguous sort counts; zeros if that sort is left to be done. */
  readonly unigrams: Uint32Array;
}

/**
 * Stores the finished work of a build, so that a later build can continue from it. The later build repeats unfinished work, with the same
 * result, because a model depends only on the text and the options.
 *
 * - Input: the text, once it is read; each table, once it is finished.
 * - Output, for a later build: the text, the sorts that are left, and the class of each word.
 * - Calls: `saveText` or `loadText`; `beginCounting`; for words `leftToCount`, and `completed` after each finished sort; `classes`; for
 *   classes again `leftToCount` and `completed`.
 */
export interface Checkpoints {
  /** Whether this build continues an interrupted one, whose text is stored. */
  readonly resumed: boolean;
  /** Whether tables of the interrupted build are finished. */
  readonly hasTables: boolean;
  /** Begins to store the text, which may be counted meanwhile. @param check called between writes; stops them by throwing. */
  saveText(text: ReadText, ids: TextIds, check: () => void): void;
  /** Reads the stored text. @param ids the streams that take its word indices. */
  loadText(ids: TextIds): Promise<ReadText>;
  /** Records how many tables are sorted in all, for messages on progress. */
  beginCounting(tables: number): Promise<void>;
  /**
   * Finds the finished sorts of a stream, and removes the blocks of unfinished ones.
   *
   * @param types the number of ids in use.
   * @param check called for each block that is read; stops the search by throwing KNESER_ABORTED.
   */
  leftToCount(stream: Stream, sorts: readonly Sort[], types: number, check: () => void): Promise<LeftToCount>;
  /** Waits until the disk has the tables, and records them as finished. */
  completed(tables: readonly CountedTable[]): Promise<void>;
  /** The stored class of every id in a clustering; `undefined` if no classes are stored for this number of ids. */
  classes(stream: ClassStream, types: number): Promise<Uint32Array | undefined>;
  /** Waits until the text is stored. @throws the error that kept it from being stored. */
  settled(): Promise<void>;
}
