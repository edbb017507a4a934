import type { ModelBuilder } from '../../tables/builder.js';
import type { TableSummary } from '../../tables/table-writer.js';
import type { NgramSource } from '../../count/ngram-source.js';
import type { SortedTables } from '../../count/sorted-tables.js';
import type { ReadText, TextIds } from '../resume/checkpoints.js';

/** The tables of words of a merged model, without that of unigrams. */
export interface MergedTables {
  readonly summaries: ReadonlyMap<string, TableSummary>;
  /** By id, the number of distinct words before it. */
  readonly unigrams: Uint32Array;
}

/** Models that are merged table by table, as they lie: no n-gram is sorted anew. */
export interface ModelTables {
  /** Writes the rows of all contiguous tables. */
  write(builder: ModelBuilder): Promise<MergedTables>;
}

/** The vocabulary and the figures of a source that was opened. */
export interface SourceFigures extends ReadText {
  /** What is to be said of the source, one sentence each. */
  readonly warnings?: readonly string[];
}

/** A source whose n-grams are to be counted; `vocabulary.ids` gives its words ids. */
export interface CountSource extends SourceFigures {
  readonly ngrams: NgramSource;
  /** The word indices of the counted and of the held-out sentences, where the source is a text. */
  readonly streams?: TextIds;
  /** The tables of words, where they need not be sorted: `ngrams` is then read for nothing. */
  readonly tables?: ModelTables;
  /**
   * Where n-grams were left out before they came here: by order from 1, the count up to which they were, as far as is known. The model is
   * then a pruned one, whose raw counts are not all known.
   */
  readonly pruned?: readonly number[];
}

/** A source whose tables are counted and sorted already. */
export interface SortedSource extends SourceFigures {
  readonly sorted: SortedTables;
}
