import { callBack } from '../base/call-back.js';
import {
  checkFlag,
  checkOptions,
  checkPath,
  checkPaths,
  givenOptions,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import { CountLines } from '../count/count-lines.js';
import { IdStream } from '../count/id-stream.js';
import { scratchFiles } from '../count/scratch-files.js';
import { MAX_ORDER } from '../tables/pattern.js';
import { readRecognized } from '../text/formats/bytes.js';
import { expandInputs, type Input } from '../text/formats/input.js';
import { TextCheck } from '../text/formats/text-check.js';
import { BOS } from '../text/tokens.js';
import { WordList } from '../text/word-list.js';
import { buildFolder, type Means } from './build-folder.js';
import { IDS_SHARE } from './plan/budget.js';
import { checksOf, COUNTS_OPTION_NAMES, MACHINE_OPTIONS, type BuildOptions } from './plan/options.js';
import { planBuild, type BuildPlan } from './plan/plan.js';
import type { ReadCounts } from './stages/read-counts.js';
import type { TrainReport } from './train.js';

/**
 * The options of {@link importCounts}: the options of {@link train} without those that need a text. `order` is at most the length of
 * the longest n-grams in the files, which is the default.
 */
export interface ImportCountsOptions extends Omit<BuildOptions, 'holdOut' | 'reserved' | 'wordOrder'> {
  /**
   * Paths of files of n-gram counts, as `kneser counts` or SRILM's `ngram-count -write` writes them, or files of the Google n-grams.
   * They may be packed; `-` is standard input.
   */
  readonly files: readonly string[];
  /** The folder of the model. */
  readonly out: string;
  /** Bytes of memory to aim for. Default: half of the machine's. */
  readonly memory?: number;
  /** Counting threads. Default: one a core. */
  readonly threads?: number;
  /** Replaces a model that is in the folder. Default false. */
  readonly force?: boolean;
}

/** The checks of {@link ImportCountsOptions}. */
const IMPORT_OPTIONS: OptionTable<ImportCountsOptions> = {
  files: required(checkPaths),
  out: required(checkPath),
  ...checksOf(COUNTS_OPTION_NAMES),
  ...WORK_OPTIONS,
  memory: MACHINE_OPTIONS.memory.check,
  threads: MACHINE_OPTIONS.threads.check,
  force: checkFlag,
};

/**
 * Makes a model from n-gram counts: each line has the words of an n-gram, a tab, and a count; the lines may come in any order. If several
 * lines have the same n-gram, their counts are added up.
 *
 * Counts of a whole text make the same model as {@link train} makes from the text, key for key. This takes the counts of all
 * n-grams of the highest order and of all shorter n-grams that begin with `<s>`, as {@link ngramCounts} lists them; the files may hold
 * other n-grams, too. If rare n-grams or the starts of sentences are missing, the model is an approximation, and warnings name the
 * counts that are approximate.
 *
 * @throws KneserError: KNESER_INPUT_COUNTS with the line and the reason; KNESER_INPUT_*, KNESER_OPTION, KNESER_OUTPUT_*,
 * KNESER_DISK_FULL, KNESER_LIMIT, KNESER_ABORTED.
 * @example
 * ```ts
 * import { importCounts } from 'kneser';
 * import { writeFile } from 'node:fs/promises';
 *
 * await writeFile('counts.tsv', '<s> the\t2\nthe cat\t1\nthe dog\t1\ncat </s>\t1\ndog </s>\t1\n');
 * const { order, sentences, tokens } = await importCounts({ files: ['counts.tsv'], out: 'counted' });
 * console.log(order, sentences, tokens); // 2 2 6
 * ```
 */
export async function importCounts(options: ImportCountsOptions): Promise<TrainReport> {
  checkOptions('importCounts', options, IMPORT_OPTIONS);
  const { files, out, order } = options;
  const inputs = await expandInputs(files);
  const given = givenOptions(options, COUNTS_OPTION_NAMES);
  // Options that do not fit each other are refused before files are read.
  const plan = await planBuild({ ...given, order: order ?? MAX_ORDER });
  const { run } = await import('./stages/read-counts.js');
  return buildFolder(
    { out, ...givenOptions(options, ['memory', 'threads', 'force', 'signal']) },
    async means => {
      const counts = await readCounts(inputs, plan, options, means);
      try {
        const build = { ...given, order: orderOf(counts, order), ...givenOptions(options, ['onProgress', 'signal']) };
        return { options: build, open: context => run(context, counts) };
      } catch (error) {
        for (const stream of counts.byLength) stream?.close();
        throw error;
      }
    },
    'the import',
  );
}

/** Reads files of counts. */
async function readCounts(
  inputs: readonly Input[],
  { vocabulary, lowercase }: BuildPlan,
  { onProgress, signal }: WorkOptions,
  { temporary, memory }: Means,
): Promise<ReadCounts> {
  const words = new WordList();
  const closed = vocabulary.kind === 'words';
  if (closed) for (const word of vocabulary.words) words.addWord(lowercase ? word.toLowerCase() : word);
  const byLength: (IdStream | undefined)[] = Array.from({ length: MAX_ORDER + 1 }, () => undefined);
  let [startLengths, otherLengths] = [0, 0];
  const leastCounts: number[] = [];
  const reader = new CountLines(words, { lowercase, closed, longest: MAX_ORDER }, (ngram, length, count) => {
    const share = (memory * IDS_SHARE) / MAX_ORDER;
    const stream = (byLength[length] ??= new IdStream(temporary(`counts-${length}`), share, scratchFiles));
    for (let i = 0; i < length; i++) stream.push(ngram[i]);
    stream.push(count);
    if (ngram[0] === BOS) startLengths |= 1 << length;
    else otherLengths |= 1 << length;
    leastCounts[length] = Math.min(leastCounts[length] ?? count, count);
  });
  const known = inputs.every(({ bytes }) => bytes !== undefined);
  const total = known ? inputs.reduce((sum, { bytes = 0 }) => sum + bytes, 0) : undefined;
  let done = 0;
  const onRead = (bytes: number): void => void (done += bytes);
  try {
    for (const { path } of inputs) {
      reader.open(path);
      const textCheck = new TextCheck(path, { advise: false });
      for await (const bytes of readRecognized(path, { onRead, signal, advise: false })) {
        checkAborted(signal, 'the import');
        textCheck.add(bytes);
        reader.feed(bytes);
        callBack(onProgress, { stage: 'tokenize', done, total, unit: 'bytes' });
      }
      reader.end();
    }
  } catch (error) {
    for (const stream of byLength) stream?.close();
    throw error;
  }
  return {
    words,
    byLength,
    startLengths,
    otherLengths,
    leastCounts,
    replaced: reader.replaced,
    name: inputs.map(({ path }) => path).join(', '),
  };
}

/**
 * The order of the model: the given order, or the length of the longest n-grams. If all n-grams of that length begin with `<s>`, they may be
 * whole sentences, so that a higher order is accepted.
 *
 * @throws KNESER_OPTION for an order that the counts do not have, KNESER_INPUT_EMPTY
 */
function orderOf({ byLength, otherLengths, name }: ReadCounts, order: number | undefined): number {
  const longest = byLength.findLastIndex(stream => stream !== undefined);
  if (longest < 0) throw new KneserError('KNESER_INPUT_EMPTY', `${name}: there are no n-grams`);
  if (order === undefined || order <= longest || otherLengths >>> longest === 0) return order ?? longest;
  throw new KneserError(
    'KNESER_OPTION',
    `order: the n-grams of ${name} have at most ${longest} words; choose an order from 1 to ${longest}`,
  );
}
