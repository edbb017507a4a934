import {
  checkFlag,
  checkOptions,
  checkPath,
  givenOptions,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import type { SortedRows, SortedTables } from '../count/sorted-tables.js';
import { requireTokens, type Vocabulary, type VocabularyChoice } from '../count/vocabulary.js';
import { formatPattern, isContiguous, parsePattern } from '../tables/pattern.js';
import { pruningByCounts } from '../tables/pruning.js';
import { EOS, FIRST_WORD, UNK } from '../text/tokens.js';
import { hashBytes, WordList } from '../text/word-list.js';
import { buildFolder } from '../train/build-folder.js';
import { MACHINE_OPTIONS, type BuildOptions } from '../train/plan/options.js';
import type { BuildContext } from '../train/stages/context.js';
import { NO_TEXT_CHANGES, type SortedSource } from '../train/stages/count-source.js';
import { checkWordMemory } from '../train/stages/word-memory.js';
import type { TrainReport } from '../train/train.js';
import { jobTables } from './counting-sql.js';
import { PARTS, type SparkJob } from './job.js';
import { JobFolder } from './job-folder.js';

/** The options of {@link sparkImport}. */
export interface SparkImportOptions {
  /** The folder of the job, or its folder `model`, on this machine. */
  readonly job: string;
  /** The folder of the model. */
  readonly out: string;
  /** Bytes of memory to aim for. Default: half of the machine's. */
  readonly memory?: number;
  /** Replaces a model that is in the folder. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the work when aborted, within a second; nothing is left behind. */
  readonly signal?: AbortSignal;
}

const IMPORT_OPTIONS: OptionTable<SparkImportOptions> = {
  job: required(checkPath),
  out: required(checkPath),
  memory: MACHINE_OPTIONS.memory.check,
  force: checkFlag,
  ...WORK_OPTIONS,
};

/**
 * Makes a model of the tables that a Spark job wrote, whose SQL is from {@link sparkPlan}: the same model as {@link train} makes of the
 * same text, key for key. Every row is checked for its order, and every table for its number of rows and the sum of its counts.
 * Memory: the words, and for each column of a table one page (about 1 MB), its dictionary and a window of the file.
 *
 * @throws KneserError: KNESER_INPUT_SPARK if the job is not finished or its tables are not whole; KNESER_INPUT_*, KNESER_OPTION,
 * KNESER_OUTPUT_*, KNESER_VERSION, KNESER_DISK_FULL, KNESER_LIMIT for counts of more than 32 bits, KNESER_ABORTED.
 * @example
 * ```ts
 * import { sparkImport } from 'kneser';
 *
 * // hadoop fs -get hdfs:///job/model job
 * const { order, tokens } = await sparkImport({ job: 'job', out: 'counted-by-spark' });
 * console.log(order, tokens);
 * ```
 */
export async function sparkImport(options: SparkImportOptions): Promise<TrainReport> {
  checkOptions('sparkImport', options, IMPORT_OPTIONS);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(options.job)) {
    throw new KneserError(
      'KNESER_OPTION',
      `job: ${options.job} is not on this machine; copy its folder ${PARTS.model} here first, as with hadoop fs -get`,
    );
  }
  const folder = await JobFolder.open(options.job);
  return buildFolder(
    { threads: 1, ...givenOptions(options, ['out', 'memory', 'force', 'signal']), out: options.out },
    () => ({
      options: { ...optionsOf(folder.job), ...givenOptions(options, ['onProgress', 'signal']) },
      open: context => openJob(context, folder),
    }),
    'the import',
  );
}

/** The options of the training that the job stands for. Its pruning is done. */
function optionsOf({ order, patterns, limit, atLeast, skipBlank }: SparkJob): BuildOptions {
  const list = patterns.filter(name => !isContiguous(parsePattern(name) ?? []));
  const vocabulary: VocabularyChoice =
    limit > 0 ? { kind: 'limit', limit } : atLeast > 1 ? { kind: 'frequency', atLeast } : { kind: 'all' };
  return { order, ...(list.length > 0 ? { patterns: { list } } : {}), vocabulary, skipBlank };
}

