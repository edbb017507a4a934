/**
 * This folder trains many models on one text, measures them on other texts, and compares them. This file calls the steps in their
 * order. `series` trains and measures one model; `measure` and `bootstrap` turn scores into figures and intervals; `report` has the
 * type of the result, which `tables`, `page` and `markdown` show; `token-table` has the format of the table of tokens, which `compare`
 * reads.
 */
import { basename, join } from 'node:path';
import type { Corpus } from '../../corpora/catalog.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { checkOptions, refuseWithout } from '../base/check.js';
import { MIXTURE_DEFAULTS } from '../train/plan/mixture-options.js';
import { pretrainedTokenizer, settingsOf } from '../train/plan/options.js';
import { replacedWarning, skippedWarning } from '../text/formats/corpus.js';
import { expandForTwoPasses } from '../text/formats/input.js';
import { describeTokenization, Tokenization } from '../text/tokenization.js';
import { ALL_WORD_ORDERS, type WordOrderName } from '../text/word-order.js';
import { defaultSmoothing, SMOOTHING_NAMES, SMOOTHINGS } from '../smoothing/index.js';
import { resamplingOf } from './bootstrap.js';
import { ColumnFile, joinColumns } from './columns.js';
import { catalogCorpus, type BaselineFiles } from './corpus.js';
import { BASELINE_OPTIONS, DEFAULT_ORDERS, type BaselineOptions } from './options.js';
import { checkModels, claimFolder, withTemporaryFolder, writeBaseline } from './output.js';
import { comparePairs, publishedFigures } from './pairs.js';
import type { BaselineReport } from './report.js';
import { rankingFigures } from './subsamples.js';
import { measureModel, type Candidate, type Measured, type Series } from './series.js';
import { openTexts, type TestText } from './texts.js';
import { DOCUMENT_COLUMN, TOKEN_COLUMNS } from './token-table.js';

/**
 * Makes the baselines for the table of a benchmark. For every order it trains two models on the whole training text: interpolated
 * modified Kneser-Ney (`mkn`) and a generalized language model (`glm`), the mixture over skip patterns, which it tunes on the
 * validation text. It measures all models on every test file, with 95 % intervals and paired differences by the bootstrap over
 * documents, or over sentences in files without documents. The report is the same on every run, except for its times. It trains one
 * model at a time, in the temporary folder unless `keepModels` is given.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_*, and the errors of `train`.
 * @example
 * ```ts
 * import { baseline } from 'kneser';
 *
 * const { models } = await baseline({
 *   train: ['text.txt'],
 *   valid: ['valid.txt'],
 *   test: ['test.txt'],
 *   orders: [2],
 *   out: 'report',
 * });
 * for (const { name, micro } of models) console.log(name, micro.perplexity);
 * ```
 */
export async function baseline(options: BaselineOptions): Promise<BaselineReport> {
  checkOptions('baseline', options, BASELINE_OPTIONS);
  checkTexts(options);
  checkAborted(options.signal, 'the baseline');
  const orders = sortedOrders(options.orders ?? DEFAULT_ORDERS);
  const { classes = options.wordOrders ? 0 : MIXTURE_DEFAULTS.classes } = options;
  const { resamples, seed } = resamplingOf(options);
  const { out, keepModels, force = false } = options;
  const read = settingsOf(options);
  const described = describeTokenization(read.tokenization, read.lowercase);
  const tokenization = await Tokenization.open(described, pretrainedTokenizer(options));
  return withTemporaryFolder(async work => {
    const { corpus, files, named, notes } = await findFiles(options, work);
    await expandForTwoPasses([...files.train, ...files.valid, ...files.test], options, 'baseline');
    const leftOut: string[] = [];
    const onWarning = (warning: string): void => void leftOut.push(warning);
    const tests = await openTexts(files.test, named, tokenization, options, onWarning);
    const valid = await openTexts(files.valid, named, tokenization, options, onWarning);
    const candidates = candidatesOf(orders, options);
    if (options.subsamples !== undefined && candidates.length < 2) {
      throw new KneserError('KNESER_OPTION', 'subsamples: one model has no rank; train two models or more');
    }
    if (keepModels !== undefined)
      checkModels(
        keepModels,
        candidates.map(({ name }) => name),
        force,
      );
    if (out !== undefined) await claimFolder(out, force);
    const series: Series = {
      options: withWords(options),
      files,
      tests,
      resamples,
      seed,
      classes,
      work,
      models: keepModels ?? work,
      tokens:
        out === undefined || options.wordOrders ? undefined : new ColumnFile(join(work, 'tokens'), tokenColumns(tests)),
      warnings: new Set(notes),
    };
    warnOfInvalidText(series, [...tests, ...valid]);
    const measured: Measured[] = [];
    for (const candidate of candidates) {
      measured.push(await measureModel(series, candidate, measured.length === 0));
    }
    const { info } = measured[0];
    const ranking =
      options.subsamples === undefined
        ? undefined
        : await rankingFigures(series, measured, options.subsamples, tokenization);
    const models = measured.map(({ report }) => report);
    const report: BaselineReport = {
      version: VERSION,
      corpus: corpus ? { name: corpus.name, title: corpus.title } : null,
      train: {
        files: files.train.map(named),
        sentences: info.sentences,
        tokens: info.tokens,
        vocabulary: info.vocabulary,
      },
      valid: {
        files: valid.map(({ file }) => file),
        sentences: valid.reduce((sum, { sentenceCount }) => sum + sentenceCount, 0),
      },
      test: models[0].files.map(({ file, sentences, tokens, oov, units }, i) => {
        const { characters, bytes, unit } = tests[i];
        return { file, sentences, tokens, oov, characters, bytes, unit, units };
      }),
      options: {
        orders,
        classes,
        ...info.options,
      },
      bootstrap: { resamples, seed },
      models,
      comparisons: comparePairs(measured),
      ...(ranking ? { ranking } : {}),
      published: publishedFigures(corpus, models),
      warnings: [...series.warnings],
    };
    if (out !== undefined) {
      await series.tokens?.end();
      const columns = measured.flatMap(({ column }) => column ?? []);
      await writeBaseline(out, report, series.tokens && joinColumns([series.tokens, ...columns]));
    }
    return report;
  });
}

