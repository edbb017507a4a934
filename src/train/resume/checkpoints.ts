import type { IdStream } from '../../count/id-stream.js';
import type { TableSummary } from '../../tables/table-writer.js';
import type { Sort } from '../../count/adjust.js';
import type { Vocabulary } from '../../count/vocabulary.js';
import type { Stream } from '../../tables/pattern.js';

/** How much was read of a text, and what it held. */
export interface TextFigures {
  readonly sentences: number;
  /** `</s>` not counted. */
  readonly tokens: number;
  /** Sentences that were held out. */
  readonly heldOut: number;
  /** Tokens of those, `</s>` not counted. */
  readonly heldOutTokens: number;
  /** Invalid sequences that were replaced. */
  readonly replaced: number;
  /** Literal `<s>` and `</s>` that were left out. */
  readonly dropped: number;
  /** Documents without text that were left out; missing in records of 0.1.0, which leave none out. */
  readonly skipped?: number;
}

/** A text that was read, but for its word numbers. */
export interface ReadText extends TextFigures {
  readonly vocabulary: Vocabulary;
}

/** The word numbers of a text: those that are counted, and those held out. */
export interface TextIds {
  readonly ids: IdStream;
  readonly heldOut: IdStream;
}

/** A table that is complete. */
export interface CountedTable extends TableSummary {
  readonly table: string;
}

/** What is left to do of a stream: the sorts that are not complete, and what is known of those that are. */
export interface LeftToCount {
  readonly sorts: readonly Sort[];
  readonly tables: readonly CountedTable[];
  /** By id, what the contiguous sort leaves for unigrams; zeros where it is not complete. */
  readonly unigrams: Uint32Array;
}

/**
 * Where a build writes down what it has done, so that another can go on with it. Whatever is not complete is done again, and
 * comes out the same: a model depends on the text and the options alone.
 */
export interface Checkpoints {
  /** Whether a build that was broken off is gone on with: its text is known. */
  readonly resumed: boolean;
  /** Begins to write the text down. It may be counted meanwhile. @param check stops the writing by throwing. */
  saveText(text: ReadText, ids: TextIds, check: () => void): void;
  /** The text that was written down. */
  loadText(ids: TextIds): Promise<ReadText>;
  /** Notes how many tables there will be. */
  beginCounting(tables: number): Promise<void>;
  leftToCount(stream: Stream, sorts: readonly Sort[], types: number): Promise<LeftToCount>;
  /** Notes that tables are complete, once the disk has them. */
  completed(tables: readonly CountedTable[]): Promise<void>;
  /** The class of every word, where it is known from before. */
  classes(types: number): Promise<Uint32Array | undefined>;
  /** Waits until nothing is being written. @throws what kept the text from being written. */
  settled(): Promise<void>;
}
