import {
  checkFunction,
  checkOptions,
  checkPaths,
  checkShare,
  checkText,
  listOf,
  members,
  oneOf,
  optionError,
  refuseWithout,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type Check,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { pauses, runInTurns } from '../base/turn.js';
import { hashRandom } from '../base/hash-random.js';
import { PendingBytes } from '../base/pending-bytes.js';
import type { WorkOptions } from '../base/progress.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { memberOf, type JsonObject } from '../text/formats/jsonl.js';
import type { Kept } from './choices.js';
import { Column, groupAt, Labels, numberAt, Positions } from './columns.js';
import { ConventionsFinder } from './conventions.js';
import { decide, type Decision, type FigureTable } from './decision.js';
import { writeText, writeWithWeight } from './member.js';
import type { OutputLine } from './output.js';
import { labelSteps } from './roc.js';
import { Examples, selectionReport, type SelectionReport } from './selection-report.js';
import {
  checkShard,
  eachOf,
  expandForTwoPasses,
  isInShard,
  readAllRecords,
  type RecordAt,
  type Shard,
} from './stream.js';

/** Buckets from the lowest figures to the highest. Each bucket except the last ends at a percentile or at a figure. */
export interface BucketChoice {
  /** The names of the buckets, of letters, digits, _ and -: they become names of files. */
  readonly names: readonly string[];
  /** The percentiles (0 to 100) at which the buckets end, ascending; one less than `names`. A bucket has the figures strictly below its end, as in CCNet. */
  readonly percentiles?: readonly number[];
  /** The figures at which the buckets end, in place of percentiles. */
  readonly at?: readonly number[];
}

/** A random sample by BERTIN's probabilities, or weights after SoftDedup. */
export type SampleChoice =
  | {
      /** How a document's probability depends on its figure (de la Rosa et al. 2022). */
      readonly how: 'gaussian' | 'stepwise';
      /** The share of documents that is kept on average. */
      readonly share: number;
    }
  | {
      /** Weights that fall with commonness (after He et al. 2024). Without `count`, all documents are returned, each with its weight. */
      readonly how: 'inverse';
      /** Number of segments, which have equally many tokens. Default 20. */
      readonly segments?: number;
      /** The highest weight divided by the lowest. Default 10. */
      readonly ratio?: number;
      /** The number of documents that are drawn, with probabilities proportional to their weights. Default: no draw. */
      readonly count?: number;
    };

/** The files that {@link select} reads, and the method. Exactly one method must be given: `min`/`max`, `keep`, `buckets`, `sample`, `resample`, `top` or `label`. */
export interface SelectOptions extends DocumentOptions, WorkOptions {
  /** Files of objects with figures: JSON lines or Parquet. They are read twice. */
  readonly files: readonly string[];
  /** The path of the figure, a number in the objects: such as `kneser.perplexity`, or the `loss` of another model. */
  readonly by: string;
  /** Keeps documents whose figure is at least this. */
  readonly min?: number;
  /** Keeps documents whose figure is at most this. */
  readonly max?: number;
  /** Keeps a share of the documents by rank, or with `of: 'tokens'` of the tokens. */
  readonly keep?: {
    /** The part that is kept, of all documents in the order of their figures. */
    readonly which: Kept;
    /** The share that is kept, from 0 to 1. */
    readonly share: number;
    /** Whether `share` is a share of the documents or of their tokens. Default `documents`. */
    readonly of?: 'documents' | 'tokens';
  };
  /** Sorts documents into buckets. */
  readonly buckets?: BucketChoice;
  /** Takes a random sample. */
  readonly sample?: SampleChoice;
  /** The number of documents to draw without replacement, with probabilities proportional to base^(figure / temperature), as in DSIR. */
  readonly resample?: number;
  /** Keeps this many documents: those with the highest figures. */
  readonly top?: number;
  /** Chooses no documents, but measures how well the figure finds the documents whose member `field` has the value `value`. */
  readonly label?: {
    /** The name of a member. */
    readonly field: string;
    /** The value as text, such as `true` or `5`. */
    readonly value: string;
  };
  /** Divides the figures before `resample`. Default 1. */
  readonly temperature?: number;
  /** The base of the logarithms that are the figures of `resample`. Default 10, as in kneser; 2.718281828459045 for natural logarithms. */
  readonly logBase?: number;
  /** Leaves out documents of fewer tokens. Default 0. Sums of log ratios reward length: DSIR leaves out documents of fewer than 100. */
  readonly minTokens?: number;
  /** The path of the number of tokens. Default: the member `tokens` beside the figure, or beside an object that holds it. */
  readonly tokens?: string;
  /** Takes shares and quantiles among the documents that have the same value of this member, such as a language or a domain. */
  readonly within?: string;
  /** The number of bins by length in tokens, with equally many documents each: shares and quantiles are taken within each bin. */
  readonly lengthBins?: number;
  /** A whole number. Default 1. The same seed chooses the same documents, whatever the shards. */
  readonly seed?: number;
  /** The part of the documents that is returned. All documents take part in the choice. */
  readonly shard?: Shard;
  /**
   * The share of the documents, from 0 to 1, that a random sample has: all other documents are ignored and not parsed, for a first look at
   * large files. Default 1.
   */
  readonly sampleRate?: number;
  /** Number of resamples of the bootstrap of `label`. Default 200. */
  readonly resamples?: number;
  /** Called with the report after the last document. */
  readonly onReport?: (report: SelectionReport) => void;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
  /** A member that names documents in the report. Default `id`. */
  readonly id?: string;
}

const number: Check = (name, value) => {
  if (!(typeof value === 'number' && Number.isFinite(value))) throw optionError(name, value, 'a number');
};
const above =
  (least: number): Check =>
  (name, value) => {
    if (!(typeof value === 'number' && value > least && value < Infinity)) {
      throw optionError(name, value, `a number above ${least}`);
    }
  };
const share: Check = (name, value) => checkShare(name, value, 1);
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** The checks of {@link SelectOptions}. */
const SELECT_OPTIONS: OptionTable<SelectOptions> = {
  files: required(checkPaths),
  by: required(checkText),
  min: number,
  max: number,
  keep: members({
    which: required(oneOf(['lowest', 'middle', 'highest'])),
    share: required(share),
    of: oneOf(['documents', 'tokens']),
  }),
  buckets: checkBuckets,
  sample: checkSample,
  resample: count,
  top: count,
  label: members({ field: required(checkText), value: required(checkText) }),
  temperature: above(0),
  logBase: above(1),
  minTokens: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  tokens: checkText,
  within: checkText,
  lengthBins: wholeNumber(1, 1000),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  shard: checkShard,
  sampleRate: (name, value) => {
    if (!(typeof value === 'number' && value > 0 && value <= 1))
      throw optionError(name, value, 'a share above 0 and at most 1');
  },
  resamples: wholeNumber(0, 100_000),
  onReport: checkFunction,
  onWarning: checkFunction,
  id: checkText,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

function checkBuckets(name: string, value: unknown): void {
  const ascending: Check = (list, numbers) => {
    listOf(number)(list, numbers);
    const ends = numbers as readonly number[];
    if (ends.some((end, i) => i > 0 && end < ends[i - 1])) throw optionError(list, numbers, 'ascending');
  };
  const percentiles: Check = (list, numbers, options) => {
    ascending(list, numbers, options);
    const ends = numbers as readonly number[];
    if (ends.some(end => end < 0 || end > 100)) throw optionError(list, numbers, 'a list of percentiles from 0 to 100');
  };
  const fileName: Check = (list, text) => {
    if (!/^[\w-]+$/.test(checkText(list, text))) throw optionError(list, text, 'a name of letters, digits, _ and -');
  };
  members({ names: required(listOf(fileName)), percentiles, at: ascending })(name, value);
  const { names, percentiles: shares, at } = value as BucketChoice;
  const ends = shares ?? at;
  if ((shares === undefined) === (at === undefined) || ends?.length !== names.length - 1) {
    throw optionError(name, value, 'names and one end less: percentiles, or figures (at)');
  }
  if (new Set(names).size < names.length) throw optionError(name, names.join(), 'a list of different names');
}

function checkSample(name: string, value: unknown): void {
  members({
    how: required(oneOf(['gaussian', 'stepwise', 'inverse'])),
    share,
    segments: wholeNumber(1, 100_000),
    ratio: (member: string, ratio: unknown) => {
      if (!(typeof ratio === 'number' && ratio >= 1 && ratio < Infinity))
        throw optionError(member, ratio, 'at least 1');
    },
    count,
  })(name, value);
  const given = value as { readonly how: string; readonly share?: number };
  if ((given.how === 'inverse') === (given.share === undefined)) return;
  throw optionError(name, given.how, given.how === 'inverse' ? 'a sample with a share' : 'a sample without a share');
}

/** The options that name a method. */
const METHODS = ['keep', 'buckets', 'sample', 'resample', 'top', 'label'] as const;

/** A chosen document. */
export interface SelectedDocument {
  /** The document's position among all documents, from 0. */
  readonly index: number;
  /** The object that was read. */
  readonly document: JsonObject;
  /** The document's figure. */
  readonly figure: number;
  /** The name of the document's bucket, with `buckets`. */
  readonly bucket: string | undefined;
  /** The document's weight, with `sample: { how: 'inverse' }`. */
  readonly weight: number | undefined;
  /** The document's JSON in UTF-8 without a line feed, byte for byte; a weight is added as the member `weight` of `kneser`. */
  readonly line: Uint8Array;
  /** @internal Writes `line`. */
  writeTo(out: PendingBytes): void;
}

/**
 * Chooses documents by a figure: thresholds, shares by rank, buckets, random samples, weights. The figure is any number in the
 * objects; neither text nor tokens are needed for it. A document whose figure is `null` or missing is never chosen, and counted in
 * the report. Documents are returned in the order of the files, byte for byte. Files are read twice. Memory: 8 bytes for each document, 4
 * more for its number of tokens, 4 more with `within`, and 8 more while documents are sorted.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_INPUT_JSON for a figure that is not a number, KNESER_ABORTED.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { select } from 'kneser';
 *
 * writeFileSync('scored.jsonl', '{"id":1,"loss":2.5}\n{"id":2,"loss":1.5}\n{"id":3,"loss":null}\n');
 * const chosen = select({ files: ['scored.jsonl'], by: 'loss', keep: { which: 'lowest', share: 0.5 } });
 * for await (const { document } of chosen) console.log(document.id); // 2
 * ```
 */
export function select(options: SelectOptions): AsyncGenerator<SelectedDocument, void, void> {
  return eachOf(selectSome(options));
}

/** As {@link select}, but some documents at a time: a generator that yields them one by one takes a microsecond for each. @internal */
export function selectSome(options: SelectOptions): AsyncGenerator<readonly SelectedRow[], void, void> {
  checkOptions('select', options, SELECT_OPTIONS);
  const { min, max, resample, label, within, lengthBins, top } = options;
  const given = METHODS.filter(name => options[name] !== undefined);
  const methods = given.length + (min === undefined && max === undefined ? 0 : 1);
  if (methods !== 1) {
    throw new KneserError(
      'KNESER_OPTION',
      `select: it takes one method, not ${methods}: min and max, ${METHODS.join(', ')}; there is no default`,
    );
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new KneserError('KNESER_OPTION', `min: ${min} is above max, ${max}: no figure lies between them`);
  }
  if (resample === undefined) refuseWithout(options, ['temperature', 'logBase'], 'resample');
  if (label === undefined) refuseWithout(options, ['resamples'], 'label');
  if ((within ?? lengthBins) !== undefined && (resample ?? top) !== undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      `${within === undefined ? 'lengthBins' : 'within'}: resample and top choose a number of documents from all; leave it out, or use keep`,
    );
  }
  return run(options);
}

async function* run(options: SelectOptions): AsyncGenerator<readonly SelectedRow[], void, void> {
  const inputs = await expandForTwoPasses(options.files, givenDocumentOptions(options), 'select');
  const { label, resamples = 200, seed = 1, onReport, shard, sampleRate } = options;
  const read = (isChecked: boolean): AsyncGenerator<readonly RecordAt[]> => {
    // Documents that are not in the sample are not parsed.
    const records = readAllRecords(
      inputs,
      givenDocumentOptions(options),
      options,
      isChecked || sampleRate !== undefined,
    );
    return sampleRate === undefined ? records : sampleOf(records, sampleRate, seed);
  };
  const table = await readFigures(read(false), options);
  if (table.conventions.length > 1) {
    options.onWarning?.(
      `the figures have ${table.conventions.length} different conventions (unit, tokenizer, model), so that they cannot be compared; the ` +
        'report lists them. Annotate all documents with one model, or choose within each kind',
    );
  }
  if (label) {
    const pause = pauses(() => checkAborted(options.signal, 'resampling'));
    const steps = labelSteps(table.figures, table.labels ?? new Uint8Array(0), { resamples, seed });
    const figures = await runInTurns(steps, pause);
    onReport?.({ ...selectionReport(table, undefined, options), label: { ...label, ...figures } });
    return;
  }
  const decision = decide(table, options);
  const wanted =
    options.resample ?? options.top ?? (options.sample?.how === 'inverse' ? options.sample.count : undefined);
  const found = table.figures.reduce((sum, figure) => sum + (Number.isNaN(figure) ? 0 : 1), 0);
  if (wanted !== undefined && wanted > found) {
    options.onWarning?.(`${wanted} documents are asked for, but only ${found} can be chosen: all of them are`);
  }
  const examples = onReport && new Examples(table, decision, options);
  // The row of a record in the table: with a sample, it is not the record's position.
  let rows = 0;
  for await (const records of read(true)) {
    const some: SelectedRow[] = [];
    for (const record of records) {
      const row = rows++;
      examples?.look(record, row);
      const bucket = decision.bucketOf(row);
      if (bucket < 0 || !isInShard(record.index, shard)) continue;
      some.push(new SelectedRow(record, table.figures[row], decision, bucket));
    }
    if (some.length > 0) yield some;
  }
  onReport?.({ ...selectionReport(table, decision, options), ...(examples?.found() ?? {}) });
}

/** The records of a random sample. */
async function* sampleOf(
  records: AsyncIterable<readonly RecordAt[]>,
  rate: number,
  seed: number,
): AsyncGenerator<readonly RecordAt[]> {
  for await (const some of records) yield some.filter(({ index }) => hashRandom(seed + SAMPLING, index) < rate);
}

/** Added to the seed, so that a sample and the choices in it are independent. */
const SAMPLING = 0x5a3b1e;

/** A chosen document, which writes itself. */
class SelectedRow implements SelectedDocument, OutputLine {
  readonly index: number;
  readonly bucket: string | undefined;
  readonly weight: number | undefined;
  readonly #record: RecordAt;

  constructor(
    record: RecordAt,
    readonly figure: number,
    { names, weight }: Decision,
    bucket: number,
  ) {
    this.#record = record;
    this.index = record.index;
    this.bucket = names?.[bucket];
    this.weight = weight?.(figure);
  }

  get document(): JsonObject {
    return this.#record.object;
  }

  get line(): Uint8Array {
    const out = new PendingBytes();
    this.writeTo(out);
    return out.view();
  }

  writeTo(out: PendingBytes): void {
    const { line, place } = this.#record;
    if (this.weight === undefined) out.add(line);
    else writeText(out, writeWithWeight(line, this.document, this.weight, place));
  }
}

/** Reads the figures of all documents, and the other numbers that the choice needs. */
async function readFigures(source: AsyncGenerator<readonly RecordAt[]>, options: SelectOptions): Promise<FigureTable> {
  const { by, within, label, minTokens = 0 } = options;
  const figures = new Column();
  let tokens: Positions | undefined;
  const groups = within === undefined ? undefined : new Positions();
  const names = new Labels();
  const conventions = new ConventionsFinder(by);
  const labels: Positions | undefined = label && new Positions();
  const paths = options.tokens === undefined ? tokenPaths(by) : [options.tokens];
  let path: string | undefined;
  let withFigure = 0;
  let documents = 0;
  const unseen = new Map(Object.entries({ within, label: label?.field }).filter(([, field]) => field !== undefined));
  for await (const records of source) {
    for (const record of records) {
      documents++;
      const figure = numberAt(record, by);
      if (!Number.isNaN(figure)) {
        withFigure++;
        conventions.look(record.object);
      }
      path ??= paths.find(candidate => typeof memberOf(record.object, candidate) === 'number');
      const own = path === undefined ? NaN : tokensAt(record, path, options.tokens !== undefined);
      if (!Number.isNaN(own) && !tokens) {
        tokens = new Positions();
        for (let before = 1; before < documents; before++) tokens.push(0);
      }
      tokens?.push(own || 0);
      figures.push(minTokens > 0 && !(own >= minTokens) ? NaN : figure);
      for (const [option, field] of unseen) {
        if (field !== undefined && memberOf(record.object, field) !== undefined) unseen.delete(option);
      }
      if (groups && within !== undefined) groups.push(names.numberOf(groupAt(record, within)));
      if (labels && label) labels.push(groupAt(record, label.field) === label.value ? 1 : 0);
    }
  }
  if (withFigure === 0 && documents > 0) {
    throw new KneserError(
      'KNESER_OPTION',
      `by: no document has a number at ${by}; name another figure, such as kneser.perplexity`,
    );
  }
  for (const [option, field] of documents > 0 ? unseen : []) {
    throw new KneserError('KNESER_OPTION', `${option}: no document has a member ${field}; name another member`);
  }
  const needs = neededFor(options);
  if (needs !== undefined && !tokens) {
    throw new KneserError(
      'KNESER_OPTION',
      `${needs}: needs the number of tokens of each document, and there is none at ${paths.join(' or ')}; name it with tokens (--tokens)`,
    );
  }
  return {
    figures: figures.view(),
    conventions: conventions.all,
    tokens: tokens?.view(),
    groups: groups?.view(),
    groupNames: names.names,
    labels: labels && Uint8Array.from(labels.view()),
  };
}

/**
 * The number of tokens at a path; NaN if there is none.
 *
 * @param isNamed whether the caller named the path. A value that is not a whole number is then an error; otherwise it is ignored.
 * @throws KNESER_INPUT_JSON
 */
function tokensAt(record: RecordAt, path: string, isNamed: boolean): number {
  if (!isNamed) {
    const value = memberOf(record.object, path);
    return typeof value === 'number' && isCount(value) ? value : NaN;
  }
  const value = numberAt(record, path);
  if (Number.isNaN(value) || isCount(value)) return value;
  throw new KneserError(
    'KNESER_INPUT_JSON',
    `${record.place()}: ${path} is ${value}, not a whole number of tokens; name another member (--tokens)`,
  );
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** The name of an option in use that needs the number of tokens of each document. */
function neededFor({ keep, sample, lengthBins, minTokens }: SelectOptions): string | undefined {
  if (keep?.of === 'tokens') return 'keep';
  if (sample?.how === 'inverse') return 'sample';
  if (lengthBins !== undefined) return 'lengthBins';
  return minTokens === undefined || minTokens === 0 ? undefined : 'minTokens';
}

/** The paths at which the number of tokens may be. For the figure `kneser.against.log10Ratio` these are `kneser.against.tokens`, `kneser.tokens` and `tokens`. */
function tokenPaths(by: string): string[] {
  const parts = by.split('.').slice(0, -1);
  return Array.from({ length: parts.length + 1 }, (_, i) => [...parts.slice(0, parts.length - i), 'tokens'].join('.'));
}