const TEXTS = ['train', 'valid', 'test'] as const;

/** Refuses texts that are missing, and texts besides those of a corpus. @throws KNESER_OPTION */
function checkTexts(options: { readonly [Name in 'corpus' | 'data' | (typeof TEXTS)[number]]?: unknown }): void {
  if (options.corpus === undefined) {
    refuseWithout(options, ['data'], 'corpus');
    const missing = TEXTS.find(name => options[name] === undefined);
    if (missing)
      throw new KneserError(
        'KNESER_OPTION',
        `${missing}: is missing; name texts (--train, --valid and --test), or a corpus (--corpus)`,
      );
  } else {
    const own = TEXTS.find(name => options[name] !== undefined);
    if (own)
      throw new KneserError(
        'KNESER_OPTION',
        `${own}: excludes corpus, which has texts of its own; leave out --${own}, or --corpus`,
      );
  }
}

/** The models of the baseline. @throws KNESER_OPTION */
function candidatesOf(orders: readonly number[], { wordOrders, wordOrder }: BaselineOptions): Candidate[] {
  const named = wordOrders === 'all' ? ALL_WORD_ORDERS : [...new Set(wordOrders)];
  if (wordOrders && named.length === 0) throw new KneserError('KNESER_OPTION', 'wordOrders: name at least one');
  const smoothings = wordOrders
    ? [defaultSmoothing(false)]
    : SMOOTHING_NAMES.filter(name => SMOOTHINGS[name].isInBaseline);
  const inOrder = (order: number, own: WordOrderName = 'forward'): Candidate[] =>
    smoothings.map(smoothing => {
      const isForward = own === 'forward';
      const name = `${smoothing}${order}${isForward || !wordOrders ? '' : `-${own.replace(':', '-')}`}`;
      return { name, smoothing, order, ...(isForward ? {} : { wordOrder: own }) };
    });
  return (wordOrders ? named : [wordOrder]).flatMap(own => orders.flatMap(order => inOrder(order, own)));
}

/**
 * Finds the files of the baseline.
 *
 * @param work a folder for files that are written.
 * @returns `named` gives the name of a path in the report: for a corpus of the catalog, the last part of the path. `notes` are
 *   warnings for the report.
 */
async function findFiles(
  options: BaselineOptions,
  work: string,
): Promise<{
  corpus: Corpus | undefined;
  files: BaselineFiles;
  named: (path: string) => string;
  notes: readonly string[];
}> {
  if (options.corpus !== undefined) {
    const { corpus, files, checked } = await catalogCorpus(options.corpus, options.data, work);
    const notes = checked ? [] : [`${corpus.title}: the catalog lacks checksums of some files, which were not checked`];
    return { corpus, files, named: path => basename(path), notes };
  }
  const { train: counted, valid, test } = options;
  for (const [name, paths] of Object.entries({ train: counted, valid, test })) {
    if (paths.length === 0) throw new KneserError('KNESER_OPTION', `${name}: name at least one file`);
  }
  return { corpus: undefined, files: { train: counted, valid, test }, named: path => path, notes: [] };
}

/** The columns of the table of tokens that do not depend on a model. */
function tokenColumns(texts: readonly TestText[]): string[] {
  return [...TOKEN_COLUMNS, ...(texts.some(({ unit }) => unit === 'document') ? [DOCUMENT_COLUMN] : [])];
}

/** The options with the words of the vocabulary in an array: every model reads them, but an iterable may yield them only once. */
function withWords(options: BaselineOptions): BaselineOptions {
  const { vocabulary } = options;
  if (vocabulary?.kind !== 'words') return options;
  return { ...options, vocabulary: { kind: 'words', words: [...vocabulary.words] } };
}

/** Adds a warning for each text with invalid UTF-8, and for each text with documents that were left out. */
function warnOfInvalidText(series: Series, texts: readonly TestText[]): void {
  for (const { file, replaced, skipped } of texts) {
    if (replaced > 0) series.warnings.add(`${file}: ${replacedWarning(replaced)}`);
    if (skipped > 0) series.warnings.add(`${file}: ${skippedWarning(skipped)}`);
  }
}

/** The distinct orders, ascending. @throws KNESER_OPTION if there is none. */
function sortedOrders(orders: readonly number[]): number[] {
  const sorted = [...new Set(orders)].sort((a, b) => a - b);
  if (sorted.length === 0) throw new KneserError('KNESER_OPTION', 'orders: name at least one');
  return sorted;
}
