import {
  checkFunction,
  checkOptions,
  checkPaths,
  checkShare,
  checkText,
  oneOf,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { randomNumbers } from '../base/random.js';
import type { WorkOptions } from '../base/progress.js';
import { intervalOf, poisson, type Interval } from '../baseline/bootstrap.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { openCorpus } from '../text/formats/index.js';
import { documentsOf, expandInputs, type Input } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';
import { Tokenizer, type TextFeeder, type TokenSink } from '../text/tokenizer.js';
import { WordList } from '../text/word-list.js';
import { nameAt, numberAt } from './columns.js';
import { LEAST_TOKENS, NgramIndex } from './ngram-index.js';
import { NormalizedTokenizer, type Normalization } from './overlap-tokens.js';
import { readAllRecords, type RecordAt } from './stream.js';

/** What {@link overlap} compares. */
export interface OverlapOptions extends DocumentOptions, WorkOptions {
  /** The training text: files and folders, read once. */
  readonly train: readonly string[];
  /** The benchmark: files whose documents are its items. In memory as a whole. */
  readonly test: readonly string[];
  /** Length of the n-grams [tokens]. Default 13. */
  readonly n?: number;
  /** Default `gpt3`. */
  readonly normalize?: Normalization;
  /** A member with the question of an item, in front of its answer. */
  readonly query?: string;
  /** A member with the answer of an item: hits are then its n-grams, and those that reach into the question are counted by themselves. */
  readonly answer?: string;
  /** An item with at least so many different n-grams in the training text is contaminated. Default 1. */
  readonly minHits?: number;
  /** An item is contaminated only if this share of its tokens lies in found n-grams. Default 0. */
  readonly minCoverage?: number;
  /** N-grams in more training documents than this are boilerplate, and no hits. Default 10, as for GPT-3. */
  readonly maxDocuments?: number;
  /** A member with a number by item, such as whether a model solved it: the report compares clean and contaminated items. */
  readonly scores?: string;
  /** Seed of the bootstrap. Default 1. */
  readonly seed?: number;
  /** Told the report when all items have come out. */
  readonly onReport?: (report: OverlapReport) => void;
  /** Told what was left out, and why. */
  readonly onWarning?: (warning: string) => void;
  /** A member that names items. Default `id`. */
  readonly id?: string;
}

const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** The checks of {@link OverlapOptions}. */
const OVERLAP_OPTIONS: OptionTable<OverlapOptions> = {
  train: required(checkPaths),
  test: required(checkPaths),
  n: wholeNumber(1, 1000),
  normalize: oneOf(['gpt3', 'none']),
  query: checkText,
  answer: checkText,
  minHits: count,
  minCoverage: (name, value) => checkShare(name, value, 1),
  maxDocuments: count,
  scores: checkText,
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  onReport: checkFunction,
  onWarning: checkFunction,
  id: checkText,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** Where an item is found: a document of the training text. */
export interface TrainingPlace {
  /** The file. */
  readonly file: string;
  /** The document's position among all documents of the training text, from 0; of plain text a line is a document. */
  readonly index: number;
}

/** How much of an item is in the training text. */
export interface OverlapRow {
  /** The file of the item. */
  readonly file: string;
  /** Its position among all items, from 0. */
  readonly index: number;
  /** Its member `id` as text; `null` where it has none. */
  readonly id: string | null;
  /** Its tokens. */
  readonly tokens: number;
  /** Its n-grams: with `answer` those within the answer. */
  readonly ngrams: number;
  /** Different n-grams of these that are in the training text, boilerplate not counted. */
  readonly hits: number;
  /** Places of the item at which such an n-gram begins. */
  readonly found: number;
  /** Different found n-grams that reach from the question into the answer. */
  readonly borderHits: number;
  /** Different found n-grams within the question. */
  readonly queryHits: number;
  /** Share of the tokens that lie in a found n-gram. */
  readonly coverage: number;
  /** Tokens of the longest stretch of found n-grams. */
  readonly longest: number;
  /** The stretches of found n-grams: from this token to before that token. */
  readonly spans: readonly (readonly [from: number, to: number])[];
  /** The first training document with a hit. */
  readonly first: TrainingPlace | null;
  /** Its tokens as they are compared. */
  readonly words: () => readonly string[];
  /** Whether the item has enough hits and coverage; `null` for an item too short to say. */
  readonly contaminated: boolean | null;
}

/** The sums over all items. */
export interface OverlapReport {
  /** Items of the benchmark. */
  readonly items: number;
  /** Items of fewer than 8 tokens, and than n: nothing can be said of them. */
  readonly tooShort: number;
  /** Contaminated items. */
  readonly contaminated: number;
  /** Items with a hit. */
  readonly withHits: number;
  /** N-grams of all items, and those of them that were found. */
  readonly ngrams: number;
  /** Places at which a found n-gram begins. */
  readonly found: number;
  /** Different n-grams that were found. */
  readonly distinct: number;
  /** Tokens of the items that are long enough. */
  readonly tokens: number;
  /** Those of them that lie in a found n-gram. */
  readonly covered: number;
  /** Different n-grams that were found in too many training documents. */
  readonly boilerplate: number;
  /** Documents of the training text. */
  readonly trainDocuments: number;
  /** The mean of the member `scores` over items, with `scores`. */
  readonly scores?: OverlapScores;
}

/** Scores of clean and of contaminated items. */
export interface OverlapScores {
  /** Mean over all items with a score. */
  readonly all: number | null;
  /** Mean over clean items. */
  readonly clean: number | null;
  /** Mean over contaminated items. */
  readonly contaminated: number | null;
  /** `contaminated` − `clean`. */
  readonly difference: number | null;
  /** 95 % interval of the difference, by a bootstrap over items. */
  readonly interval: Interval | null;
}

/**
 * Says which items of a benchmark are in a training text, by exact n-grams of any length: hits, coverage, the longest stretch, where.
 * The items are in memory; the training text is read once, as a stream. An item of fewer than n tokens is one n-gram of its own
 * length, if it has at least 8; a shorter one is never called clean.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_ABORTED.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { overlap } from 'kneser';
 *
 * writeFileSync('items.jsonl', '{"text":"The jury praised the city and its very long street ."}\n');
 * for await (const { hits, coverage } of overlap({ train: ['text.txt'], test: ['items.jsonl'], n: 4 })) {
 *   console.log(hits, coverage);
 * }
 * ```
 */
export function overlap(options: OverlapOptions): AsyncGenerator<OverlapRow, void, void> {
  checkOptions('overlap', options, OVERLAP_OPTIONS);
  if (options.query !== undefined && options.answer === undefined) {
    throw new KneserError('KNESER_OPTION', 'query: belongs to answer; name the member of the answer, too');
  }
  return run(options);
}

/** An item of the benchmark. */
interface Item {
  readonly file: string;
  readonly index: number;
  readonly id: string | null;
  /** Tokens in front of the answer. */
  readonly border: number;
  readonly score: number;
}

async function* run(options: OverlapOptions): AsyncGenerator<OverlapRow, void, void> {
  const { n = 13, normalize = 'gpt3', minHits = 1, minCoverage = 0, maxDocuments = 10, onReport } = options;
  const testInputs = await expandInputs(options.test, {}, options.onWarning);
  const trainInputs = await expandInputs(options.train, {}, options.onWarning);
  const { items, words, tokens, starts } = await readItems(testInputs, options, normalize);
  const index = new NgramIndex({ words, tokens, starts }, n);
  const places = await readTraining(trainInputs, options, normalize, words, index);
  const scores: { readonly score: number; readonly contaminated: boolean }[] = [];
  const distinct = new Set<number>();
  const sums = { tooShort: 0, contaminated: 0, withHits: 0, ngrams: 0, found: 0, tokens: 0, covered: 0 };
  for (const [i, item] of items.entries()) {
    const [from, to] = [starts[i], starts[i + 1]];
    const wordsOf = (): string[] => Array.from(tokens.subarray(from, to), word => decode(words.bytes(word)));
    const row = { ...rowOf(item, index, from, to, { maxDocuments, places, distinct }), words: wordsOf };
    const isShort = to - from < Math.min(n, LEAST_TOKENS);
    const contaminated = isShort ? null : row.hits >= minHits && row.coverage >= minCoverage;
    if (isShort) sums.tooShort++;
    else {
      sums.tokens += row.tokens;
      sums.covered += row.spans.reduce((sum, [begin, end]) => sum + end - begin, 0);
    }
    if (contaminated) sums.contaminated++;
    if (row.hits > 0) sums.withHits++;
    sums.ngrams += row.ngrams;
    sums.found += row.found;
    if (contaminated !== null && !Number.isNaN(item.score)) scores.push({ score: item.score, contaminated });
    yield { ...row, contaminated };
  }
  let boilerplate = 0;
  for (const documents of index.documents) if (documents > maxDocuments) boilerplate++;
  const { seed = 1 } = options;
  onReport?.({
    items: items.length,
    ...sums,
    distinct: distinct.size,
    boilerplate,
    trainDocuments: places.documents,
    ...(options.scores === undefined ? {} : { scores: compareScores(scores, seed) }),
  });
}

/** Where the documents of the training text are. */
interface TrainingFiles {
  readonly placeOf: (document: number) => TrainingPlace;
  readonly documents: number;
}

function rowOf(
  { file, index: number, id, border }: Item,
  index: NgramIndex,
  from: number,
  to: number,
  about: { readonly maxDocuments: number; readonly places: TrainingFiles; readonly distinct: Set<number> },
): Omit<OverlapRow, 'contaminated' | 'words'> {
  const [own, across, query] = [new Set<number>(), new Set<number>(), new Set<number>()];
  const spans: [number, number][] = [];
  let [ngrams, found, first] = [0, 0, Infinity];
  for (let place = from; place < to; place++) {
    const ngram = index.at[place];
    if (ngram === 0) continue;
    const length = index.lengthOf(ngram);
    const inAnswer = place >= from + border;
    if (inAnswer) ngrams++;
    const documents = index.documents[ngram];
    if (documents === 0 || documents > about.maxDocuments) continue;
    (inAnswer ? own : place + length <= from + border ? query : across).add(ngram);
    if (inAnswer) {
      found++;
      about.distinct.add(ngram);
      first = Math.min(first, index.first[ngram]);
    }
    const last = spans.at(-1);
    if (last && last[1] >= place - from) last[1] = place - from + length;
    else spans.push([place - from, place - from + length]);
  }
  const covered = spans.reduce((sum, [begin, end]) => sum + end - begin, 0);
  return {
    file,
    index: number,
    id,
    tokens: to - from,
    ngrams,
    hits: own.size,
    found,
    borderHits: across.size,
    queryHits: query.size,
    coverage: to > from ? covered / (to - from) : 0,
    longest: spans.reduce((most, [begin, end]) => Math.max(most, end - begin), 0),
    spans,
    first: Number.isFinite(first) ? about.places.placeOf(first) : null,
  };
}

async function readItems(
  inputs: readonly Input[],
  options: OverlapOptions,
  normalize: Normalization,
): Promise<{ items: Item[]; words: WordList; tokens: Uint32Array; starts: number[] }> {
  const { field, column, answer, query, id = 'id', scores } = options;
  const words = new WordList();
  const encoder = new TextEncoder();
  const tokens: number[] = [];
  const starts = [0];
  const items: Item[] = [];
  const tokenizer = tokenizerFor(
    normalize,
    { token: (bytes, from, to, hash) => tokens.push(words.add(bytes, from, to, hash)), line: () => undefined },
    'the benchmark',
  );
  const add = (text: string): void => {
    tokenizer.feed(encoder.encode(`${text}\n`));
  };
  const documents = await documentsOf(inputs, options);
  for await (const records of readAllRecords(inputs, documents, { signal: options.signal })) {
    for (const record of records) {
      const begin = tokens.length;
      if (query !== undefined) add(textAt(record, query));
      const border = tokens.length - begin;
      add(
        textAt(
          record,
          answer ?? (memberOf(record.object, field ?? 'text') === undefined ? (column ?? 'text') : (field ?? 'text')),
        ),
      );
      starts.push(tokens.length);
      items.push({
        file: record.file,
        index: record.index,
        id: nameAt(record, id),
        border,
        score: scores === undefined ? NaN : scoreAt(record, scores),
      });
    }
  }
  return { items, words, tokens: Uint32Array.from(tokens), starts };
}

function textAt({ object, place }: RecordAt, field: string): string {
  const value = memberOf(object, field);
  if (typeof value === 'string') return value;
  throw new KneserError(
    'KNESER_INPUT_JSON',
    `${place()}: there is no text in the member ${field}; name another member`,
  );
}

/** A number, or true and false as 1 and 0. */
function scoreAt(record: RecordAt, field: string): number {
  const value = memberOf(record.object, field);
  return typeof value === 'boolean' ? Number(value) : numberAt(record, field);
}

/** @param source the name of the text, for messages. */
function tokenizerFor(normalize: Normalization, sink: TokenSink, source: string): TextFeeder {
  return normalize === 'gpt3' ? new NormalizedTokenizer(sink, source) : new Tokenizer(sink, source);
}

/** Reads the training text, and counts in how many of its documents each n-gram is. */
async function readTraining(
  inputs: readonly Input[],
  options: OverlapOptions,
  normalize: Normalization,
  words: WordList,
  index: NgramIndex,
): Promise<TrainingFiles> {
  const { onProgress, signal } = options;
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0);
  const firsts: number[] = [];
  let document = 0;
  let done = 0;
  let isPlain = false;
  const endDocument = (): void => {
    index.endRun();
    document++;
  };
  const documents = await documentsOf(inputs, givenDocumentOptions(options));
  for (const { path } of inputs) {
    firsts.push(document);
    const sink: TokenSink = {
      token: (bytes, from, to, hash) => index.take(words.find(bytes, from, to, hash), document),
      line: () => {
        if (isPlain) endDocument();
      },
    };
    const tokenizer = tokenizerFor(normalize, sink, path);
    const onRead = (read: number): void => {
      done += read;
      onProgress?.({ stage: 'score', done, total: Number.isNaN(total) ? undefined : total, unit: 'bytes' });
    };
    const { field, column, ...others } = documents;
    const where = { ...others, ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
    for await (const { bytes, ends } of openCorpus(path, { ...where, onRead, signal }).pieces()) {
      isPlain = ends === undefined;
      let from = 0;
      for (const end of ends ?? []) {
        tokenizer.feed(bytes.subarray(from, end));
        endDocument();
        from = end;
      }
      if (isPlain) tokenizer.feed(bytes);
    }
    tokenizer.end();
    index.endRun();
  }
  const placeOf = (at: number): TrainingPlace => {
    const file = firsts.findLastIndex(first => first <= at);
    return { file: inputs[file].path, index: at };
  };
  return { placeOf, documents: document };
}

/** Resamples of the interval. */
const RESAMPLES = 1000;

function compareScores(
  items: readonly { readonly score: number; readonly contaminated: boolean }[],
  seed: number,
): OverlapScores {
  const meanOf = (kept: (contaminated: boolean) => boolean, times: (i: number) => number): number => {
    let [sum, weight] = [0, 0];
    items.forEach(({ score, contaminated }, i) => {
      if (!kept(contaminated)) return;
      sum += times(i) * score;
      weight += times(i);
    });
    return sum / weight;
  };
  const once = (): number => 1;
  const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const isClean = (contaminated: boolean): boolean => !contaminated;
  const isNot = (contaminated: boolean): boolean => contaminated;
  const [clean, contaminated] = [meanOf(isClean, once), meanOf(isNot, once)];
  const random = randomNumbers(seed);
  const differences = Float64Array.from({ length: RESAMPLES }, () => {
    const times = items.map(() => poisson(random()));
    return meanOf(isNot, i => times[i]) - meanOf(isClean, i => times[i]);
  });
  return {
    all: defined(meanOf(() => true, once)),
    clean: defined(clean),
    contaminated: defined(contaminated),
    difference: defined(contaminated - clean),
    interval: items.length > 0 ? intervalOf(differences) : null,
  };
}
