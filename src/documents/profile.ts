import { callBack } from '../base/call-back.js';
import {
  checkFlag,
  checkFunction,
  checkOptions,
  checkPath,
  checkPaths,
  givenOptions,
  refuseWith,
  refuseWithout,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checksum } from '../base/checksum.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import { nextTurn, pauses, type Pause } from '../base/turn.js';
import { STDIN } from '../base/node/standard-streams.js';
import type { LanguageModel } from '../model/language-model.js';
import type { TokenScoring } from '../model/token-scoring.js';
import {
  checkGenerateOptions,
  DRAWING_NAMES,
  DRAWING_OPTIONS,
  type DrawingOptions,
  type GenerateOptions,
} from '../model/generation/options.js';
import { OOV } from '../smoothing/batch.js';
import { createFeeder } from '../text/feeder.js';
import {
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  replacedWarning,
  skippedWarning,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { feedFile, isPlain } from '../text/formats/index.js';
import { documentsOf, expandInputs } from '../text/formats/input.js';
import { decode } from '../text/surface.js';
import {
  checkTokenization,
  describeTokenization,
  Tokenization,
  type TokenizationOptions,
} from '../text/tokenization.js';
import { EOS_WORD } from '../text/tokens.js';
import { hashBytes, WordList } from '../text/word-list.js';
import { describe, modelName, tokenizerName, type Conventions } from './conventions.js';
import { checkModel, withModel } from './given-model.js';
import { barsOf, figuresOf, lengthsOf, type ProfiledText, type TextProfile } from './profile/figures.js';
import { doubled, shareCopied, type NgramIds } from './profile/ngram-ids.js';
import { permutationTest, randomOrders } from './profile/permutation.js';
import { DISTANCE_NAMES, DISTANCES, joined, Pool, type DistanceName, type WordKinds } from './profile/pool.js';
import { readStopwords } from './profile/stopwords.js';
import { modelFigures } from './profile/under-model.js';
import { UnitText, type TextArrays } from './profile/unit-text.js';

/** The texts that {@link profile} describes and compares. */
export interface ProfileOptions extends DocumentOptions, DrawingOptions, WorkOptions {
  /** The text: files and folders. */
  readonly files: readonly string[];
  /** A second text with which the text is compared: files and folders. Excludes `model`. */
  readonly against?: readonly string[];
  /** A model with whose samples the text is compared: its path, or an open model, which stays open. */
  readonly model?: string | LanguageModel;
  /** How many sentences are drawn from `model`. Default: as many as the text has. */
  readonly samples?: number;
  /** Stopwords: `en` for a list of English function words, or the path of a list. Default: none. Case does not matter. */
  readonly stopwords?: string;
  /** How the texts are cut into tokens; with `model`, the model's tokenizer is used. Default: at white space. */
  readonly tokenization?: TokenizationOptions;
  /** Lower-cases all text; with `model`, as the model does. Default false. */
  readonly lowercase?: boolean;
  /** Number of permutations of each test, from 19. Default 999. */
  readonly resamples?: number;
  /** Seed of the permutations, the halves and the samples. Default 1. */
  readonly seed?: number;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
}

/** With fewer permutations, p is never 0.05 or less. */
const LEAST_RESAMPLES = 19;

/** The checks of {@link ProfileOptions}. */
const PROFILE_OPTIONS: OptionTable<ProfileOptions> = {
  files: required(checkPaths),
  against: checkPaths,
  model: checkModel,
  samples: wholeNumber(1, 2 ** 26),
  stopwords: checkPath,
  tokenization: checkTokenization,
  lowercase: checkFlag,
  resamples: wholeNumber(LEAST_RESAMPLES, 1_000_000),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  onWarning: checkFunction,
  ...DRAWING_OPTIONS,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** A distance between two texts. A member is `null` where it is not defined. */
export interface ProfileDistance {
  /**
   * `KS`: the largest difference between two distribution functions. `TVD`: ½ Σ |p − q|. `gap`: the largest |v − w| / max(v, w) of two numbers
   * of types at equal numbers of tokens. All are from 0 to 1.
   */
  readonly measure: 'KS' | 'TVD' | 'gap';
  /** The distance between the texts; `null` with one text. */
  readonly value: number | null;
  /** The probability of a distance at least as large if all units were of one kind, by a permutation test; never below 1/(resamples + 1). */
  readonly p: number | null;
  /** The distance between two random halves of the first text, the mean over 10 divisions: how near the text is to itself. */
  readonly halves: number | null;
}

/** A text described, and compared with another. */
export interface ProfileReport {
  /** How the texts are read; `model` is `none` without a model. */
  readonly conventions: Conventions;
  /** The part of a text that permutations move as a whole: documents, or sentences where a text has none and for samples. */
  readonly unit: 'sentence' | 'document';
  /** The first text. */
  readonly text: TextProfile;
  /** The second text, or the samples; `null` with one text. */
  readonly against: TextProfile | null;
  /** The width of the bars of `lengthShares` [tokens]. */
  readonly lengthStep: number;
  /** The share of the 8-grams of the second text that the first text has, too: copied ones, if the second text was made from the first. */
  readonly copied8: number | null;
  /** By name: lengths of sentences and documents, unigrams, shares by rank, numbers of types, stopwords and symbols. */
  readonly distances: Readonly<Record<DistanceName, ProfileDistance>>;
  /** Number of permutations. */
  readonly resamples: number;
  /** The seed of the permutations, the halves and the samples. */
  readonly seed: number;
  /** The reason that distances have no p; `null` if they have. */
  readonly reason: string | null;
}

/**
 * Describes a text by the statistics of Meister & Cotterell (2021), and compares it with another text or with samples of a model: lengths,
 * unigrams, shares by rank (Zipf's law), numbers of types (Heaps' law), stopwords, symbols, and repetition. Each distance between two texts
 * has p by a permutation test over documents or sentences. Lengths, unigrams, stopwords and symbols are those of the whole texts; figures
 * that depend on the number of tokens are compared at equal numbers.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_LIMIT for a text of more than 50 million tokens, KNESER_ABORTED, and the errors of
 * `LanguageModel.open`.
 * @example
 * ```ts
 * import { profile } from 'kneser';
 *
 * const { text, distances } = await profile({ files: ['text.txt'], against: ['test.txt'], resamples: 99 });
 * console.log(text.vocabulary.zipf.exponent, text.vocabulary.heaps.beta);
 * console.log(distances.length.value, distances.length.p);
 * ```
 */
export async function profile(options: ProfileOptions): Promise<ProfileReport> {
  checkOptions('profile', options, PROFILE_OPTIONS);
  const drawing = givenOptions(options, DRAWING_NAMES);
  checkGenerateOptions(drawing);
  checkCombination(options, drawing);
  const { model, signal } = options;
  if (model === undefined) return describeTexts(options, drawing, undefined);
  return withModel(model, signal, opened => describeTexts(options, drawing, opened));
}

/** Refuses options that exclude each other. @throws KNESER_OPTION */
function checkCombination(options: ProfileOptions, drawing: DrawingOptions): void {
  const { model, against, files } = options;
  if (model === undefined && against === undefined) {
    refuseWithout(options, ['resamples'], 'against; without a second text or a model no test is made');
  }
  if (files.includes(STDIN) && against?.includes(STDIN)) {
    throw new KneserError('KNESER_OPTION', 'against: standard input is already the text, and can be read only once');
  }
  if (model === undefined) {
    const name = [...Object.keys(drawing), ...(options.samples === undefined ? [] : ['samples'])].at(0);
    if (name === undefined) return;
    throw new KneserError('KNESER_OPTION', `${name}: belongs to model, from which samples are drawn; name a model`);
  }
  if (against !== undefined) {
    throw new KneserError('KNESER_OPTION', 'against: excludes model; compare with a text or with samples of a model');
  }
  refuseWith(options, ['tokenization', 'lowercase'], 'model, since the text is read as the model reads text');
}

/** How the texts of a call are read. */
interface Reading {
  readonly tokenization: Tokenization;
  readonly lowercase: boolean;
  readonly words: WordList;
  readonly isKnown?: (bytes: Uint8Array) => boolean;
}

/** A text that was read. */
interface ReadText {
  readonly name: string;
  readonly text: TextArrays;
}

async function describeTexts(
  options: ProfileOptions,
  drawing: DrawingOptions,
  model: LanguageModel | undefined,
): Promise<ProfileReport> {
  const { files, against, samples, signal, onWarning, seed = 1, resamples = 999 } = options;
  const list = options.stopwords === undefined ? undefined : await readStopwords(options.stopwords);
  const scoring = await model?.tokenScoring(Infinity, 1, { signal, onProgress: options.onProgress });
  const reading = await readingOf(options, model, drawing.unknown === true ? scoring : undefined);
  const pause = pauses(() => checkAborted(signal, 'the profile'));
  const first = await readFiles(files, options, reading);
  const second = model
    ? await drawSamples(
        model,
        { ...drawing, sentences: samples ?? first.text.sentenceEnds.length, seed },
        options,
        reading,
      )
    : against && (await readFiles(against, options, reading));
  const texts = second ? [first, second] : [first];
  const byDocument = !model && texts.every(({ text }) => text.documentEnds !== undefined);
  const kinds = kindsOf(reading.words, list);
  if (kinds.stopwords && !first.text.words.some(word => (kinds.stopwords?.[word] ?? 0) > 0)) {
    callBack(
      onWarning,
      'stopwords: no token of the text is in the list; does the tokenizer cut text into the words of the list?',
    );
  }
  const types = reading.words.size;
  const pools = texts.map(({ text }) => new Pool([text], byDocument, types, kinds));
  const tokens = Math.min(...texts.map(({ text }) => text.tokens));
  const ngrams = await ngramsOf(texts, types, signal);
  const choices = {
    kinds,
    tokens,
    byDocument,
    ...barsOf(joinedLengths(texts)),
    bigrams: ngrams.bigrams,
    fourgrams: ngrams.fourgrams,
  };
  const described: TextProfile[] = [];
  for (const [i, { name, text }] of texts.entries()) {
    const profiled: ProfiledText = { name, text, pool: pools[i], from: i === 0 ? 0 : first.text.words.length };
    const figures = figuresOf(profiled, choices);
    const underModel = scoring && (await modelFigures(text, reading.words, scoring, pause));
    described.push(underModel ? { ...figures, underModel } : figures);
    checkAborted(signal, 'the profile');
  }
  const pool = second ? new Pool([first.text, second.text], byDocument, types, kinds) : undefined;
  const reason = reasonAgainstTest(pools, byDocument);
  const test = await testOf(pool, reason === null ? resamples : 0, { ...options, seed }, pause);
  const halves = halvesOf(pools[0], seed);
  const defined = (value: number | undefined): number | null =>
    value === undefined || Number.isNaN(value) ? null : value;
  const distances = DISTANCE_NAMES.map((name, k): [DistanceName, ProfileDistance] => [
    name,
    {
      measure: DISTANCES[name],
      value: defined(test?.observed[k]),
      p: reason === null ? defined(test?.p[k]) : null,
      halves: defined(halves?.[k]),
    },
  ]);
  return {
    conventions: await conventionsOf(options, reading, model),
    unit: byDocument ? 'document' : 'sentence',
    text: described[0],
    against: described[1] ?? null,
    lengthStep: choices.lengthStep,
    copied8: second ? shareCopied(ngrams.eightgrams, first.text.words.length) : null,
    distances: Object.fromEntries(distances) as Record<DistanceName, ProfileDistance>,
    resamples,
    seed,
    reason,
  };
}

async function readingOf(
  { tokenization: own = {}, lowercase = false }: ProfileOptions,
  model: LanguageModel | undefined,
  vocabulary: TokenScoring | undefined,
): Promise<Reading> {
  const words = new WordList();
  if (model) {
    const { options } = model.info;
    const reading = { tokenization: model.parts.tokenization, lowercase: options.lowercase, words };
    if (!vocabulary) return reading;
    // Samples have <unk> in place of unknown words, so the text gets it, too.
    const isKnown = (bytes: Uint8Array): boolean =>
      vocabulary.words.find(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length)) < OOV;
    return { ...reading, isKnown };
  }
  const info = describeTokenization(own, lowercase);
  const file = typeof own.tokenizer === 'object' ? own.tokenizer : undefined;
  return { tokenization: await Tokenization.open(info, file), lowercase, words };
}

async function conventionsOf(
  { tokenization = {} }: ProfileOptions,
  { tokenization: { info }, lowercase }: Reading,
  model: LanguageModel | undefined,
): Promise<Conventions> {
  const unit = 'lines';
  if (model) return { unit, tokenizer: await tokenizerName(model), model: modelName(model) };
  const { tokenizer } = tokenization;
  const file =
    typeof tokenizer !== 'object'
      ? undefined
      : 'json' in tokenizer
        ? new TextEncoder().encode(tokenizer.json)
        : tokenizer.sentencepiece;
  const sum = file && checksum(file).toString(16).padStart(8, '0');
  return { unit, tokenizer: describe(info, lowercase, sum), model: 'none' };
}

/** Reads files as one text. @throws KNESER_INPUT_*; KNESER_INPUT_EMPTY for a text without tokens. */
async function readFiles(
  files: readonly string[],
  options: ProfileOptions,
  { tokenization, lowercase, words, isKnown }: Reading,
): Promise<ReadText> {
  const { onProgress, signal, onWarning } = options;
  const inputs = await expandInputs(files, {}, onWarning);
  const documents = await documentsOf(inputs, givenDocumentOptions(options));
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0);
  const text = new UnitText(words, lowercase, isKnown);
  const changes = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  let [done, skipped, hasDocuments] = [0, 0, true];
  const onRead = (read: number): void => {
    done += read;
    callBack(onProgress, { stage: 'score', done, total: Number.isNaN(total) ? undefined : total, unit: 'bytes' });
  };
  const onSkip = (more: number): void => void (skipped += more);
  for (const { path } of inputs) {
    if (await isPlain(path, documents)) hasDocuments = false;
    const feeder = createFeeder(tokenization, text, changes, path);
    await feedFile(path, { ...documents, onRead, onSkip, signal }, feeder, () => text.endDocument());
    text.endDocument();
  }
  const replaced = changes.replaced + text.replaced;
  if (replaced > 0) callBack(onWarning, replacedWarning(replaced));
  if (skipped > 0) callBack(onWarning, skippedWarning(skipped));
  const arrays = text.arrays(hasDocuments);
  if (arrays.tokens > 0) return { name: files.join(', '), text: arrays };
  throw new KneserError('KNESER_INPUT_EMPTY', `${files.join(', ')}: the text holds no token`);
}

