import {
  contiguous,
  formatPattern,
  isContiguous,
  parsePattern,
  span,
  withContexts,
  type Pattern,
} from '../tables/pattern.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, FIRST_WORD, NONE, UNK, UNK_WORD } from '../text/tokens.js';
import { encodeJob, PARTS, type SparkJob } from './job.js';
import { inside, literal } from './literals.js';
import type { Step } from './script.js';

/** The paths of the text that a job counts, and of the folder for its results. */
export interface JobPaths {
  /** Paths of text files for Spark, which may be patterns. */
  readonly texts: readonly string[];
  readonly work: string;
}

/** White space between tokens, as the tokenizer `whitespace` cuts, as a regular expression of Java. A line feed ends a line. */
const SPACES = String.raw`[\x00\t\x0B\f\r ]+`;

/** Definitions of the text's lines, and of the words of each. */
export function textViews({ texts }: Pick<JobPaths, 'texts'>, skipBlank: boolean): string[] {
  const of = (at: number): string => `kneser_text_${at + 1}`;
  const markers = `array(${literal(BOS_WORD)}, ${literal(EOS_WORD)})`;
  const refusal = `concat(${literal('KNESER_INPUT_RESERVED: the text holds a literal <s> or </s>, which marks sentence boundaries; remove it. The line: ')}, left(value, 200))`;
  return [
    // With a line separator of its own Spark does not end lines at carriage returns.
    ...texts.map((path, at) => `${view(of(at))} USING text OPTIONS (path ${literal(path)}, lineSep ${literal('\n')})`),
    `${view('kneser_lines')} AS ${texts.map((_, at) => `SELECT value FROM ${of(at)}`).join(' UNION ALL ')}`,
    `${view('kneser_words')} AS
SELECT value, array_remove(split(make_valid_utf8(value), ${literal(SPACES)}), '') AS words FROM kneser_lines`,
    `${view('kneser_sentences')} AS
SELECT value, IF(arrays_overlap(words, ${markers}), raise_error(${refusal}), words) AS words FROM kneser_words${skipBlank ? '\nWHERE size(words) > 0' : ''}`,
  ];
}

/**
 * The statements of a job that counts a text: the work of `src/count`, in SQL.
 *
 * - Input: lines of text.
 * - Output: a folder for each table of n-grams, with its rows: columns `c1`, `c2` … (the word at that distance before the predicted word), `w` and `n`.
 * - Rows ascend, nearest word first. Each step reads folders of earlier steps only.
 *
 * Counts as in src/count/adjust.ts (Heafield et al. 2013, section 3.2): n-grams of the highest order, and n-grams that begin with `<s>`,
 * have their frequency; all others the number of different words before them.
 */
export function countingSteps(job: SparkJob, paths: JobPaths): Step[] {
  return new CountingSql(job, paths).steps();
}

class CountingSql {
  /** The distance of the farthest word of the longest n-grams. */
  private readonly farthest: number;
  /** By level (the order less 1), the count up to which n-grams are dropped. */
  private readonly thresholds: readonly number[];
  /** The lowest level of which n-grams are dropped, or `Infinity`. */
  private readonly firstPruned: number;

  constructor(
    private readonly job: SparkJob,
    private readonly paths: JobPaths,
  ) {
    this.farthest = job.order - 1;
    this.thresholds = job.prune;
    const first = job.prune.findIndex(threshold => threshold > 0);
    this.firstPruned = first < 0 ? Infinity : first;
  }

  steps(): Step[] {
    const { order } = this.job;
    const levels = contiguous(order).toReversed();
    return [
      this.begin(),
      this.plan(),
      this.words(),
      this.vocabulary(),
      ...(order > 1 ? [this.events(), ...levels.flatMap(level => this.contiguousTable(level)), this.unigrams()] : []),
      ...this.skipPatterns().map(pattern => this.skipTable(pattern)),
      this.totals(),
    ];
  }

