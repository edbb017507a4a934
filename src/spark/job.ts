import { KneserError } from '../base/errors.js';
import { MAX_ORDER } from '../tables/pattern.js';
import { flag, list, record, requireInteger, text } from '../base/shape.js';
import type { BuildOptionName } from '../train/plan/options.js';

/**
 * The two parts of the folder of a job:
 *
 * - `counted/`: `words` and `events`, and with pruning the raw counts. Only the job itself reads it.
 * - `model/`: `plan`, `vocabulary`, `totals`, and a folder a table, named by its pattern. This is what is imported.
 */
export const PARTS = { counted: 'counted', model: 'model' } as const;

/** The version of the folder's form. */
const FORMAT = 1;

/** The names of the options of training that a job takes. */
export const JOB_OPTION_NAMES = [
  'order',
  'patterns',
  'prune',
  'vocabulary',
  'skipBlank',
] as const satisfies readonly BuildOptionName[];

/** The plan of a job: the content of `model/plan`, as JSON. */
export interface SparkJob {
  readonly order: number;
  /** The patterns of the mixture, as `formatPattern` writes them. */
  readonly patterns: readonly string[];
  /** By order from 1, the count up to which n-grams are dropped; empty if none are. */
  readonly prune: readonly number[];
  /** The most words of the vocabulary, the most frequent ones; 0 for no limit. */
  readonly limit: number;
  /** The least frequency of a word of the vocabulary. */
  readonly atLeast: number;
  readonly skipBlank: boolean;
}

/** The JSON of a job. */
export function encodeJob(job: SparkJob): string {
  return JSON.stringify({ format: FORMAT, ...job });
}

/** The reverse of {@link encodeJob}. @throws an error for other text; KNESER_VERSION for a folder of another form. */
export function decodeJob(json: string, name: string): SparkJob {
  const said = record(JSON.parse(json), 'plan');
  if (said.format !== FORMAT) {
    throw new KneserError(
      'KNESER_VERSION',
      `${name}: is of form ${String(said.format)}, and this version of kneser reads form ${FORMAT}; import it with the version that planned the job`,
    );
  }
  return {
    order: requireInteger(said.order, 'order', 1, MAX_ORDER),
    patterns: list(said.patterns, 'patterns', pattern => text(pattern, 'pattern')),
    prune: list(said.prune, 'prune', threshold => requireInteger(threshold, 'threshold')),
    limit: requireInteger(said.limit, 'limit'),
    atLeast: requireInteger(said.atLeast, 'least frequency'),
    skipBlank: flag(said.skipBlank, 'skipBlank'),
  };
}

/** The entry of a table, or of the vocabulary, in `model/totals`. */
export interface Total {
  /** The pattern of the table, or `vocabulary`. */
  readonly name: string;
  /** Rows of the folder, without those that have the counts of dropped n-grams. */
  readonly rows: number;
  /** The sum of their counts. */
  readonly sum: number;
  /** Of a pruned table: its n-grams before pruning, the sum of their counts, and how many have the count 1, 2, 3, 4. */
  readonly all?: {
    readonly rows: number;
    readonly sum: number;
    readonly countsOfCounts: [number, number, number, number];
  };
  /** Of the vocabulary: lines of the text that are not valid UTF-8. */
  readonly invalid?: number;
}

/** The total in a line of `model/totals`. @throws an error for other text. */
export function decodeTotal(json: string): Total {
  const members = Object.entries(record(JSON.parse(json), 'total')).filter(([, value]) => value !== null);
  const said = Object.fromEntries(members);
  const number = (name: string): number => requireInteger(said[name], name, 0, Number.MAX_SAFE_INTEGER);
  const [name, rows, sum] = [text(said.name, 'name'), number('rows'), number('sum')];
  if (said.invalid !== undefined) return { name, rows, sum, invalid: number('invalid') };
  if (said.all_rows === undefined) return { name, rows, sum };
  const countsOfCounts: [number, number, number, number] = [number('n1'), number('n2'), number('n3'), number('n4')];
  return { name, rows, sum, all: { rows: number('all_rows'), sum: number('all_sum'), countsOfCounts } };
}
