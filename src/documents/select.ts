import { callBack } from '../base/call-back.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { pauses, runInTurns } from '../base/turn.js';
import { hashRandom } from '../base/hash-random.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { givenDocumentOptions } from '../text/formats/corpus.js';
import { expandForTwoPasses } from '../text/formats/input.js';
import { memberOf, type JsonObject } from '../text/formats/jsonl.js';
import { Column, groupAt, Labels, numberAt, Positions } from './columns.js';
import { ConventionsFinder } from './conventions.js';
import { decide, type Decision, type FigureTable } from './decision.js';
import { writeText, writeWithWeight } from './member.js';
import type { OutputLine } from './output.js';
import { labelSteps } from './roc.js';
import { checkSelectOptions, type SelectOptions } from './select-options.js';
import { Examples, selectionReport } from './selection-figures.js';
import { eachOf, isInShard, readAllRecords, type RecordAt } from './stream.js';

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
  checkSelectOptions(options);
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
    callBack(
      options.onWarning,
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
    callBack(options.onWarning, `${wanted} documents are asked for, but only ${found} can be chosen: all of them are`);
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
