/**
 * What can go wrong, by stable code. Every code belongs to one of three kinds, which are also the exit codes of the
 * command line:
 *
 * - 2, what the caller must change: usage, input that is missing or invalid, an output that exists, a model that is
 *   unfinished or of another version;
 * - 1, what went wrong while working: disk full, I/O, a damaged model;
 * - 130, interrupted.
 */
const EXIT_CODES = {
  KNESER_OPTION: 2,
  KNESER_INPUT_MISSING: 2,
  KNESER_INPUT_UNREADABLE: 2,
  KNESER_INPUT_EMPTY: 2,
  KNESER_INPUT_GZIP: 2,
  KNESER_INPUT_ZSTD: 2,
  KNESER_INPUT_JSON: 2,
  KNESER_INPUT_PARQUET: 2,
  KNESER_INPUT_ARPA: 2,
  KNESER_INPUT_RESERVED: 2,
  KNESER_INPUT_CHECKSUM: 2,
  KNESER_INPUT_TABLE: 2,
  KNESER_TOKENIZER: 2,
  KNESER_OUTPUT_EXISTS: 2,
  KNESER_OUTPUT_DENIED: 2,
  KNESER_NOT_A_MODEL: 2,
  KNESER_UNFINISHED: 2,
  KNESER_VERSION: 2,
  KNESER_NO_COUNTS: 2,
  KNESER_LIMIT: 2,
  KNESER_DAMAGED: 1,
  KNESER_IO: 1,
  KNESER_DISK_FULL: 1,
  KNESER_CLOSED: 2,
  KNESER_PLATFORM: 2,
  KNESER_ABORTED: 130,
} as const;

/** The stable code of a {@link KneserError}. */
export type ErrorCode = keyof typeof EXIT_CODES;

/**
 * The one error type of this library. `code` is stable and meant for programs; the message names the file, line or
 * option at fault and says what to do.
 *
 * @example
 * try { await LanguageModel.open('model') } catch (error) {
 *   if (error instanceof KneserError && error.code === 'KNESER_UNFINISHED') …
 * }
 */
export class KneserError extends Error {
  override readonly name = 'KneserError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The exit code that the command line gives for this error: 2, 1 or 130. */
  get exitCode(): 1 | 2 | 130 {
    return EXIT_CODES[this.code];
  }
}

/** Says that the caller stopped the work. */
export function abortedError(work = 'training', left = 'nothing was kept'): KneserError {
  return new KneserError('KNESER_ABORTED', `${work} was interrupted; ${left}`);
}

/** Says that a model cannot be used any more. */
export function closedError(model: string): KneserError {
  return new KneserError('KNESER_CLOSED', `${model}: this model was closed`);
}

/** The `code` of a system or LevelDB error (`ENOENT`, `LEVEL_LOCKED`…), wherever in its chain of causes it sits. */
export function systemCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  }
  return undefined;
}

/** Whether something failed because this process, or the machine, has too many files open. */
export function isOutOfFiles(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE' || /too many open files/i.test(reasonsOf(error));
}

/** Whether something failed because the disk has no room, or this user may take no more of it. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || /no space left|disk quota/i.test(reasonsOf(error));
}

/** Turns what reading a file at `path` threw into an error that says what to do. */
export function readError(path: string, error: unknown): KneserError {
  const cause = { cause: error };
  if (isOutOfFiles(error)) {
    return new KneserError('KNESER_IO', `${path}: too many files are open; raise the limit (ulimit -n)`, cause);
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

/** Turns what a write to `path` threw into an error that says whether the disk, the permission or the path is at fault. */
export function writeError(path: string, error: unknown): KneserError {
  if (error instanceof KneserError) return error;
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
  // What Node makes of a folder and those around it on a read-only disk.
  if (code === 'ENOENT' && (error as { syscall?: unknown }).syscall === 'mkdir') {
    const reason = 'the folder cannot be made: the disk is read-only, or a link on the way leads nowhere';
    return new KneserError('KNESER_OUTPUT_DENIED', `${path}: ${reason}`, cause);
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is not a folder; name another with --out`, cause);
  }
  return new KneserError('KNESER_IO', `${path}: writing failed: ${message}`, cause);
}