  /** The folder is whole when `totals` has rows. Until then the totals of an earlier job must not pass for those of this one. */
  private begin(): Step {
    const statement = `SELECT '' AS name WHERE false`;
    return {
      name: 'begin',
      about: 'the job is not finished',
      statement: this.insert('totals', statement, 'json'),
      views: [],
    };
  }

  private plan(): Step {
    const statement = `SELECT /*+ COALESCE(1) */ ${literal(encodeJob(this.job))} AS value`;
    return { name: 'plan', about: 'the options', statement: this.insert('plan', statement, 'text'), views: [] };
  }

  /** Columns: `word`, `frequency`. `</s>` occurs once a sentence; NULL once a line that is not valid UTF-8. */
  private words(): Step {
    const statement = `SELECT word, count(*) AS frequency FROM (
  SELECT explode(concat(words, array(${literal(EOS_WORD)}), IF(is_valid_utf8(value), array_repeat('', 0), array_repeat(CAST(NULL AS STRING), 1)))) AS word
  FROM kneser_sentences)
GROUP BY word`;
    return this.counted('words', 'how often each word occurs', statement);
  }

  /** Columns: `id`, `word`, `frequency`. The most frequent word has the smallest id; words of equal frequency are in the order of their bytes. */
  private vocabulary(): Step {
    const { limit, atLeast } = this.job;
    const special = `(${literal(UNK_WORD)}, ${literal(EOS_WORD)})`;
    const best = limit > 0 ? `\n  ORDER BY frequency DESC, CAST(word AS BINARY) LIMIT ${limit}` : '';
    const kept = `SELECT word, frequency FROM kneser_counted_words
  WHERE word NOT IN ${special}${atLeast > 1 ? ` AND frequency >= ${atLeast}` : ''}${best}`;
    const statement = `WITH kept AS (${kept})
SELECT id, CAST(word AS BINARY) AS word, frequency FROM (
  SELECT CAST(row_number() OVER (ORDER BY frequency DESC, CAST(word AS BINARY)) + ${FIRST_WORD - 1} AS INT) AS id, word, frequency FROM kept
  UNION ALL
  SELECT ${UNK}, ${literal(UNK_WORD)}, coalesce((SELECT sum(frequency) FROM kneser_counted_words WHERE word <> ${literal(EOS_WORD)}), 0L) - coalesce((SELECT sum(frequency) FROM kept), 0L)
  UNION ALL
  SELECT ${EOS}, ${literal(EOS_WORD)}, coalesce((SELECT sum(frequency) FROM kneser_counted_words WHERE word = ${literal(EOS_WORD)}), 0L))
ORDER BY id`;
    const ids = `${view('kneser_ids')} AS
SELECT CAST(word AS STRING) AS word, id FROM kneser_vocabulary UNION ALL SELECT '', ${NONE} UNION ALL SELECT ${literal(BOS_WORD)}, ${BOS}`;
    const { path } = this.folder('vocabulary');
    return {
      name: 'vocabulary',
      about: 'the words of the model, and their ids',
      statement: this.insert('vocabulary', statement),
      views: [parquetView('kneser_vocabulary', path), ids],
    };
  }

  /** N-grams of the order with their frequencies, `NONE` before `<s>`. Columns: `w`, `c1`, `c2` …, `n`. */
  private events(): Step {
    const { order } = this.job;
    const names = ['w', ...this.columns(this.farthest)];
    // Word t of a sentence is element order + t of x, so the word at distance d before the first word is element order − d.
    const slices = names.map((_, distance) => `slice(x, ${order - distance}, m)`);
    const joins = names.map((name, at) => `LEFT JOIN kneser_ids AS v${at} ON e.${name} = v${at}.word`);
    const hints = names.map((_, at) => `BROADCAST(v${at})`).join(', ');
    const statement = `SELECT ${names.join(', ')}, count(*) AS n FROM (
  SELECT /*+ ${hints} */ ${names.map((name, at) => `coalesce(v${at}.id, ${UNK}) AS ${name}`).join(', ')} FROM (
    SELECT inline(arrays_zip(${slices.join(', ')})) AS (${names.join(', ')}) FROM (
      SELECT concat(array_repeat('', ${order - 2}), array(${literal(BOS_WORD)}), words, array(${literal(EOS_WORD)})) AS x, size(words) + 1 AS m
      FROM kneser_sentences)) AS e
  ${joins.join('\n  ')})
GROUP BY ${names.join(', ')}`;
    return this.counted('events', 'the n-grams of the order', statement);
  }

