import {
  checkOptions,
  checkPath,
  checkPaths,
  checkText,
  givenOptions,
  required,
  wholeNumber,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import type { VocabularyChoice } from '../count/vocabulary.js';
import { formatPattern, type PatternChoice } from '../tables/pattern.js';
import { checksOf } from '../train/plan/options.js';
import { planBuild } from '../train/plan/plan.js';
import { countingSteps, textViews } from './counting-sql.js';
import { JOB_OPTION_NAMES, type SparkJob } from './job.js';
import { checkSparkFolder, checkSparkPath } from './literals.js';
import { firstStep, script, SETTINGS } from './script.js';

/** The options of {@link sparkPlan}. */
export interface SparkPlanOptions {
  /** The text: paths of plain or packed text files as Spark reads them, `hdfs:///corpus/*.txt`. Each line is a sentence. */
  readonly texts: readonly string[];
  /** A folder for the job, which Spark writes: `hdfs:///job`. */
  readonly work: string;
  /** The highest order of n-grams, 1 to 12. Default 5. */
  readonly order?: number;
  /** The skip patterns that are counted besides the contiguous patterns, as in {@link train}. Default: none. */
  readonly patterns?: PatternChoice;
  /** Thresholds by order from 1, as in {@link train}: the same n-grams are dropped. */
  readonly prune?: readonly number[];
  /** The words that the model knows: all, the most frequent ones, or those seen often enough. Default: all. */
  readonly vocabulary?: Exclude<VocabularyChoice, { readonly kind: 'words' }>;
  /** Leaves out lines without a token. Default false: they are empty sentences. */
  readonly skipBlank?: boolean;
  /** Number of partitions of a shuffle, `spark.sql.shuffle.partitions`. Default: the setting of the cluster. */
  readonly partitions?: number;
  /** Continues a job at a step, whose name is in the comment before it. The steps before it must be finished. */
  readonly from?: string;
}

const PLAN_OPTIONS: OptionTable<SparkPlanOptions> = {
  texts: required(checkPaths),
  work: required(checkPath),
  ...checksOf(JOB_OPTION_NAMES),
  partitions: wholeNumber(1, 2 ** 31 - 1),
  from: checkText,
};

/**
 * Writes the SQL that counts a text on a Spark cluster (version 4), for the user's own `spark-sql -f`. Nothing of this package runs on the
 * cluster. {@link sparkImport} makes a model of the result: the same as {@link train} makes of the same text, key for key.
 *
 * Each statement writes a folder of its own, so that an interrupted job can continue (`from`).
 *
 * @returns SQL text, of statements in their order.
 * @throws KneserError: KNESER_OPTION.
 * @example
 * ```ts
 * import { sparkPlan } from 'kneser';
 * import { writeFile } from 'node:fs/promises';
 *
 * const sql = await sparkPlan({ texts: ['hdfs:///corpus/*.txt'], work: 'hdfs:///job', order: 5, prune: [0, 0, 1] });
 * await writeFile('job.sql', sql); // spark-sql -f job.sql
 * console.log(sql.split('INSERT OVERWRITE').length - 1); // steps
 * ```
 */
export async function sparkPlan(options: SparkPlanOptions): Promise<string> {
  checkOptions('sparkPlan', options, PLAN_OPTIONS);
  const { texts, work, partitions, from } = options;
  for (const path of texts) checkSparkPath('texts', path);
  checkSparkFolder('work', work);
  const job = await jobOf(options);
  const steps = countingSteps(job, { texts, work });
  const settings = partitions === undefined ? {} : { 'spark.sql.shuffle.partitions': String(partitions) };
  return script(HEAD, { ...SETTINGS, ...settings }, textViews({ texts }, job.skipBlank), steps, firstStep(steps, from));
}

const HEAD = `Counts a text for kneser ${VERSION}. Run it with spark-sql -f FILE, then copy the folder model of the job
to your machine, and run kneser spark import with this folder. If the job is interrupted at a step, make the SQL again with --from STEP.`;

/** The job of the options, which are checked as in training. @throws KNESER_OPTION */
async function jobOf(options: SparkPlanOptions): Promise<SparkJob> {
  const given = givenOptions(options, JOB_OPTION_NAMES);
  const { order, patterns, pruning, vocabulary, skipBlank } = await planBuild(given);
  if (vocabulary.kind === 'words') {
    throw new KneserError(
      'KNESER_OPTION',
      'vocabulary: is chosen by frequency in a Spark job: limit (--vocab-limit) or frequency (--unk-below)',
    );
  }
  return {
    order,
    patterns: patterns.map(formatPattern),
    prune: pruning && 'counts' in pruning ? pruning.counts : [],
    limit: vocabulary.kind === 'limit' ? vocabulary.limit : 0,
    atLeast: vocabulary.kind === 'frequency' ? vocabulary.atLeast : 1,
    skipBlank,
  };
}
