import { callBack, isFromCaller } from '../base/call-back.js';
import {
  checkFlag,
  checkOptions,
  checkPath,
  checkPaths,
  listOf,
  optionError,
  refuseWithout,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { compareBytes } from '../base/bytes.js';
import { pauses, runInTurns } from '../base/turn.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import type { LanguageModel } from '../model/language-model.js';
import type { NewModel } from '../store/folder/write-model.js';
import { TOKENIZER_KEY } from '../store/keys.js';
import type { Manifest } from '../tables/manifest.js';
import {
  DOCUMENT_OPTION_NAMES,
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  skippedWarning,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { expandInputs } from '../text/formats/input.js';
import { LineReader } from '../text/formats/lines.js';
import { isTokenizerFile } from '../text/tokenization.js';
import { BOS, EOS, FIRST_WORD, NONE, UNK } from '../text/tokens.js';
import { readingOf } from '../text/word-order.js';
import { WordList } from '../text/word-list.js';
import { ContextBuckets, MOST_MODELS } from './mix/buckets.js';
import type { Component } from './mix/component.js';
import type { JoinedModel } from './mix/union.js';
import type { MixtureWeights } from './mix/weights.js';

/** The models to mix, and their weights: either `tune` or `weights`; without them all models have the same weight. */
export interface MixOptions extends DocumentOptions {
  /** The models, which stay unchanged: folders, packed files or addresses. Each has the smoothing with which `LanguageModel.open` opens it. */
  readonly models: readonly string[];
  /** The folder of the mixture. */
  readonly out: string;
  /** Files of held-out text to learn the weights on. */
  readonly tune?: readonly string[];
  /** The weight of each model, in the order of `models`. The weights add up to 1. */
  readonly weights?: readonly number[];
  /**
   * With `tune`: learns weights for each bucket of histories. A bucket is defined by the length of the longest context that any model
   * has of a history, and by the set of models that have it. Default false: all histories have the same weights.
   */
  readonly byLength?: boolean;
  /** Replaces a model that is in the folder. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the work when aborted, and leaves nothing in `out`. */
  readonly signal?: AbortSignal;
}

/** The weights of a bucket of histories. */
export interface MixBucket {
  /** Length of the longest context that any model has of these histories [tokens]; `null` where all histories have the same weights. */
  readonly length: number | null;
  /** Indices, from 0, of the models that have a context of this length; all models where all histories have the same weights. */
  readonly models: readonly number[];
  /** The weight of each model, in the order of `models`. */
  readonly weights: readonly number[];
}

/** The mixture. */
export interface MixReport {
  /** The folder of the model. */
  readonly out: string;
  /** Length of the longest n-grams. */
  readonly order: number;
  /** Number of n-grams of each order from 1 on; `<s>` counts as a unigram. */
  readonly ngrams: readonly number[];
  /** The weights of each bucket; one bucket unless `byLength` is set. */
  readonly buckets: readonly MixBucket[];
  /** Figures of the text of `tune`; `null` without `tune`. */
  readonly tuned: {
    /** Perplexity of the exact mixture. The written model backs off, so its perplexity differs a little. */
    readonly perplexity: number;
    /** Tokens, `</s>` included. */
    readonly tokens: number;
    /** Tokens with p = 0 in every model. They are left out of the perplexity. */
    readonly impossible: number;
  } | null;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that mixing took [s]. */
  readonly seconds: number;
  /** One sentence for each part of the text of `tune` that was left out. */
  readonly warnings: readonly string[];
}

/** The checks of {@link MixOptions}. */
const MIX_OPTIONS: OptionTable<MixOptions> = {
  models: required(checkPaths),
  out: required(checkPath),
  tune: checkPaths,
  weights: listOf((name, value) => {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw optionError(name, value, 'a share from 0 to 1');
  }),
  byLength: checkFlag,
  force: checkFlag,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** The most tokens on which weights are learned. */
const MOST_TOKENS = 1 << 20;

/** The models of a mixture, open. */
interface Opened {
  readonly models: readonly LanguageModel[];
  readonly joined: readonly JoinedModel[];
  readonly components: readonly Component[];
  /** The words of all models, by joined id. */
  readonly words: WordList;
}

/**
 * Mixes models linearly: p(w|h) = Σ λᵢ pᵢ(w|h), where the weights λ add up to 1 and may depend on how much of h each model knows. Models
 * of any order and smoothing can be mixed, tuned, pruned and imported ones too, if all have the same tokenizer. The result is a back-off
 * model, like an imported ARPA file.
 *
 * The mixture has the n-grams of all models, with the exact sum. For any other n-gram it backs off, as SRILM's `ngram -mix-lm` does: a
 * word w that no model has seen after h gets γ(h) p(w|h'), where h' is h without its oldest word. A word that one model lacks has
 * probability 0 in this model, and `<unk>` gets the weighted sum of the models' p of `<unk>`, so all probabilities add up to 1.
 *
 * Memory: all models, and the n-grams of the mixture.
 *
 * @throws KneserError: KNESER_OPTION for models that cannot be mixed, with the reason; KNESER_INPUT_*, KNESER_OUTPUT_*, KNESER_DISK_FULL,
 * KNESER_LIMIT, KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { mix, train } from 'kneser';
 *
 * await train({ files: ['text.txt'], out: 'one', order: 3 });
 * await train({ files: ['valid.txt'], out: 'two', order: 2 });
 * const { buckets } = await mix({ models: ['one', 'two'], out: 'mixed-model', weights: [0.7, 0.3] });
 * console.log(buckets[0].weights); // [ 0.7, 0.3 ]
 * ```
 */
export async function mix(options: MixOptions): Promise<MixReport> {
  checkOptions('mix', options, MIX_OPTIONS);
  checkMix(options);
  if (options.tune === undefined) refuseWithout(options, DOCUMENT_OPTION_NAMES, 'tune');
  const { models: paths, out, force = false, signal } = options;
  const check = (): void => checkAborted(signal, 'mixing');
  check();
  const started = performance.now();
  const inputs = options.tune ? await expandInputs(options.tune, options) : [];
  const { writeModel } = await import('../store/folder/write-model.js');
  const models: LanguageModel[] = [];
  try {
    const { LanguageModel } = await import('../model/language-model.js');
    for (const path of paths) models.push(await LanguageModel.open(path));
    await checkAlike(models);
    const { written, bytes } = await writeModel(out, force, draft =>
      mixInto(
        draft,
        models,
        inputs.map(({ path }) => path),
        options,
        check,
      ).catch((error: unknown) => {
        if (!(error instanceof RangeError) || isFromCaller(error)) throw error;
        throw new KneserError('KNESER_LIMIT', `the n-grams of the models do not fit memory (${error.message})`, {
          cause: error,
        });
      }),
    );
    return { out, ...written, bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    for (const model of models) await model.close();
  }
}

/** @throws KNESER_OPTION for options that contradict each other. */
function checkMix({ models, weights, tune, byLength }: MixOptions): void {
  const refuse = (message: string): never => {
    throw new KneserError('KNESER_OPTION', message);
  };
  if (models.length < 2 || models.length > MOST_MODELS) {
    refuse(`models: ${models.length} models were given; 2 to ${MOST_MODELS} are mixed`);
  }
  if (weights && tune) refuse('weights: tune learns the weights (--tune); give one of the two');
  if (byLength && !tune) refuse('byLength: such weights are learned on a text; give it with tune (--tune FILE)');
  if (!weights) return;
  if (weights.length !== models.length) refuse(`weights: there are ${weights.length}, for ${models.length} models`);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) > 1e-6) refuse(`weights: they add up to ${sum}, and not to 1`);
}

/** @throws KNESER_OPTION for models that cut text in different ways. */
async function checkAlike(models: readonly LanguageModel[]): Promise<void> {
  const [first, ...others] = models.map(({ parts }) => parts);
  const describe = ({ options: { lowercase, skipBlank, tokenization, wordOrder } }: Manifest): string =>
    JSON.stringify({ ...tokenization, lowercase, skipBlank, wordOrder });
  const fileOf = async (parts: typeof first): Promise<Uint8Array> =>
    (isTokenizerFile(parts.manifest.options.tokenization.tokenizer) && (await parts.store.get(TOKENIZER_KEY))) ||
    new Uint8Array(0);
  for (const other of others) {
    const [firstWay, otherWay] = [describe(first.manifest), describe(other.manifest)];
    if (firstWay === otherWay && compareBytes(await fileOf(first), await fileOf(other)) === 0) continue;
    throw new KneserError(
      'KNESER_OPTION',
      `${other.store.name}: cuts text in another way than ${first.store.name} (${firstWay === otherWay ? 'another tokenizer file' : `${otherWay} and ${firstWay}`}); ` +
        'mix models of the same tokenizer',
    );
  }
}

/** Computes the mixture and writes it to `draft`. @param files held-out text. @param check throws KNESER_ABORTED to stop. */
async function mixInto(
  draft: NewModel,
  models: readonly LanguageModel[],
  files: readonly string[],
  options: MixOptions,
  check: () => void,
): Promise<Pick<MixReport, 'order' | 'ngrams' | 'buckets' | 'tuned' | 'warnings'>> {
  const { onProgress } = options;
  const { contextBits, joinNgrams } = await import('./mix/union.js');
  const { interpolate } = await import('./mix/interpolate.js');
  const { writeBackoff } = await import('./arpa/write-backoff.js');
  const opened = await join(models, options);
  const types = opened.words.size + 1;
  const order = Math.max(...models.map(({ parts }) => parts.manifest.order));
  const rowsOfModels = models.reduce(
    (sum, { parts }) => sum + parts.manifest.tables.reduce((rows, table) => rows + table.rows, 0),
    0,
  );
  let done = 0;
  const report = (rows: number): void => {
    check();
    const total = 2 * rowsOfModels;
    callBack(onProgress, { stage: 'score', done: Math.min(total, rows), total, unit: 'n-grams' });
  };
  const orders = await joinNgrams(opened.joined, order, types, rows => report((done += rows)));
  const bits = options.byLength ? await contextBits(opened.joined, orders) : undefined;
  const buckets = bits && new ContextBuckets(orders, bits, models.length);
  const warnings: string[] = [];
  const learned = files.length > 0 ? await learn(opened, order, files, buckets, options, warnings, check) : undefined;
  const given = options.weights ?? models.map(() => 1 / models.length);
  const weights = learned?.weights ?? [Float64Array.from(given)];
  const bucketOf = (level: number, row: number): number => buckets?.of(level, row) ?? 0;
  const steps = interpolate(orders, opened.components, weights, bucketOf, rows => report(rowsOfModels + rows));
  await runInTurns(steps, pauses(check));
  // N-grams that several models have are fewer after the join.
  report(2 * rowsOfModels);

  const [{ parts }] = models;
  const { lowercase, skipBlank, tokenization, wordOrder } = parts.manifest.options;
  const description = {
    // Above 0 where some model counted `<unk>`: then the token `<unk>` is not out of the vocabulary.
    unknown: models.reduce((sum, model) => sum + model.parts.manifest.unknown, 0),
    options: { lowercase, skipBlank, tokenization, ...(wordOrder ? { wordOrder } : {}) },
    tokenizer: isTokenizerFile(tokenization.tokenizer) ? await parts.store.get(TOKENIZER_KEY) : undefined,
  };
  await writeBackoff(draft, orders, opened.words, description, progress => {
    check();
    callBack(onProgress, progress);
  });
  check();
  const described = buckets?.describe() ?? [{ length: null, models: models.map((_, i) => i) }];
  return {
    order,
    ngrams: orders.map(({ length }) => length),
    buckets: described.map((bucket, b) => ({ ...bucket, weights: [...weights[b]] })),
    tuned: learned?.tuned ?? null,
    warnings,
  };
}

/** Joins the vocabularies of the models, and loads the models into memory. */
async function join(models: readonly LanguageModel[], { signal, onProgress }: MixOptions): Promise<Opened> {
  const { idsOf } = await import('./mix/union.js');
  const { joinWords } = await import('../tables/dictionary-reader.js');
  const { Component } = await import('./mix/component.js');
  const words = new WordList();
  const joined: JoinedModel[] = [];
  for (const { parts } of models) {
    const { store, manifest } = parts;
    joined.push({ store, manifest, joinedIds: await joinWords(store, manifest, words) });
  }
  const components: Component[] = [];
  for (const [i, model] of models.entries()) {
    const ids = idsOf(joined[i], words.size + 1);
    const loaded = await model.load({ ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) });
    components.push(new Component(loaded, ids));
  }
  return { models, joined, components, words };
}

/**
 * Learns the weights on the text of `files`.
 *
 * @param order the order of the mixture.
 * @param warnings gets a sentence for each part of the text that was left out.
 */
async function learn(
  { models, components, words }: Opened,
  order: number,
  files: readonly string[],
  buckets: ContextBuckets | undefined,
  options: MixOptions,
  warnings: string[],
  check: () => void,
): Promise<{ weights: MixtureWeights; tuned: NonNullable<MixReport['tuned']> }> {
  const { learnMixture } = await import('./mix/weights.js');
  // By token of the text: the joined ids of its history, oldest word first, and its own; the bucket of its history.
  const columns = Array.from({ length: order }, () => new Uint32Array(MOST_TOKENS));
  const bucketOf = new Uint16Array(MOST_TOKENS);
  let tokens = 0;
  const put = (history: readonly number[], word: number): void => {
    if (tokens === MOST_TOKENS) return;
    for (let distance = 1; distance < order; distance++) {
      columns[order - 1 - distance][tokens] = history[history.length - distance] ?? NONE;
    }
    columns[order - 1][tokens] = word;
    bucketOf[tokens++] = buckets?.ofHistory(history) ?? 0;
  };
  const [model] = models;
  const { manifest, tokenization } = model.parts;
  const { skipBlank } = manifest.options;
  for (const path of files) {
    const reader = new LineReader(path, givenDocumentOptions(options));
    for await (const line of reader.lines()) {
      check();
      if (tokens === MOST_TOKENS) break;
      for (const sentence of model.sentences(line)) {
        const read = readingOf(tokenization.order, model.tokenize(sentence));
        const ids = read.tokens.map(token => idOf(words, token));
        if (ids.length === 0 && skipBlank) continue;
        const history = [BOS];
        for (const id of [...ids, EOS]) {
          put(history, id);
          history.push(id);
        }
      }
    }
    if (reader.skipped > 0) warnings.push(`${path}: ${skippedWarning(reader.skipped)}`);
  }
  if (tokens === 0)
    throw new KneserError('KNESER_INPUT_EMPTY', `${files.join(', ')}: the text to tune on holds no tokens`);
  if (tokens === MOST_TOKENS) warnings.push(`the weights were learned on the first ${MOST_TOKENS} tokens of the text`);
  const probabilities = components.map(component => {
    check();
    const ofComponent = new Float64Array(tokens);
    component.probabilities(columns, 0, tokens, ofComponent);
    return ofComponent;
  });
  const learned = learnMixture(probabilities, bucketOf.subarray(0, tokens), buckets?.count ?? 1);
  return {
    weights: learned.weights,
    tuned: { perplexity: learned.perplexity, tokens, impossible: learned.impossible },
  };
}

/** The joined id of a token; `UNK` for a token that no model has. */
function idOf(words: WordList, token: string): number {
  const id = words.findWord(token);
  return id >= FIRST_WORD ? id : UNK;
}