  /** The tables of a level: its rows, and before pruning these with their raw counts, if levels below or this one need them. */
  private contiguousTable(level: number): Step[] {
    const name = formatPattern(contiguous(level + 1));
    const isPruned = level >= this.firstPruned;
    const columns = this.columns(level).join(', ');
    if (!isPruned) return [this.table(name, level, this.levelRows(level, false))];
    const threshold = this.thresholds[level];
    const [from, raw] =
      level === this.farthest ? [this.levelRows(level, false), 'n'] : [`SELECT * FROM kneser_counted_${name}`, 'r'];
    const dropped = `IF(${raw} > ${threshold}, w, ${NONE})`;
    const statement = `SELECT ${columns}, w, n FROM (
  SELECT ${columns}, w, n, max(w) OVER (PARTITION BY ${columns}) AS most FROM (
    SELECT ${columns}, ${dropped} AS w, sum(n) AS n FROM (${from})
    GROUP BY ${columns}, ${dropped}))
WHERE most > ${NONE}`;
    const kept = this.table(name, level, statement);
    if (level === this.farthest) return [kept];
    return [
      this.counted(
        name,
        `n-grams of order ${level + 1} with raw counts`,
        this.levelRows(level, true),
        `counts-${name}`,
      ),
      kept,
    ];
  }

  /** The rows of a level before pruning: columns `c1` …, `w`, `n`, and with `raw` also `r`, the raw count. */
  private levelRows(level: number, raw: boolean): string {
    const columns = this.columns(level).join(', ');
    if (level === this.farthest) return `SELECT ${columns}, w, n FROM kneser_counted_events WHERE c${level} <> ${NONE}`;
    // The raw counts of the longest n-grams are their counts.
    const rawOfLonger = level + 1 === this.farthest ? 'n' : 'r';
    return `SELECT ${columns}, w, count(*) AS n${raw ? `, sum(${rawOfLonger}) AS r` : ''} FROM (${this.unpruned(level + 1)})
GROUP BY ${columns}, w
UNION ALL
SELECT ${columns}, w, n${raw ? ', n' : ''} FROM kneser_counted_events WHERE c${level} = ${BOS}`;
  }

  /** The rows of a level before pruning, from the folder that has them. */
  private unpruned(level: number): string {
    const name = formatPattern(contiguous(level + 1));
    if (level < this.firstPruned) return `SELECT * FROM kneser_table_${name}`;
    return level === this.farthest ? this.levelRows(level, false) : `SELECT * FROM kneser_counted_${name}`;
  }

  /** The number of different words before each word. */
  private unigrams(): Step {
    return this.table('1', 0, `SELECT w, count(*) AS n FROM (${this.unpruned(1)}) GROUP BY w`);
  }

  /** A skip pattern counts different n-grams that are one word longer to the left; `<s>` has no word to its left. */
  private skipTable(pattern: Pattern): Step {
    const level = span(pattern);
    const own = pattern.map(distance => `c${distance}`).join(', ');
    const from =
      level === this.farthest
        ? this.unpruned(level)
        : `SELECT ${this.columns(level).join(', ')}, w FROM kneser_table_${formatPattern(contiguous(level + 2))}
  UNION ALL SELECT ${this.columns(level).join(', ')}, w FROM kneser_table_${formatPattern(contiguous(level + 1))} WHERE c${level} = ${BOS}`;
    return this.table(
      formatPattern(pattern),
      pattern,
      `SELECT ${own}, w, count(*) AS n FROM (${from}) GROUP BY ${own}, w`,
    );
  }

