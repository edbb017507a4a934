import { isFromCaller } from './call-back.js';

/**
 * The exit code of the command line for each error code. There are three kinds of error:
 *
 * - 2, the caller must change something: an option, an input, an output that exists, a model of another version;
 * - 1, the work failed on the way: disk full, I/O error, damaged model;
 * - 130, the caller interrupted the work.
 *
 * The comment on each code says its cause, then its remedy. `docs/errors.md` is made of these comments; rewrite it with
 * `npx vitest run test/docs/errors.test.ts -u`.
 */
interface ExitCodes {
  /**
   * An option or argument has a value that is not allowed, or two options exclude each other. The message names the
   * option and the values that it takes.
   */
  KNESER_OPTION: 2;
  /** A file, model folder, packed model or address does not exist. Check the path or the address. */
  KNESER_INPUT_MISSING: 2;
  /**
   * An input exists but cannot be read: no permission, a folder where a file is meant, an address that needs a login, standard input that
   * was read before, or bytes that are not UTF-8 text: an archive, an image, UTF-16. Fix the permission, run the command in the message, or
   * name another input; `--any-bytes` (`anyBytes: true`), where it is an option, reads any bytes as text.
   */
  KNESER_INPUT_UNREADABLE: 2;
  /** An input contains no token: an empty text, vocabulary, ARPA file or table. Check that it is the right file. */
  KNESER_INPUT_EMPTY: 2;
  /** A `.gz` file is damaged, cut short, or not gzip. Make or copy the file again. */
  KNESER_INPUT_GZIP: 2;
  /**
   * A `.zst` file is damaged, cut short, not zstd, or needs a window above 128 MB. Test it with `zstd -t`; compress it
   * without `--long`.
   */
  KNESER_INPUT_ZSTD: 2;
  /**
   * A line of a JSON Lines file is not a JSON object, or its field is not a string. The message has the line number;
   * `--field` (`field`) chooses another field.
   */
  KNESER_INPUT_JSON: 2;
  /**
   * A Parquet file is damaged, lacks the column, or has it in a form that kneser does not read. Copy the file again, write it in the form
   * that the message names, or choose another column of strings by `--column` (`column`).
   */
  KNESER_INPUT_PARQUET: 2;
  /**
   * A line of an ARPA file breaks the format: a wrong number of n-grams, a missing context, a positive log10
   * probability. The message has the line number; write the file again with the toolkit that made it.
   */
  KNESER_INPUT_ARPA: 2;
  /**
   * A line of a file of n-gram counts has no words, no whole number, or `<s>` or `</s>` inside an n-gram. The message has
   * the line number; `docs/formats.md` has the forms that are read.
   */
  KNESER_INPUT_COUNTS: 2;
  /**
   * A line of a file of n-best lists has no candidates, or another form than JSON, Moses and SRILM; or the references do not
   * fit the lists. The message has the line number; `docs/decoding.md` has the forms that are read.
   */
  KNESER_INPUT_NBEST: 2;
  /**
   * The folder of a Spark job is not finished, or its copy differs from the folder that the job wrote: a part is missing, a file
   * is cut short, rows do not ascend. Let the job finish, copy its folder `model` again, or run the job again.
   */
  KNESER_INPUT_SPARK: 2;
  /**
   * A line of a vocabulary list (`--vocab`) or a list of stopwords (`--stopwords`) has another form than the lines before, or an unknown
   * form. The message has the line number; `docs/formats.md` has the forms that are read.
   */
  KNESER_INPUT_VOCABULARY: 2;
  /**
   * The training text contains a literal `<s>` or `</s>`, the sentence markers. Remove them from the text, or leave them
   * out with `--reserved drop` (`reserved: 'drop'`).
   */
  KNESER_INPUT_RESERVED: 2;
  /**
   * A file of a catalogued corpus has another SHA-256 than the published file. Download the corpus again, or name the
   * files with `--train`, `--valid` and `--test`.
   */
  KNESER_INPUT_CHECKSUM: 2;
  /**
   * A table for `kneser compare` or `kneser weigh` lacks a column or a row, has a cell that is not a number, or has
   * other tokens than the table with which it is compared. The message has the line number; write the table again.
   */
  KNESER_INPUT_TABLE: 2;
  /**
   * A `tokenizer.json` or a SentencePiece model is invalid, uses a step that is not supported, or failed on a text. Choose
   * another tokenizer, or correct the file.
   */
  KNESER_TOKENIZER: 2;
  /**
   * The path of the output exists already, or another process is writing there. Pass `--force` (`force: true`)
   * to replace a model, or name another output.
   */
  KNESER_OUTPUT_EXISTS: 2;
  /**
   * The output cannot be written there: no permission, a read-only disk, or a packed model, which cannot be changed. Fix the
   * permission, name another output, or unpack the model.
   */
  KNESER_OUTPUT_DENIED: 2;
  /**
   * The path leads to a file or folder that is not a model. Name a folder made by `kneser train`, or a file made by
   * `kneser pack`. In a browser: another program made the database of this name; name the model otherwise.
   */
  KNESER_NOT_A_MODEL: 2;
  /**
   * The training of this model was interrupted. Run the command in the message: it continues with `--resume` (`resume:
   * true`).
   */
  KNESER_UNFINISHED: 2;
  /**
   * The model has a format that this version of kneser does not read. Convert a model of kneser 0.1.0 with `kneser
   * upgrade`; for other models, train again or use a newer kneser.
   */
  KNESER_VERSION: 2;
  /**
   * A back-off model (imported from ARPA) has probabilities but no counts, which this operation needs. Use a model made
   * by `kneser train`. `kneser counts`, `merge` and `subtract` also refuse a pruned model, which lacks some of its
   * counts.
   */
  KNESER_NO_COUNTS: 2;
  /**
   * The model reads the words of a sentence in another order than that of the text (`--word-order`), and the work needs that of
   * the text: predicting, completing, decoding, writing an ARPA file. Use a model trained with word order `forward`.
   */
  KNESER_WORD_ORDER: 2;
  /**
   * The text or model is larger than a limit of memory or of 32-bit counts. The message names what is too large and the
   * option that helps; `docs/reliability.md` lists the limits.
   */
  KNESER_LIMIT: 2;
  /**
   * A file or value of a model was changed after it was written: its checksum, order or length is wrong. Copy the model again or
   * train it again; `kneser verify` lists all damage.
   */
  KNESER_DAMAGED: 1;
  /**
   * Reading or writing failed: a disk error, too many open files, a broken connection, a file, or a model that the browser keeps,
   * replaced while it was read. The message has the reason; remove it and try again.
   */
  KNESER_IO: 1;
  /** The disk, the quota or the browser's storage is full. Free some space and run again. */
  KNESER_DISK_FULL: 1;
  /** A method of a model was called after `close`. Open the model again. */
  KNESER_CLOSED: 2;
  /** This machine is big-endian; models are little-endian. Use another machine. */
  KNESER_PLATFORM: 2;
  /**
   * An `AbortSignal`, Ctrl-C or SIGTERM stopped the work; the signal's `reason` is the error's `cause`. Nothing was kept, unless the training was started with
   * `--resume` (`resume: true`).
   */
  KNESER_ABORTED: 130;
}

