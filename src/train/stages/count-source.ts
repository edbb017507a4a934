import type { ModelWriter } from '../../store/store.js';
import type { TableManifest } from '../../tables/manifest.js';
import type { NgramSource } from '../../count/ngram-source.js';
import type { SortedTables } from '../../count/sorted-tables.js';
import type { ReadText, TextIds } from '../resume/checkpoints.js';

/** The figures of a source that is not a text: nothing was held out, replaced or dropped. */
export const NO_TEXT_CHANGES = { heldOut: 0, heldOutTokens: 0, replaced: 0, dropped: 0 } as const;

/** The vocabulary and the figures of a source that was opened. */
export interface SourceFigures extends ReadText {
  /** Warnings about the source, one sentence each. */
  readonly warnings?: readonly string[];
}

/** A source whose n-grams are to be counted; `vocabulary.ids` maps its word indices to ids. */
export interface CountSource extends SourceFigures {
  readonly ngrams: NgramSource;
  /** The word indices of the counted and of the held-out sentences, where the source is a text. */
  readonly streams?: TextIds;
  /**
   * By order from 1, the count up to which the source lacks n-grams, as far as it is known; missing if the source lacks none. With it,
   * the model is marked as pruned, because it does not know all raw counts.
   */
  readonly pruned?: readonly number[];
}

/** Models whose tables are merged in the order in which the models have them: no n-gram is sorted again. */
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
