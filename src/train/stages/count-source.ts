import type { ModelStore, ModelWriter } from '../../store/store.js';
import type { Manifest, TableManifest } from '../../tables/manifest.js';
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

/** A source whose tables become tries without being rows first. */
export interface TrieSource extends SourceFigures {
  /** Number of rows that it reads. */
  readonly rows: number;
  /** Writes the tries of all tables into the store of the new model. @returns the entries of the manifest. */
  writeTries(to: Pick<ModelWriter, 'put'>): Promise<TableManifest[]>;
}

/** A source whose tables are counted and sorted already. */
export interface SortedSource extends SourceFigures {
  readonly sorted: SortedTables;
}

/** A model whose counts become part of the counts of the new model. */
export interface CountedModel {
  /** The name of the model in messages. */
  readonly name: string;
  readonly store: ModelStore;
  readonly manifest: Manifest;
  /** The whole number by which its counts are multiplied before they are added up; negative to subtract them. */
  readonly times: number;
}

/** A model, and the number of each of its word ids in the joined list of words. */
export interface NumberedModel extends CountedModel {
  readonly numbers: Uint32Array;
}
