import type { NgramSource } from '../../count/ngram-source.js';
import type { ReadText, TextIds } from '../resume/checkpoints.js';

/** A source of counts that was opened: its vocabulary and figures, and its n-grams, whose words `vocabulary.ids` gives ids. */
export interface CountSource extends ReadText {
  readonly ngrams: NgramSource;
  /** The word numbers of the counted and of the held-out sentences, where the source is a text. */
  readonly streams?: TextIds;
  /** What is to be said of the source, one sentence each. */
  readonly warnings?: readonly string[];
}