/** Draws samples of a model. @throws KNESER_INPUT_EMPTY for samples without tokens. */
async function drawSamples(
  model: LanguageModel,
  drawing: GenerateOptions & { readonly sentences: number },
  { onProgress, signal, onWarning }: ProfileOptions,
  { words, lowercase }: Reading,
): Promise<ReadText> {
  const text = new UnitText(words, lowercase);
  const encoder = new TextEncoder();
  const used = model.shouldLoad(WORDS_A_SAMPLE * drawing.sentences) ? await model.load({ signal, onProgress }) : model;
  let [done, cut] = [0, 0];
  const options = { ...drawing, ...(signal ? { signal } : {}), ...(onWarning ? { onWarning } : {}) };
  for await (const { tokens } of used.generate(options)) {
    for (const token of tokens) {
      if (token === EOS_WORD) continue;
      const bytes = encoder.encode(token);
      text.token(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
    text.line();
    if (tokens.at(-1) !== EOS_WORD) cut++;
    done++;
    if (done % 256 === 0) callBack(onProgress, { stage: 'score', done, total: drawing.sentences, unit: 'sentences' });
  }
  if (cut > 0)
    callBack(onWarning, `${cut} of ${done} samples were cut, because they had no </s> within maxTokens (--max-tokens)`);
  const arrays = text.arrays(false);
  if (arrays.tokens > 0) return { name: `samples of ${modelName(model)}`, text: arrays };
  throw new KneserError('KNESER_INPUT_EMPTY', 'model: its samples hold no token; draw more (samples, --samples)');
}

/** Drawing a sentence from tables on disk takes about as long as scoring this many words. */
const WORDS_A_SAMPLE = 1500;

/** Numbers the words that are stopwords, and the words that are symbols: words without a letter or digit. */
function kindsOf(words: WordList, list: ReadonlySet<string> | undefined): WordKinds {
  const symbols = new Uint32Array(words.size + 1);
  const stopwords = list && new Uint32Array(words.size + 1);
  const numbers = new Map(Array.from(list ?? [], (stopword, i) => [stopword, i + 1]));
  for (let word = 1; word <= words.size; word++) {
    const text = decode(words.bytes(word));
    symbols[word] = /[\p{L}\p{N}]/u.test(text) ? 0 : word;
    if (stopwords) stopwords[word] = numbers.get(text.toLowerCase()) ?? 0;
  }
  return { stopwords, symbols };
}

/** The n-grams of all texts, one text after another. */
interface TextNgrams {
  readonly bigrams: NgramIds;
  readonly fourgrams: NgramIds;
  /** Only needed for two texts. */
  readonly eightgrams: NgramIds;
}

/** Finds the n-grams of all texts. Each step takes about 0.3 s for a million tokens; the event loop runs between the steps. */
async function ngramsOf(
  texts: readonly ReadText[],
  types: number,
  signal: AbortSignal | undefined,
): Promise<TextNgrams> {
  const twice = async (ngrams: NgramIds): Promise<NgramIds> => {
    await nextTurn();
    checkAborted(signal, 'the profile');
    return doubled(ngrams);
  };
  const bigrams = await twice({ length: 1, ids: joined(texts.map(({ text }) => text.words)), most: types });
  const fourgrams = await twice(bigrams);
  return { bigrams, fourgrams, eightgrams: texts.length === 1 ? fourgrams : await twice(fourgrams) };
}

function joinedLengths(texts: readonly ReadText[]): Float64Array {
  return Float64Array.from(texts.flatMap(({ text }) => Array.from(lengthsOf(text))));
}

/** Why no permutation test is possible; `null` if one is. */
function reasonAgainstTest(pools: readonly Pool[], byDocument: boolean): string | null {
  if (pools.length < 2) return 'there is no second text';
  const single = pools.findIndex(({ units }) => units < 2);
  if (single < 0) return null;
  return `the ${single === 0 ? 'first' : 'second'} text is one ${byDocument ? 'document' : 'sentence'}: there is nothing to permute`;
}

async function testOf(
  pool: Pool | undefined,
  resamples: number,
  { seed, onProgress }: { readonly seed: number } & WorkOptions,
  pause: Pause,
): Promise<{ readonly observed: Float64Array; readonly p: Float64Array } | undefined> {
  return (
    pool &&
    permutationTest(
      (order, first) => pool.compare(order, first),
      pool,
      { resamples, seed },
      done => {
        const paused = pause();
        if (paused) callBack(onProgress, { stage: 'score', done, total: resamples, unit: 'passes' });
        return paused;
      },
    )
  );
}

/** The mean is over this many divisions of a text into halves. */
const DIVISIONS = 10;

/** The mean distances between two random halves of a text; `undefined` for one unit. */
function halvesOf(pool: Pool, seed: number): Float64Array | undefined {
  if (pool.units < 2) return undefined;
  const sums = new Float64Array(DISTANCE_NAMES.length);
  for (const order of randomOrders(pool.units, seed, DIVISIONS)) {
    pool.compare(order, Math.ceil(pool.units / 2)).forEach((value, k) => (sums[k] += value / DIVISIONS));
  }
  return sums;
}
