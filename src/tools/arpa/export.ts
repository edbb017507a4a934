import { callBack } from '../../base/call-back.js';
import { stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { checkOutsideModels } from '../../store/folder/outside-models.js';
import { checkReplaceable, writeAtomically } from '../../base/node/atomic.js';
import { fileIdentity } from '../../base/node/file-identity.js';
import { checkOptions, checkPath, required, WORK_OPTIONS, type OptionTable } from '../../base/check.js';
import { checkAborted, KneserError, writeError } from '../../base/errors.js';
import type { Progress } from '../../base/progress.js';
import { LanguageModel } from '../../model/language-model.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import { decodeValue } from '../../base/decode.js';
import { MANIFEST_KEY } from '../../store/keys.js';
import { decodeManifest } from '../../tables/manifest.js';
import type { BackoffSource } from './source.js';
import { requireForward } from '../../text/word-order.js';

/** The model to write as ARPA, and the path of the file. */
export interface ExportOptions {
  /** The folder of the model. */
  readonly model: string;
  /** The ARPA file, gzipped if its name ends in `.gz`. An existing file is replaced. */
  readonly file: string;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the export when aborted, and leaves no new file. */
  readonly signal?: AbortSignal;
}

/** The checks of {@link ExportOptions}. */
const EXPORT_OPTIONS: OptionTable<ExportOptions> = {
  model: required(checkPath),
  file: required(checkPath),
  ...WORK_OPTIONS,
};

/** The ARPA file that was written. */
export interface ExportReport {
  /** Path of the ARPA file. */
  readonly file: string;
  /** Length of the longest n-grams. */
  readonly order: number;
  /** Number of n-grams of each order from 1 on; `<s>` counts as a unigram. */
  readonly ngrams: readonly number[];
  /** Size of the file [bytes]. */
  readonly bytes: number;
  /** Time that the export took [s]. */
  readonly seconds: number;
}

/**
 * Writes a model as an ARPA file, for KenLM, SRILM and others. The file of a model with counts has its modified Kneser-Ney
 * smoothing in back-off form, rounded to eight decimals; the file of an imported model has the numbers of the file that was
 * imported. The file is written whole or not at all.
 *
 * @throws KneserError: KNESER_OPTION for a model with a word that an ARPA file cannot have, KNESER_OUTPUT_*, KNESER_DISK_FULL,
 * KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { exportArpa } from 'kneser';
 *
 * const { ngrams } = await exportArpa({ model: 'model', file: 'exported.arpa.gz' }); // KenLM and SRILM read it
 * console.log(ngrams);
 * ```
 */
export async function exportArpa(options: ExportOptions): Promise<ExportReport> {
  checkOptions('exportArpa', options, EXPORT_OPTIONS);
  checkAborted(options.signal, 'the export');
  const { model: folder, file, onProgress, signal } = options;
  const packed = /\.(zst|bz2|xz)$/i.exec(file);
  if (packed)
    throw new KneserError(
      'KNESER_OPTION',
      `file: ARPA files are written as text, or gzipped as .gz; not as ${packed[0]}`,
    );
  if (file === '-')
    throw new KneserError('KNESER_OPTION', 'file: an ARPA file is not written to standard output; name a file');
  await checkOutsideModels(file);
  await checkReplaceable(file);
  const written = await fileIdentity(file);
  if (written !== undefined && written === (await fileIdentity(folder)))
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${file}: is the model itself; name another file`);
  const started = performance.now();
  const model = await openBackoff(folder);
  try {
    const { parts } = model;
    requireForward(folder, parts.manifest.options.wordOrder, 'write an ARPA file');
    const { list } = await model.allWords();
    const { ArpaWriter } = await import('./writer.js');
    const all = rowsToRead(parts);
    let done = 0;
    const source = await openSource(parts, rows => {
      checkAborted(signal, 'the export');
      done += rows;
      callBack(onProgress, { stage: 'export', done, total: all, unit: 'n-grams' });
    });
    // Asynchronous, so that a word that the writer refuses ends the writing of the file, too.
    const ngrams = await writeStream(file, async out => await new ArpaWriter(source, parts, list, out).write());
    const seconds = (performance.now() - started) / 1000;
    return { file, order: parts.manifest.order, ngrams, bytes: (await stat(file)).size, seconds };
  } finally {
    await model.close();
  }
}

/** Opens a model as a back-off model, or as one that can be written as such: with modified Kneser-Ney. */
async function openBackoff(folder: string): Promise<LanguageModel> {
  const { openModel } = await import('../../model/open-model.js');
  const { store, files } = await openModel(folder);
  let kind;
  try {
    ({ kind } = decodeValue(`${folder}: manifest`, await store.get(MANIFEST_KEY), decodeManifest));
  } catch (error) {
    await store.close();
    throw error;
  }
  return LanguageModel.fromStore(store, files, kind === 'backoff' ? {} : { smoothing: 'mkn' });
}

async function openSource(parts: ModelParts, onRows: (rows: number) => void): Promise<BackoffSource> {
  if (parts.manifest.kind === 'backoff') return new (await import('./stored.js')).StoredSource(parts, onRows);
  return new (await import('./counted.js')).CountedSource(parts, onRows);
}

/**
 * The number of rows that the export reads; a row that it reads twice counts twice. For each order the export reads the table of
 * this order, and for the back-offs the table one order up. Of a back-off model it reads the middle orders once more, to find the
 * n-grams that it leaves out; of a model with counts it reads the tables of all shorter orders for each order.
 */
function rowsToRead({ words, manifest: { kind } }: ModelParts): number {
  const rows = words.map(({ manifest }) => manifest.rows);
  if (kind === 'backoff') {
    const times = (level: number): number => (level === 0 ? 1 : level + 1 < rows.length ? 3 : 2);
    return rows.reduce((sum, count, level) => sum + times(level) * count, 0);
  }
  return rows.reduce((sum, count, level) => sum + count * (rows.length - Math.max(0, level - 1)), 0);
}

/** Writes a file atomically, gzipped if its name ends in `.gz`. @param produce writes the content to a stream. */
async function writeStream<T>(file: string, produce: (out: PassThrough) => Promise<T>): Promise<T> {
  const out = new PassThrough();
  // Errors of the stream reject the two promises below.
  out.on('error', () => undefined);
  const gzip = /\.gz$/i.test(file) ? [(await import('node:zlib')).createGzip()] : [];
  const written = writeAtomically(file, out, ...gzip);
  const produced = produce(out).then(result => {
    out.end();
    return result;
  });
  try {
    return (await Promise.all([produced, written]))[0];
  } catch (error) {
    out.destroy(error instanceof Error ? error : undefined);
    // Waits until the temporary file is removed. If writing the file failed, that error is the cause, and the error of `produce`
    // only says that the stream was closed.
    const reason: unknown = await written.then(
      () => error,
      (failure: unknown) => failure,
    );
    throw writeError(file, error instanceof KneserError ? error : reason);
  }
}