/** The stable code of a {@link KneserError}. `docs/errors.md` lists the cause and the remedy of each. */
export type ErrorCode = keyof ExitCodes;

/** The exit codes other than 2. The list of all would take 0.2 kB of every page. */
const EXIT_CODES: { readonly [Code in ErrorCode as ExitCodes[Code] extends 2 ? never : Code]: ExitCodes[Code] } = {
  KNESER_DAMAGED: 1,
  KNESER_IO: 1,
  KNESER_DISK_FULL: 1,
  KNESER_ABORTED: 130,
};

/**
 * The one error type of this library. `code` is stable and meant for programs; the message names the file, line or
 * option at fault and says what to do.
 *
 * @example
 * ```ts
 * import { KneserError, LanguageModel } from 'kneser';
 *
 * try {
 *   await LanguageModel.open('no-such-model');
 * } catch (error) {
 *   if (!(error instanceof KneserError) || error.code !== 'KNESER_INPUT_MISSING') throw error;
 *   console.log(error.message); // no-such-model: there is no such model folder
 * }
 * ```
 */
export class KneserError extends Error {
  /** Always `KneserError`. */
  override readonly name = 'KneserError';
  /** The kind of error, for programs. */
  readonly code: ErrorCode;

  /** The entries of the package have a class each: an error of one is an instance of all. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof Error && error.name === 'KneserError';
  }

  /** @internal */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The exit code that the command line gives for this error: 2, 1 or 130. */
  get exitCode(): 1 | 2 | 130 {
    return (EXIT_CODES as { readonly [Code in ErrorCode]?: 1 | 130 })[this.code] ?? 2;
  }
}