  /** One row a table, and one for the vocabulary: with its numbers the import knows whether all rows came. */
  private totals(): Step {
    const names = jobTables(this.job).map(formatPattern);
    const whole = 'CAST(NULL AS BIGINT)';
    const rows = [
      `SELECT /*+ COALESCE(1) */ 'vocabulary' AS name, count(*) AS rows, sum(frequency) AS sum, ${whole} AS all_rows, ${whole} AS all_sum,
  ${whole} AS n1, ${whole} AS n2, ${whole} AS n3, ${whole} AS n4,
  coalesce((SELECT sum(frequency) FROM kneser_counted_words WHERE word IS NULL), 0L) AS invalid
FROM kneser_vocabulary`,
      ...names.map((name, at) => {
        const level = span(jobTables(this.job)[at]);
        const sums = `SELECT '${name}', count(*), coalesce(sum(n), 0L)`;
        if (level < this.firstPruned) {
          return `${sums}, ${Array.from({ length: 7 }, () => whole).join(', ')} FROM kneser_table_${name}`;
        }
        const counts = [1, 2, 3, 4].map(count => `count_if(n = ${count})`).join(', ');
        return `SELECT '${name}', kept.*, whole.*, ${whole} FROM (SELECT count_if(w <> ${NONE}), coalesce(sum(n), 0L) FROM kneser_table_${name}) AS kept
CROSS JOIN (SELECT count(*), coalesce(sum(n), 0L), ${counts} FROM (${this.unpruned(level)})) AS whole`;
      }),
    ];
    return {
      name: 'totals',
      about: 'the numbers of rows and their sums; the job is finished',
      statement: this.insert('totals', rows.join('\nUNION ALL\n'), 'json'),
      views: [],
    };
  }

  /** A step that writes a sorted table. @param pattern its pattern, or the level of a contiguous one. */
  private table(name: string, pattern: Pattern | number, rows: string): Step {
    const distances = typeof pattern === 'number' ? contiguous(pattern + 1) : pattern;
    const order = [...distances.map(distance => `c${distance}`), 'w'].join(', ');
    const { path } = this.folder(name);
    return {
      name,
      about: `table ${name}`,
      statement: this.insert(name, `SELECT ${order}, n FROM (${rows})\nORDER BY ${order}`),
      views: [parquetView(`kneser_table_${name}`, path)],
    };
  }

  /** A step that writes a folder which only later steps read. */
  private counted(name: string, about: string, rows: string, step = name): Step {
    const path = inside(this.paths.work, PARTS.counted, name);
    const statement = `INSERT OVERWRITE DIRECTORY ${literal(path)} USING parquet\n${rows}`;
    return { name: step, about, statement, views: [parquetView(`kneser_counted_${name}`, path)] };
  }

  private insert(name: string, rows: string, format = 'parquet'): string {
    return `INSERT OVERWRITE DIRECTORY ${literal(this.folder(name).path)} USING ${format}\n${rows}`;
  }

  private folder(name: string): { path: string } {
    return { path: inside(this.paths.work, PARTS.model, name) };
  }

  /** The columns of the words before the predicted word, up to a distance. */
  private columns(farthest: number): string[] {
    return Array.from({ length: farthest }, (_, at) => `c${at + 1}`);
  }

  private skipPatterns(): Pattern[] {
    return jobTables(this.job).filter(pattern => !isContiguous(pattern));
  }
}

/** The patterns of all tables of a job, shorter contexts first. A model of order 1 has no table that is counted. */
export function jobTables({ order, patterns }: SparkJob): Pattern[] {
  if (order === 1) return [];
  return withContexts(patterns.map(name => parsePattern(name) ?? []));
}

function view(name: string): string {
  return `CREATE OR REPLACE TEMPORARY VIEW ${name}`;
}

function parquetView(name: string, path: string): string {
  return `${view(name)} USING parquet OPTIONS (path ${literal(path)})`;
}