async function openJob(context: BuildContext, folder: JobFolder): Promise<SortedSource> {
  const vocabulary = await readVocabulary(context, folder);
  const { frequencies } = vocabulary;
  const sentences = frequencies[EOS];
  const tokens = frequencies.reduce((sum, frequency) => sum + frequency, 0) - sentences;
  requireTokens({ tokens, sentences }, folder.path);
  const { invalid = 0 } = folder.total('vocabulary');
  const warnings = invalid > 0 ? [`${invalid} lines held invalid UTF-8 sequences, which were read as U+FFFD`] : [];
  return {
    vocabulary,
    sentences,
    tokens,
    ...NO_TEXT_CHANGES,
    warnings,
    sorted: new JobTables(folder),
  };
}

/** Reads the words of the model in the order of their ids. @throws KNESER_INPUT_SPARK, KNESER_LIMIT */
async function readVocabulary(context: BuildContext, folder: JobFolder): Promise<Vocabulary> {
  const { rows, sum } = folder.total('vocabulary');
  const list = new WordList();
  const frequencies = new Float64Array(rows + 2);
  let [next, total] = [UNK, 0];
  const fault = (reason: string): Error => folder.fault('vocabulary', reason);
  const columns = [
    { name: 'id', kind: 'count' },
    { name: 'word', kind: 'bytes' },
    { name: 'frequency', kind: 'sum' },
  ] as const;
  for await (const { length, columns: values } of folder.read('vocabulary', columns)) {
    context.checkAborted();
    const [ids, words, counts] = values as readonly [Uint32Array, readonly Uint8Array[], Float64Array];
    for (let i = 0; i < length; i++) {
      const id = ids[i];
      if (id !== next || id >= frequencies.length) throw fault(`the word id ${id} stands where ${next} should`);
      const word = words[i];
      const number = list.add(word, 0, word.length, hashBytes(word, 0, word.length));
      if (number !== id) throw fault(`the word of id ${id} occurs twice`);
      frequencies[id] = counts[i];
      total += counts[i];
      const rise = id > FIRST_WORD ? frequencies[id] - frequencies[id - 1] : -1;
      if (rise > 0 || (rise === 0 && list.compare(id - 1, id) >= 0)) {
        throw fault(`the frequencies do not fall at the word id ${id}, or equally frequent words are not sorted`);
      }
      next = id === UNK ? EOS : id + 1;
    }
    checkWordMemory(context.workspace, list, 'the job', 'plan it with fewer words: vocab-limit or unk-below');
  }
  if (next !== frequencies.length || total !== sum) {
    throw fault(
      `holds ${Math.max(0, next - 2)} words that occur ${total} times, and the job wrote ${rows} that occur ${sum} times`,
    );
  }
  // A word's index in the list is its id.
  const ids = Uint32Array.from(frequencies, (_, id) => id);
  return { list, indices: ids, frequencies, ids };
}

/** The tables of a job. */
class JobTables implements SortedTables {
  readonly rows: number;
  readonly pruning: SortedTables['pruning'];

  constructor(private readonly folder: JobFolder) {
    const { job } = folder;
    this.rows = jobTables(job).reduce((sum, pattern) => sum + folder.total(formatPattern(pattern)).rows, 0);
    this.pruning = job.prune.length > 0 ? pruningByCounts(job.prune, job.order) : undefined;
  }

  async *read(table: string): AsyncGenerator<SortedRows> {
    const pattern = parsePattern(table) ?? [];
    const columns = [...pattern.map(distance => `c${distance}`), 'w', 'n'].map(name => ({
      name,
      kind: 'count' as const,
    }));
    const width = pattern.length;
    for await (const { length, columns: values } of this.folder.read(table, columns)) {
      const numbers = values as readonly Uint32Array[];
      yield { contexts: numbers.slice(0, width), words: numbers[width], counts: numbers[width + 1], length };
    }
  }

  summarize(table: string, written: Parameters<SortedTables['summarize']>[1]): ReturnType<SortedTables['summarize']> {
    const { rows, sum, all } = this.folder.total(table);
    if (written.rows !== rows || written.tokens !== sum) {
      throw this.folder.fault(
        table,
        `holds ${written.rows} n-grams with counts of ${written.tokens} in all, and the job wrote ${rows} with ${sum}`,
      );
    }
    if (!all) return written;
    return { ...written, tokens: all.sum, countsOfCounts: all.countsOfCounts, dropped: all.rows - rows };
  }

  unsorted(table: string, row: number): Error {
    return this.folder.fault(
      table,
      `row ${row + 1} does not come after the row before it, or holds a word id that is not in the vocabulary`,
    );
  }
}