/**
 * The error for work that the caller stopped.
 *
 * @param work a noun that begins the message: `training`.
 * @param reason the reason of the signal: it becomes the error's cause.
 * @param kept the end of the message: which results of the work were kept.
 */
export function abortedError(work: string, reason: unknown, kept = 'nothing was kept'): KneserError {
  return new KneserError('KNESER_ABORTED', `${work} was interrupted; ${kept}`, { cause: reason });
}

/** Stops the work if the caller has aborted the signal. @param work a noun that begins the message: `training`. @throws KNESER_ABORTED */
export function checkAborted(signal: AbortSignal | undefined, work: string): void {
  if (signal?.aborted) throw abortedError(work, signal.reason);
}

/** The error for a worker whose file could not be loaded. @param reason the engine's message, if it gives one. */
export function workerError(address: URL, reason?: string): KneserError {
  return new KneserError(
    'KNESER_IO',
    `${address.href}: this worker could not be loaded${reason ? ` (${reason})` : ''}; a bundler must keep its file beside the ` +
      'program, and a server must send it: see docs/native-free.md',
  );
}

/** The error of a call on a closed model. @param model its name. */
export function closedError(model: string): KneserError {
  return new KneserError('KNESER_CLOSED', `${model}: this model was closed`);
}

/** The `code` of the system error (`ENOENT`, `EIO` …) that an error is or has among its causes; `undefined` if there is none. */
export function systemCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  }
  return undefined;
}

/** What is wrong, and what to do, if {@link isOutOfFiles}. */
export const OUT_OF_FILES = 'too many files are open; raise the limit (ulimit -n)';

/** Whether the reason of an error is that this process, or the machine, has too many files open. */
export function isOutOfFiles(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE' || /\bE[MN]FILE\b|[Tt]oo many open files/.test(reasonsOf(error));
}

/** Whether the reason of an error is that the disk is full, or the user's quota of it. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || /no space left|disk quota/i.test(reasonsOf(error));
}

/** Turns an error of reading the file at `path` into a KneserError that says what to do. */
export function readError(path: string, error: unknown): Error {
  if (isFromCaller(error)) return error as Error;
  const cause = { cause: error };
  if (isOutOfFiles(error)) {
    return new KneserError('KNESER_IO', `${path}: ${OUT_OF_FILES}`, cause);
  }
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new KneserError('KNESER_INPUT_MISSING', `${path}: there is no such file`, cause);
  }
  if (code === 'EIO') return new KneserError('KNESER_IO', `${path}: the disk cannot read it (EIO)`, cause);
  const reason = error instanceof Error ? error.message : String(error);
  return new KneserError('KNESER_INPUT_UNREADABLE', `${path}: cannot be read: ${reason}`, cause);
}

/** The messages of an error and of its causes. */
function reasonsOf(error: unknown): string {
  const reasons: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) reasons.push(at.message);
  return reasons.join(': ');
}

/** Turns an error of writing to `path` into a KneserError that says whether the disk, the permission or the path is at fault; a KneserError stays. */
export function writeError(path: string, error: unknown): Error {
  if (error instanceof KneserError || isFromCaller(error)) return error as Error;
  const message = reasonsOf(error);
  const code = systemCode(error);
  const cause = { cause: error };
  if (isOutOfFiles(error)) return readError(path, error);
  if (code === 'ENAMETOOLONG') {
    return new KneserError('KNESER_OPTION', `${path}: a name in it is longer than the file system allows`, cause);
  }
  if (isDiskFull(error)) {
    return new KneserError('KNESER_DISK_FULL', `${path}: the disk is full; free some space and try again`, cause);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new KneserError('KNESER_OUTPUT_DENIED', `${path}: no permission to write there (${code})`, cause);
  }
  // The error of Node's `mkdir` on a read-only disk, or behind a link without a target.
  if (code === 'ENOENT' && (error as { syscall?: unknown }).syscall === 'mkdir') {
    const reason = 'the folder cannot be made: the disk is read-only, or a link in the path has no target';
    return new KneserError('KNESER_OUTPUT_DENIED', `${path}: ${reason}`, cause);
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is not a folder; name another as out (--out)`, cause);
  }
  return new KneserError('KNESER_IO', `${path}: writing failed: ${message}`, cause);
}
