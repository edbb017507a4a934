import { callBack } from '../base/call-back.js';
import { checkOptions, checkPath, required, wholeNumber, WORK_OPTIONS, type OptionTable } from '../base/check.js';
import { decodeValue } from '../base/decode.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import { LoadedWords } from '../model/lookup/words.js';
import { checkOrder, requireCounts } from '../model/scoring/parts.js';
import { MANIFEST_KEY } from '../store/keys.js';
import type { TableCursor } from '../tables/cursor.js';
import { openCursors } from '../tables/open-cursor.js';
import { readFrequencies } from '../tables/dictionary-reader.js';
import { decodeManifest, wordIds, type Manifest } from '../tables/manifest.js';
import { contiguous, formatPattern, MAX_ORDER } from '../tables/pattern.js';
import { walk } from '../tables/walk.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, NONE, UNK, UNK_WORD } from '../text/tokens.js';
import { RawCounts } from './prune/raw-counts.js';

/** The model and the order whose counts are read. */
export interface CountsOptions {
  /** The folder of the model, a packed file, or its address. */
  readonly model: string;
  /** The length of the n-grams [tokens], at most the order of the model. Default: the order of the model. */
  readonly order?: number;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops when aborted. */
  readonly signal?: AbortSignal;
}

/** An n-gram and its number of occurrences in the training text. */
export interface NgramCount {
  /** The tokens of the n-gram, oldest first. Only the first can be `<s>`, only the last `</s>`. */
  readonly ngram: readonly string[];
  /** Number of occurrences. */
  readonly count: number;
}

/** The model whose words are read. */
export interface WordsOptions {
  /** The folder of the model, a packed file, or its address. */
  readonly model: string;
  /** Stops when aborted. */
  readonly signal?: AbortSignal;
}

/** A word and its number of occurrences in the training text. */
export interface WordCount {
  /** The word; `<unk>` stands for all words outside the vocabulary. */
  readonly word: string;
  /** Number of occurrences; `null` in an imported model, which has no counts. */
  readonly count: number | null;
}

/** The checks of {@link CountsOptions}. */
const COUNTS_OPTIONS: OptionTable<CountsOptions> = {
  model: required(checkPath),
  order: wholeNumber(1, MAX_ORDER),
  ...WORK_OPTIONS,
};

/** The checks of {@link WordsOptions}. */
const WORDS_OPTIONS: OptionTable<WordsOptions> = {
  model: required(checkPath),
  signal: WORK_OPTIONS.signal,
};

/** About how many n-grams are gathered before the caller gets them. */
const BATCH = 4096;

/**
 * The raw counts of n-grams in the training text of a model: all n-grams of `order` tokens, and the shorter n-grams that begin with
 * `<s>`. The count of any other shorter n-gram is the sum of the counts of the n-grams one token longer that end with it. Each
 * sentence begins with one `<s>` and ends with one `</s>`, and n-grams do not cross sentences. Sentences that training held out are
 * not counted.
 *
 * The n-grams come in an order that is the same for each run, but otherwise unspecified. Memory: the words of the model, and 8 bytes
 * for each word and order.
 *
 * @throws KneserError, at the first n-gram if not at the call: KNESER_OPTION; KNESER_NO_COUNTS for a pruned or imported model, whose
 * raw counts are not known; KNESER_ABORTED; and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { ngramCounts } from 'kneser';
 *
 * for await (const { ngram, count } of ngramCounts({ model: 'model', order: 2 })) {
 *   if (count > 100) console.log(ngram.join(' '), count);
 * }
 * ```
 */
export function ngramCounts(options: CountsOptions): AsyncGenerator<NgramCount, void, void> {
  checkOptions('ngramCounts', options, COUNTS_OPTIONS);
  return readNgrams(options);
}

