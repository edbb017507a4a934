import type { ModelWriter } from '../../store/store.js';
import type { TableManifest } from '../../tables/manifest.js';
import type { NgramSource } from '../../count/ngram-source.js';
import type { SortedTables } from '../../count/sorted-tables.js';
import type { ReadText, TextIds } from '../resume/checkpoints.js';

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
  /**
   * Where n-grams were left out before they came here: by order from 1, the count up to which they were, as far as is known. The model is
   * then a pruned one, whose raw counts are not all known.
   */
  readonly pruned?: readonly number[];
}

/** Models that are merged table by table, as they lie: no n-gram is sorted anew. */
export interface MergedSource extends SourceFigures {
  /** Number of rows of all tables of the models. */
  readonly rows: number;
  /** Writes the tries of all tables into the store of the new model. @returns the entries of the manifest. */
  writeTries(to: Pick<ModelWriter, 'put'>): Promise<TableManifest[]>;
}

/** A source whose tables are counted and sorted already. */
export interface SortedSource extends SourceFigures {
  readonly sorted: SortedTables;
}
