import { callBack } from '../base/call-back.js';
import {
  checkFunction,
  checkOptions,
  checkPaths,
  checkShare,
  checkText,
  oneOf,
  refuseWithout,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { randomNumbers } from '../base/random.js';
import type { WorkOptions } from '../base/progress.js';
import { intervalOf, poisson, RESAMPLES, type Interval } from '../baseline/bootstrap.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { feedFile, isPlain } from '../text/formats/index.js';
import { documentsOf, expandInputs, sizeOf, type Input } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';
import { Tokenizer, type TextFeeder, type TokenSink } from '../text/tokenizer.js';
import { WordList } from '../text/word-list.js';
import { nameAt, numberAt } from './columns.js';
import type { Conventions } from './conventions.js';
import { LEAST_TOKENS, NgramIndex } from './ngram-index.js';
import { NormalizedTokenizer, type Normalization } from './overlap-tokens.js';
import { readAllRecords, type RecordAt } from './stream.js';

/** The texts that {@link overlap} compares, and how. */
export interface OverlapOptions extends DocumentOptions, WorkOptions {
  /** The training text: files and folders, read once. */
  readonly train: readonly string[];
  /** The benchmark: files whose documents are its items. All items are in memory. */
  readonly test: readonly string[];
  /** Length of the n-grams [tokens]. Default 13. */
  readonly n?: number;
  /** How the texts are normalized before they are compared. Default `gpt3`. */
  readonly normalize?: Normalization;
  /** A member with the question of an item, in front of its answer. */
  readonly query?: string;
  /** A member with the answer of an item: only n-grams of the answer are then hits. N-grams of the question, and n-grams that begin in the question and end in the answer, are counted separately. */
  readonly answer?: string;
  /** An item is contaminated only if at least this many of its distinct n-grams are in the training text. Default 1. */
  readonly minHits?: number;
  /** An item is contaminated only if at least this share of its tokens lies in found n-grams. Default 0. */
  readonly minCoverage?: number;
  /** N-grams in more training documents than this are boilerplate, and are not hits. Default 10, as for GPT-3. */
  readonly maxDocuments?: number;
  /** A member with the score of an item (a number, true or false), such as whether a model solved it: the report then compares clean and contaminated items. */
  readonly scores?: string;
  /** Seed of the bootstrap. Default 1. */
  readonly seed?: number;
  /** Called with the report after the last item. */
  readonly onReport?: (report: OverlapReport) => void;
  /** Called with one sentence for each thing that was left out, and the reason. */
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

/** A document of the training text in which an n-gram was found. */
export interface TrainingPlace {
  /** The path of the file. */
  readonly file: string;
  /** The document's position among all documents of the training text, from 0. Each line of plain text is a document. */
  readonly index: number;
}

/** How much of an item is in the training text. */
export interface OverlapRow {
  /** The file of the item. */
  readonly file: string;
  /** The item's position among all items, from 0. */
  readonly index: number;
  /** The item's member `id` as text; `null` if it has none. */
  readonly id: string | null;
  /** Number of tokens of the item. */
  readonly tokens: number;
  /** Number of its n-grams, counted by the places at which they begin; with `answer`, only n-grams within the answer. */
  readonly ngrams: number;
  /** Number of distinct n-grams among these that are in the training text, without boilerplate. */
  readonly hits: number;
  /** Number of places of the item at which such an n-gram begins. */
  readonly found: number;
  /** Number of distinct found n-grams that begin in the question and end in the answer. */
  readonly borderHits: number;
  /** Number of distinct found n-grams within the question. */
  readonly queryHits: number;
  /** Share of the tokens that lie in a found n-gram. */
  readonly coverage: number;
  /** Length of the longest stretch of found n-grams [tokens]. */
  readonly longest: number;
  /** The stretches of tokens that found n-grams cover: the tokens `from` ≤ t < `to` of the item. */
  readonly spans: readonly (readonly [from: number, to: number])[];
  /** The first training document with a hit. */
  readonly first: TrainingPlace | null;
  /** Returns the item's tokens, normalized. */
  readonly words: () => readonly string[];
  /** Whether the item has enough hits and coverage; `null` for an item that is too short to say. */
  readonly contaminated: boolean | null;
}

/** The sums over all items. */
export interface OverlapReport {
  /** How texts were compared: `unit` is `item`, `model` is `none`. The scores of `scores` are another tool's; how they were made is not known. */
  readonly conventions: Conventions;
  /** Length of the n-grams [tokens]. */
  readonly n: number;
  /** Number of items of the benchmark. */
  readonly items: number;
  /** Number of items that are too short to say: they have fewer than n tokens and fewer than 8. */
  readonly tooShort: number;
  /** Number of contaminated items. */
  readonly contaminated: number;
  /** Number of items with a hit. */
  readonly withHits: number;
  /** Number of n-grams of all items, counted by the places at which they begin. */
  readonly ngrams: number;
  /** Number of places at which a found n-gram begins. */
  readonly found: number;
  /** Number of distinct n-grams that were found. */
  readonly distinct: number;
  /** Number of tokens of the items that are long enough. */
  readonly tokens: number;
  /** How many of these tokens lie in a found n-gram. */
  readonly covered: number;
  /** Number of distinct n-grams that were found in too many training documents. */
  readonly boilerplate: number;
  /** Number of documents of the training text. */
  readonly trainDocuments: number;
  /** Means of the items' scores, with `scores`. */
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
 * Finds the items of a benchmark that are in a training text, by exact n-grams of any length: the hits of each item, its coverage, its
 * longest stretch, and the first document. The items are in memory; the training text is read once, as a stream. An item of fewer than n
 * tokens is one n-gram of its own length, if it has at least 8 tokens; a shorter item is neither clean nor contaminated.
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
  if (options.answer === undefined) refuseWithout(options, ['query'], 'answer; name the member of the answer, too');
  if (options.scores === undefined) refuseWithout(options, ['seed'], 'scores; name the member of the score, too');
  return run(options);
}

/** An item of the benchmark. */
interface Item {
  readonly file: string;
  readonly index: number;
  readonly id: string | null;
  /** Number of tokens before the answer. */
  readonly border: number;
  /** NaN if the item has no score. */
  readonly score: number;
}

async function* run(options: OverlapOptions): AsyncGenerator<OverlapRow, void, void> {
  const { n = 13, normalize = 'gpt3', minHits = 1, minCoverage = 0, maxDocuments = 10, onReport } = options;
  const testInputs = await expandInputs(options.test, {}, options.onWarning);
  const trainInputs = await expandInputs(options.train, {}, options.onWarning);
  const { items, words, tokens, starts } = await readItems(testInputs, options, normalize);
  if (items.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${namesOf(testInputs)}: there is no item`);
  if (options.scores !== undefined && items.every(({ score }) => Number.isNaN(score))) {
    throw new KneserError(
      'KNESER_OPTION',
      `scores: no item has a number in the member ${options.scores}; name another member`,
    );
  }
  const index = new NgramIndex({ words, tokens, starts }, n);
  const places = await readTraining(trainInputs, options, normalize, words, index);
  const scores: { readonly score: number; readonly contaminated: boolean }[] = [];
  const marks = new FoundMarks(index.documents.length);
  const sums = { tooShort: 0, contaminated: 0, withHits: 0, ngrams: 0, found: 0, tokens: 0, covered: 0 };
  for (const [i, item] of items.entries()) {
    const [from, to] = [starts[i], starts[i + 1]];
    const wordsOf = (): string[] => Array.from(tokens.subarray(from, to), word => decode(words.bytes(word)));
    const row = { ...rowOf(item, index, from, to, { maxDocuments, places, marks }), words: wordsOf };
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
    conventions: { unit: 'item', tokenizer: TOKENIZERS[normalize], model: 'none' },
    n,
    items: items.length,
    ...sums,
    distinct: marks.distinct,
    boilerplate,
    trainDocuments: places.documents,
    ...(options.scores === undefined ? {} : { scores: compareScores(scores, seed) }),
  });
}

/** The training text, after it was read. */
interface TrainingFiles {
  /** Where a document is, by its number. */
  readonly placeOf: (document: number) => TrainingPlace;
  /** Number of documents. */
  readonly documents: number;
}

/** Where an n-gram of an item was found, as bits. */
const IN_ANSWER = 1;
const ACROSS = 2;
const IN_QUERY = 4;
/** Found in the answer of any item. */
const EVER = 8;

/** Counts distinct n-grams that were found: by n-gram a byte of marks, because a set has at most 2^24 numbers. */
class FoundMarks {
  /** Number of distinct n-grams that were found in the answer of any item. */
  distinct = 0;
  private readonly marks: Uint8Array;

  /** @param ngrams one more than the largest n-gram. */
  constructor(ngrams: number) {
    this.marks = new Uint8Array(ngrams);
  }

  /** Marks an n-gram. @returns 1 if the item did not have this mark yet, else 0. */
  add(ngram: number, mark: number): number {
    const before = this.marks[ngram];
    if (before & mark) return 0;
    if (mark === IN_ANSWER && !(before & EVER)) this.distinct++;
    this.marks[ngram] |= mark === IN_ANSWER ? mark | EVER : mark;
    return 1;
  }

  /** Removes the marks of an item. @param at the n-gram by place. */
  endItem(at: ArrayLike<number>, from: number, to: number): void {
    for (let place = from; place < to; place++) this.marks[at[place]] &= EVER;
  }
}

/** The figures of an item, whose tokens are `from` ≤ place < `to` of all items' tokens. */
function rowOf(
  { file, index: number, id, border }: Item,
  index: NgramIndex,
  from: number,
  to: number,
  about: { readonly maxDocuments: number; readonly places: TrainingFiles; readonly marks: FoundMarks },
): Omit<OverlapRow, 'contaminated' | 'words'> {
  const { marks } = about;
  let [hits, borderHits, queryHits] = [0, 0, 0];
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
    if (!inAnswer) {
      if (place + length > from + border) borderHits += marks.add(ngram, ACROSS);
      else queryHits += marks.add(ngram, IN_QUERY);
    } else {
      found++;
      hits += marks.add(ngram, IN_ANSWER);
      first = Math.min(first, index.first[ngram]);
    }
    const last = spans.at(-1);
    if (last && last[1] >= place - from) last[1] = place - from + length;
    else spans.push([place - from, place - from + length]);
  }
  marks.endItem(index.at, from, to);
  const covered = spans.reduce((sum, [begin, end]) => sum + end - begin, 0);
  return {
    file,
    index: number,
    id,
    tokens: to - from,
    ngrams,
    hits,
    found,
    borderHits,
    queryHits,
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
    `${place()}: there is no text in the member ${field}; name another member, such as with field (--field)`,
  );
}

/** The score in a member: a number, or 1 for true and 0 for false. */
function scoreAt(record: RecordAt, field: string): number {
  const value = memberOf(record.object, field);
  return typeof value === 'boolean' ? Number(value) : numberAt(record, field);
}

/** Makes the tokenizer of a normalization. @param source the name of the text, for messages. */
function tokenizerFor(normalize: Normalization, sink: TokenSink, source: string): TextFeeder {
  return normalize === 'gpt3' ? new NormalizedTokenizer(sink, source) : new Tokenizer(sink, source);
}

/** Reads the training text, and counts in how many of its documents each n-gram of the items occurs. */
async function readTraining(
  inputs: readonly Input[],
  options: OverlapOptions,
  normalize: Normalization,
  words: WordList,
  index: NgramIndex,
): Promise<TrainingFiles> {
  const { onProgress, signal } = options;
  const total = sizeOf(inputs);
  const firsts: number[] = [];
  let document = 0;
  let tokens = 0;
  let done = 0;
  const endDocument = (): void => {
    index.endRun();
    document++;
  };
  const documents = await documentsOf(inputs, givenDocumentOptions(options));
  for (const { path } of inputs) {
    firsts.push(document);
    const linesAreDocuments = await isPlain(path, documents);
    const sink: TokenSink = {
      token: (bytes, from, to, hash) => {
        tokens++;
        index.take(words.find(bytes, from, to, hash), document);
      },
      line: () => {
        if (linesAreDocuments) endDocument();
      },
    };
    const tokenizer = tokenizerFor(normalize, sink, path);
    const onRead = (read: number): void => {
      done += read;
      callBack(onProgress, { stage: 'score', done, total, unit: 'bytes' });
    };
    await feedFile(path, { ...documents, onRead, signal }, tokenizer, endDocument);
    index.endRun();
  }
  if (tokens === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${namesOf(inputs)}: the training text is empty`);
  const placeOf = (at: number): TrainingPlace => {
    const file = firsts.findLastIndex(first => first <= at);
    return { file: inputs[file].path, index: at };
  };
  return { placeOf, documents: document };
}

function namesOf(inputs: readonly Input[]): string {
  return inputs.map(({ path }) => path).join(', ');
}

/** The tokenizers of the normalizations, for reports. */
const TOKENIZERS = { gpt3: 'gpt3: white space, lower case, without punctuation', none: 'white space' } as const;

/** Compares the mean scores of clean and of contaminated items. */
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
  const isContaminated = (contaminated: boolean): boolean => contaminated;
  const [clean, contaminated] = [meanOf(isClean, once), meanOf(isContaminated, once)];
  const random = randomNumbers(seed);
  const differences = Float64Array.from({ length: RESAMPLES }, () => {
    const times = items.map(() => poisson(random()));
    return meanOf(isContaminated, i => times[i]) - meanOf(isClean, i => times[i]);
  });
  return {
    all: defined(meanOf(() => true, once)),
    clean: defined(clean),
    contaminated: defined(contaminated),
    difference: defined(contaminated - clean),
    interval: items.length > 0 ? intervalOf(differences) : null,
  };
}