async function* readNgrams(options: CountsOptions): AsyncGenerator<NgramCount, void, void> {
  const { model, onProgress, signal } = options;
  checkAborted(signal, 'counting');
  const { openModel } = await import('../model/open-model.js');
  const { store } = await openModel(model);
  try {
    const manifest = decodeValue(`${model}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
    const { order = manifest.order } = options;
    checkKnown(model, manifest, order);
    const words = await LoadedWords.load(store, manifest);
    const patterns = Array.from({ length: manifest.order }, (_, level) => formatPattern(contiguous(level + 1)));
    const total = manifest.tables.reduce((sum, { pattern, rows }) => sum + (patterns.includes(pattern) ? rows : 0), 0);
    let done = 0;
    const onRows = (rows: number): void => {
      checkAborted(signal, 'counting');
      done += rows;
      callBack(onProgress, { stage: 'count', done, total, unit: 'n-grams' });
    };
    const cursors = await openCursors(store, patterns, onRows);
    yield { ngram: [BOS_WORD], count: manifest.sentences };
    yield* countsOf(cursors, order - 1, wordIds(manifest), words);
  } finally {
    await store.close();
  }
}

/**
 * Yields the raw counts of the n-grams of one level (the order less 1), and of the n-grams of lower levels that begin with `<s>`, in
 * the order of {@link walk}. The walk fills a batch and waits until the caller has taken it.
 *
 * @param cursors the contiguous tables by level, at their first contexts.
 * @param types all word ids are below it.
 */
async function* countsOf(
  cursors: readonly TableCursor[],
  level: number,
  types: number,
  words: LoadedWords,
): AsyncGenerator<NgramCount, void, void> {
  const rawCounts = new RawCounts(cursors.length - 1, types);
  const wordOf = (id: number): string => SPECIAL_WORDS.get(id) ?? words.word(id);
  let batch: NgramCount[] = [];
  let isAbandoned = false;
  let filled = signal();
  let resume: (() => void) | undefined;
  const walking = walk(cursors, {
    close(at, cursor) {
      const raw = rawCounts.take(at, cursor);
      const { context, words: followers, from, to } = cursor;
      if (at > level || (at < level && context[at - 1] !== BOS)) return undefined;
      const history = Array.from(context, wordOf).reverse();
      for (let i = from; i < to; i++) {
        const count = raw[i - from];
        // A word of a vocabulary list may never occur.
        if (count > 0 && followers[i] !== NONE && followers[i] !== BOS) {
          batch.push({ ngram: [...history, wordOf(followers[i])], count });
        }
      }
      if (batch.length < BATCH) return undefined;
      filled.give();
      return new Promise((resolve, reject) => {
        resume = () => (isAbandoned ? reject(new Error('the caller needs no more n-grams')) : resolve());
      });
    },
  });
  try {
    const end = walking.then(() => true);
    for (let ended = false; !ended;) {
      ended = await Promise.race([filled.promise, end]);
      const full = batch;
      batch = [];
      filled = signal();
      yield* full;
      resume?.();
    }
  } finally {
    isAbandoned = true;
    resume?.();
    await walking.catch(() => undefined);
  }
}

/** A promise, and the function that fulfils it with `false`. */
function signal(): { readonly promise: Promise<boolean>; readonly give: () => void } {
  let give = (): void => undefined;
  const promise = new Promise<boolean>(resolve => {
    give = () => resolve(false);
  });
  return { promise, give };
}

/**
 * The words of a model, each with its number of occurrences in the training text: `<unk>`, `</s>`, then by falling count. Words of
 * the text that are not in the vocabulary are counted as `<unk>`.
 *
 * @throws KneserError, at the first word if not at the call: KNESER_OPTION, KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { wordCounts } from 'kneser';
 *
 * for await (const { word, count } of wordCounts({ model: 'model' })) {
 *   if (count === 1) console.log(word);
 * }
 * ```
 */
export function wordCounts(options: WordsOptions): AsyncGenerator<WordCount, void, void> {
  checkOptions('wordCounts', options, WORDS_OPTIONS);
  return readWords(options);
}

async function* readWords({ model, signal }: WordsOptions): AsyncGenerator<WordCount, void, void> {
  checkAborted(signal, 'reading the words');
  const { openModel } = await import('../model/open-model.js');
  const { store } = await openModel(model);
  try {
    const manifest = decodeValue(`${model}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
    const words = await LoadedWords.load(store, manifest);
    const counts = manifest.kind === 'backoff' ? undefined : await readFrequencies(store, manifest);
    for (let id = UNK; id < wordIds(manifest); id++) {
      if (id === BOS) continue;
      checkAborted(signal, 'reading the words');
      yield { word: SPECIAL_WORDS.get(id) ?? words.word(id), count: counts?.[id] ?? null };
    }
  } finally {
    await store.close();
  }
}

/** By id: the spelling of `<unk>`, `<s>` and `</s>`. */
const SPECIAL_WORDS: ReadonlyMap<number, string> = new Map([
  [UNK, UNK_WORD],
  [BOS, BOS_WORD],
  [EOS, EOS_WORD],
]);

/** @throws KNESER_OPTION for a higher order than the model's; KNESER_NO_COUNTS for a model without raw counts. */
function checkKnown(model: string, manifest: Manifest, order: number): void {
  requireCounts(model, manifest, 'list');
  if (manifest.pruning) {
    throw new KneserError(
      'KNESER_NO_COUNTS',
      `${model}: this model was pruned, and the counts of its n-grams are no longer all known; ` +
        'list those of the model that it was made from',
    );
  }
  checkOrder(model, manifest, order);
}
