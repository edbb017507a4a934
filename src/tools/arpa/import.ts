import { callBack, isFromCaller } from '../../base/call-back.js';
import { stat } from 'node:fs/promises';
import {
  checkFlag,
  checkOptions,
  checkPath,
  optionError,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../../base/check.js';
import { checkAborted, KneserError } from '../../base/errors.js';
import type { Progress } from '../../base/progress.js';
import type { NewModel } from '../../store/folder/write-model.js';
import { readRecognized } from '../../text/formats/bytes.js';
import { expandInputs } from '../../text/formats/input.js';
import { BOS, EOS, UNK } from '../../text/tokens.js';
import { contextsAboveOne, fillSuffixes, withoutContext } from './complete.js';
import { ArpaReader } from './reader.js';
import { DEFAULT_TOKENIZATION } from '../../text/tokenization.js';

/** The ARPA file to import, and the folder for the model. */
export interface ImportOptions {
  /** The ARPA file, also gzipped; `-` is standard input. */
  readonly file: string;
  /** The folder of the model. */
  readonly out: string;
  /** log10 p of `<unk>`, at most 0, in place of the value in the file. Useful for a file without `<unk>`. */
  readonly unk?: number;
  /** Replaces a model that is in the folder `out`. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the import when aborted, and leaves nothing in `out`. */
  readonly signal?: AbortSignal;
}

/** The checks of {@link ImportOptions}. */
const IMPORT_OPTIONS: OptionTable<ImportOptions> = {
  file: required(checkPath),
  out: required(checkPath),
  unk: (name, value) => {
    if (typeof value !== 'number' || !(value <= 0 && value > -Infinity))
      throw optionError(name, value, 'a log10 p: a number up to 0');
  },
  force: checkFlag,
  ...WORK_OPTIONS,
};

/** The imported model. */
export interface ImportReport {
  /** The folder of the model. */
  readonly out: string;
  /** Length of the longest n-grams. */
  readonly order: number;
  /** Number of n-grams of each order from 1 on, filled-in n-grams included; `<s>` counts as a unigram. */
  readonly ngrams: readonly number[];
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that the import took [s]. */
  readonly seconds: number;
  /** One sentence for each thing that the file lacks, and for filled-in n-grams. */
  readonly warnings: readonly string[];
}

/**
 * Makes a model from an ARPA file, such as KenLM, SRILM, IRSTLM and {@link exportArpa} write. The model is a back-off model: it
 * scores, measures perplexity and can be exported like other models, with exactly the numbers of the file. Functions that need
 * counts refuse it with KNESER_NO_COUNTS. Memory: about 30 bytes for each n-gram.
 *
 * In a file without `<unk>`, words outside the vocabulary have probability 0, unless `unk` is given. Without `<s>`, the model
 * scores the first word of a sentence without a context; without `</s>`, the end of a sentence has probability 0.
 *
 * @throws KneserError: KNESER_INPUT_ARPA for a file that is no correct ARPA file, with the line and the reason; KNESER_INPUT_*,
 * KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_LIMIT, KNESER_ABORTED.
 * @example
 * ```ts
 * import { importArpa, LanguageModel } from 'kneser';
 *
 * await importArpa({ file: 'model.arpa.gz', out: 'imported' });
 * const model = await LanguageModel.open('imported');
 * console.log(model.info.smoothing); // backoff
 * await model.close();
 * ```
 */
export async function importArpa(options: ImportOptions): Promise<ImportReport> {
  checkOptions('importArpa', options, IMPORT_OPTIONS);
  checkAborted(options.signal, 'the import');
  const { file, out, force = false } = options;
  const started = performance.now();
  if ((await stat(file).catch(() => undefined))?.isDirectory()) {
    throw new KneserError('KNESER_INPUT_UNREADABLE', `${file}: is a folder; name an ARPA file`);
  }
  await expandInputs([file]);
  const { writeModel } = await import('../../store/folder/write-model.js');
  const { written, bytes } = await writeModel(out, force, model =>
    write(model, options).catch((error: unknown) => {
      if (!(error instanceof RangeError) || isFromCaller(error)) throw error;
      const reason = `its n-grams do not fit memory (${error.message})`;
      throw new KneserError('KNESER_LIMIT', `${file}: ${reason}`, { cause: error });
    }),
  );
  return { out, ...written, bytes, seconds: (performance.now() - started) / 1000 };
}

/** Reads the file and writes the model. */
async function write(
  model: NewModel,
  options: ImportOptions,
): Promise<Pick<ImportReport, 'order' | 'ngrams' | 'warnings'>> {
  const reader = await read(options);
  const { orders, words } = reader;
  if (orders.length === 0 || orders[0].length === 0)
    throw new KneserError('KNESER_INPUT_EMPTY', `${options.file}: it has no n-gram of order 1`);
  const types = words.size + 1;
  const filled = complete(reader, types);
  const { writeBackoff } = await import('./write-backoff.js');
  const check = (): void => checkAborted(options.signal, 'the import');
  const description = {
    unknown: 0,
    options: { lowercase: false, skipBlank: false, tokenization: DEFAULT_TOKENIZATION },
  };
  await writeBackoff(model, orders, words, description, progress => {
    check();
    callBack(options.onProgress, progress);
  });
  check();
  return { order: orders.length, ngrams: orders.map(({ length }) => length), warnings: warningsOf(reader, filled) };
}

async function read({ file, unk, onProgress, signal }: ImportOptions): Promise<ArpaReader> {
  const reader = new ArpaReader(file);
  const [{ bytes: total }] = await expandInputs([file]);
  let done = 0;
  const onRead = (count: number): void => void (done += count);
  // The reader names binary files of other toolkits itself.
  const expected = ['arpa', 'kenlm', 'irstlm', 'sphinx'];
  for await (const bytes of readRecognized(file, { onRead, signal, advise: false }, expected)) {
    checkAborted(signal, 'the import');
    reader.feed(bytes);
    callBack(onProgress, { stage: 'import', done, total, unit: 'bytes' });
  }
  reader.end();
  if (unk !== undefined) reader.setUnknown(unk);
  return reader;
}

/** Sorts the n-grams, refuses duplicates and n-grams without their context, and adds missing suffixes. @returns how many it added. */
function complete(reader: ArpaReader, types: number): number {
  const { orders } = reader;
  for (const [level, ngrams] of orders.entries()) {
    ngrams.sort(types);
    const duplicate = ngrams.duplicate();
    if (duplicate >= 0) {
      throw reader.error(`has ${reader.quote(ngrams.wordsOf(duplicate))} a second time`, ngrams.lineOf(duplicate));
    }
    const orphan = level > 0 ? withoutContext(ngrams, orders[level - 1], types) : -1;
    if (orphan >= 0) {
      const words = ngrams.wordsOf(orphan);
      throw reader.error(
        `has ${reader.quote(words)}, whose context ${reader.quote(words.slice(0, -1))} is no n-gram of the file`,
        ngrams.lineOf(orphan),
      );
    }
  }
  return fillSuffixes(orders, types);
}

function warningsOf(reader: ArpaReader, filled: number): string[] {
  const warnings: string[] = [];
  if (filled > 0) {
    warnings.push(`${filled} n-grams that longer ones end with are not in the file, and were filled in by backing off`);
  }
  if (!reader.has(UNK)) {
    warnings.push(
      'the file has no <unk>: words outside the vocabulary have probability 0; unk (--unk) gives them another',
    );
  }
  if (!reader.has(BOS)) {
    warnings.push('the file has no <s>: a sentence begins as text in the middle of one does');
  }
  if (!reader.has(EOS)) {
    warnings.push('the file has no </s>: the end of a sentence has probability 0; end: false (--no-end) leaves it out');
  }
  if (reader.unreachable > 0) {
    warnings.push(
      `${reader.unreachable} words have a NUL, VT, FF or CR inside: text is cut into tokens there, so they occur only in ` +
        'sentences that are given as tokens',
    );
  }
  const above = contextsAboveOne(reader.orders);
  if (above > 0) {
    warnings.push(
      `${above} contexts have a back-off with which a probability can come to more than 1: log10 p is the sum that the file ` +
        'gives, even above 0',
    );
  }
  return warnings;
}
