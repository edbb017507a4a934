import type { TokenScoring } from '../model/token-scoring.js';

/** The part of a document that is one sentence: each line (`lines`), or the whole document with its line ends read as spaces. */
export type DocumentUnit = 'lines' | 'document';

/** How documents are scored. */
export interface DocumentScoring {
  readonly model: TokenScoring;
  /** The models that a document may be compared with. */
  readonly against?: readonly TokenScoring[];
  /** Returns, for the index of a document, which model of `against` it is compared with. Default: the first. */
  readonly choose?: (index: number) => number;
  readonly unit: DocumentUnit;
  /** Whether the scores of each token are needed, and not only sums, which the threads add up. Default false. */
  readonly byToken?: boolean;
  /** With `byToken`: whether the tokens themselves are needed. */
  readonly texts?: boolean;
  /** With `byToken`: whether figures of the distributions after the tokens' histories are needed. */
  readonly spreads?: boolean;
}
