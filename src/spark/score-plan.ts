import {
  checkOneOf,
  checkOptions,
  checkPath,
  checkPaths,
  checkText,
  listOf,
  required,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { checkSparkFolder, checkSparkPath, inside, literal, shellWord } from './literals.js';
import { firstStep, script, SETTINGS, type Step } from './script.js';
import { checkWorkerFlags, SPARK_COMMANDS, type SparkCommand } from './worker-flags.js';

/** The options of {@link sparkScorePlan}. */
export interface SparkScorePlanOptions {
  /** The model, as the executors find it: a path on each of them, or the name of a packed model that `--files` copies there. */
  readonly model: string;
  /** The text: paths of files as Spark reads them, `hdfs:///corpus/*.txt`. */
  readonly texts: readonly string[];
  /** A folder for the result, which Spark writes: `hdfs:///scores`. The lines of results are in its folder `lines`. */
  readonly out: string;
  /** The command that the executors run: `kneser score --json` on the lines of a text, or `kneser annotate` on documents. Default `score`. */
  readonly run?: SparkCommand;
  /** With `annotate`, whether each line is a document of plain text or of JSON. Default `text`. */
  readonly format?: 'text' | 'jsonl';
  /** Flags of that command, one word each: `['--smoothing', 'glm']`. */
  readonly flags?: readonly string[];
  /** The path of kneser on the executors. Default `kneser`. */
  readonly kneser?: string;
  /** Continues at a step, whose name is in the comment before it. The steps before it must be finished. */
  readonly from?: string;
}

const FORMATS = ['text', 'jsonl'] as const;

const SCORE_PLAN_OPTIONS: OptionTable<SparkScorePlanOptions> = {
  model: required(checkPath),
  texts: required(checkPaths),
  out: required(checkPath),
  run: (name, value) => void checkOneOf(name, value, SPARK_COMMANDS),
  format: (name, value) => void checkOneOf(name, value, FORMATS),
  flags: listOf(checkText),
  kneser: checkPath,
  from: checkText,
};

/** The member of a document that has the id of its row, while an executor annotates it. */
const ROW_MEMBER = 'kneser_row';

/**
 * Writes the SQL that scores or annotates a text on the executors of a Spark cluster (version 4), for the user's own `spark-sql -f`. kneser
 * and the model must be on each executor.
 *
 * Each row carries an id to the executor and back: the job fails, and writes no result, if an id does not come back exactly once. The
 * lines of the result, in the order of the text, are those of `kneser score --json` on the text, byte for byte.
 *
 * @returns SQL text, of statements in their order.
 * @throws KneserError: KNESER_OPTION.
 * @example
 * ```ts
 * import { sparkScorePlan } from 'kneser';
 * import { writeFile } from 'node:fs/promises';
 *
 * const sql = sparkScorePlan({ model: 'news.kneser', texts: ['hdfs:///corpus/*.txt'], out: 'hdfs:///scores' });
 * await writeFile('score.sql', sql); // spark-sql --files news.kneser -f score.sql
 * console.log(sql.split('INSERT OVERWRITE').length - 1); // 3 steps
 * ```
 */
export function sparkScorePlan(options: SparkScorePlanOptions): string {
  checkOptions('sparkScorePlan', options, SCORE_PLAN_OPTIONS);
  const { texts, out, run: command = 'score', format = 'text', from } = options;
  for (const path of texts) checkSparkPath('texts', path);
  checkSparkFolder('out', out);
  if (command === 'score' && format !== 'text') {
    throw new KneserError('KNESER_OPTION', `format: ${format} is for annotate; score reads lines of text`);
  }
  const steps = scoringSteps(workerCommand(options), out, command);
  return script(HEAD, SCORING_SETTINGS, rowViews(texts, command, format), steps, firstStep(steps, from));
}

const HEAD = `Scores a text with kneser ${VERSION}. Run it with spark-sql -f FILE. The results are in the folder lines of the output.
If the job is interrupted at a step, make the SQL again with --from STEP.`;

/** A task reads as much text as Spark gives to one: each loads the model. */
const SCORING_SETTINGS = { ...SETTINGS, 'spark.sql.files.minPartitionNum': '1' };

/** The command line of a worker. */
function workerCommand(options: SparkScorePlanOptions): string {
  const { model, run: command = 'score', flags = [], kneser = 'kneser' } = options;
  checkWorkerFlags(command, flags);
  const own = command === 'score' ? ['-', '--json', '--ids'] : ['-', '--format', 'jsonl', '--quiet'];
  return [
    shellWord('kneser', kneser),
    command,
    shellWord('model', model),
    ...[...own, ...flags].map(word => shellWord('flags', word)),
  ].join(' ');
}

/** Definitions of the rows: `id`, and `line`, which a worker reads. */
function rowViews(texts: readonly string[], command: SparkCommand, format: 'text' | 'jsonl'): string[] {
  const view = 'CREATE OR REPLACE TEMPORARY VIEW';
  const rows = texts.map(
    (_, at) =>
      `SELECT concat_ws(' ', ${at}, input_file_block_start(), monotonically_increasing_id(), input_file_name()) AS id, make_valid_utf8(value) AS value
FROM kneser_text_${at + 1}`,
  );
  const line =
    command === 'score'
      ? `concat(id, ${literal('\t')}, value)`
      : format === 'text'
        ? `to_json(named_struct(${literal(ROW_MEMBER)}, id, 'text', value))`
        : // The id becomes the first member of the document.
          `concat(${literal(`{"${ROW_MEMBER}":`)}, to_json(id), ',', substring(trim(value), 2))`;
  const documents = format === 'jsonl' ? `\nWHERE trim(value) <> ''` : '';
  return [
    ...texts.map(
      (path, at) =>
        `${view} kneser_text_${at + 1} USING text OPTIONS (path ${literal(path)}, lineSep ${literal('\n')})`,
    ),
    `${view} kneser_rows AS ${rows.join('\nUNION ALL\n')}`,
    `${view} kneser_asked AS SELECT id, ${line} AS line FROM kneser_rows${documents}`,
  ];
}

function scoringSteps(worker: string, out: string, command: SparkCommand): Step[] {
  const insert = (name: string, format: string, rows: string): string =>
    `INSERT OVERWRITE DIRECTORY ${literal(inside(out, name))} USING ${format}\n${rows}`;
  // Neither text nor JSON holds U+0001: a line is one field.
  const lines = `ROW FORMAT DELIMITED FIELDS TERMINATED BY ${literal('\x01')} LINES TERMINATED BY ${literal('\n')}`;
  const answered = `SELECT TRANSFORM (line) ${lines} USING ${literal(worker)} AS (line STRING) ${lines} FROM kneser_asked`;
  const idOf =
    command === 'score' ? `substring_index(line, ${literal('\t')}, 1)` : `get_json_object(line, '$.${ROW_MEMBER}')`;
  const results =
    command === 'score'
      ? `SELECT id, posexplode(filter(split(line, ${literal('\t')}), (part, at) -> at > 0)) AS (at, result) FROM kneser_answers`
      : // The result is the document without its first member.
        `SELECT id, 0 AS at, concat('{', substring(line, length(to_json(named_struct(${literal(ROW_MEMBER)}, id))) + 1)) AS result FROM kneser_answers`;
  return [
    {
      name: 'answers',
      about: 'what the executors answer',
      statement: insert('answers', 'parquet', `SELECT ${idOf} AS id, line FROM (${answered})`),
      views: [
        `CREATE OR REPLACE TEMPORARY VIEW kneser_answers USING parquet OPTIONS (path ${literal(inside(out, 'answers'))})`,
      ],
    },
    {
      name: 'checked',
      about: 'fails unless each row came back once',
      statement: insert(
        'checked',
        'json',
        `SELECT asked, answers, IF(asked = answers AND ids = answers, 'complete', raise_error(concat(
  'kneser: ', asked, ' lines went to the executors, and ', answers, ' came back, with ', ids, ' different ids'))) AS state
FROM (SELECT count(*) AS asked FROM kneser_asked) CROSS JOIN (SELECT count(*) AS answers, count(DISTINCT id) AS ids FROM kneser_answers)`,
      ),
      views: [],
    },
    {
      name: 'lines',
      about: 'the results in the order of the text',
      statement: insert(
        'lines',
        'text',
        `SELECT result FROM (${results})
ORDER BY CAST(split(id, ' ')[0] AS INT), split(id, ' ')[3], CAST(split(id, ' ')[1] AS BIGINT), CAST(split(id, ' ')[2] AS BIGINT), at`,
      ),
      views: [],
    },
  ];
}
