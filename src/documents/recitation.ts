import {
  checkFunction,
  checkOptions,
  checkPaths,
  checkText,
  refuseWithout,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { pauses } from '../base/turn.js';
import { hashRandom } from '../base/hash-random.js';
import type { WorkOptions } from '../base/progress.js';
import type { LanguageModel } from '../model/language-model.js';
import type { LoadedModel } from '../model/loaded-model.js';
import { orNull, perplexityOf } from '../model/scoring/perplexity.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { documentsOf, expandInputs } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { modelName, tokenizerName, type Conventions } from './conventions.js';
import { checkModel, withModel } from './given-model.js';
import { readAllRecords } from './stream.js';
import { editSimilarity, rougeL } from './similarity.js';
import { requireForward } from '../text/word-order.js';

/** The model and the items that {@link recitation} compares. */
export interface RecitationOptions extends DocumentOptions, WorkOptions {
  /** The model: its path, or an open model, which stays open. */
  readonly model: string | LanguageModel;
  /** The benchmark: files whose documents are its items. Required unless `trap` is given. */
  readonly test?: readonly string[];
  /** The same items in other words: a model that knows the content of the items, not their wording, does equally well on these. */
  readonly rewritten?: readonly string[];
  /** Items of the same kind that the model certainly has not seen: the control, without which no figure proves anything. */
  readonly unseen?: readonly string[];
  /** A member with the question, in front of the answer. */
  readonly query?: string;
  /** A member with the answer, whose perplexity is measured. */
  readonly answer?: string;
  /** How many tokens the model must predict without an error. Default 5. */
  readonly n?: number;
  /** From how many places of an item the model continues. Default 5. */
  readonly starts?: number;
  /** Files of the strings (traps) that were planted in a text, one string in each document. */
  readonly trap?: readonly string[];
  /** A second model, trained on text without the traps: the report then has the ratio of both models' perplexities for each trap. */
  readonly against?: string | LanguageModel;
  /** Number of random strings with which each trap is compared. Default 999. */
  readonly controls?: number;
  /** Seed of the random strings. Default 1. */
  readonly seed?: number;
  /** Called with one sentence for each thing that was left out, and the reason. */
  readonly onWarning?: (warning: string) => void;
}

/** The checks of {@link RecitationOptions}. */
const RECITATION_OPTIONS: OptionTable<RecitationOptions> = {
  model: required(checkModel),
  test: checkPaths,
  rewritten: checkPaths,
  unseen: checkPaths,
  query: checkText,
  answer: checkText,
  n: wholeNumber(1, 1000),
  starts: wholeNumber(1, 1000),
  trap: checkPaths,
  against: checkModel,
  controls: wholeNumber(1, 1_000_000),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER - 1),
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** How well a model recites some items. */
export interface RecitationFigures {
  /** Number of items. */
  readonly items: number;
  /** Number of items that are too short to be continued; the three accuracies leave them out. */
  readonly tooShort: number;
  /** Mean over items of the share of their starts from which the model predicts all of the next n tokens. */
  readonly accuracy: number | null;
  /**
   * Mean over items of the share of their starts from which the model's continuation is similar to the item's: the edit similarity of
   * both, 1 − edit distance / length of the longer one [characters], is above 0.75.
   */
  readonly similarAccuracy: number | null;
  /**
   * Mean over items of the share of their starts from which the F of ROUGE-L (Lin 2004) of the model's continuation and the item's is
   * above 0.75.
   */
  readonly rougeAccuracy: number | null;
  /** Mean of the items' perplexities; with `answer`, of the answers alone. */
  readonly perplexity: number | null;
}

/** Differences between the items and the rewritten items. */
export interface RecitationGap {
  /** (accuracy − accuracy of the rewritten items) / accuracy of the rewritten items. */
  readonly accuracy: number | null;
  /** (perplexity of the rewritten items − perplexity) / perplexity of the rewritten items. */
  readonly perplexity: number | null;
}

/** A planted string. */
export interface TrapFigures {
  /** The string. */
  readonly text: string;
  /** The string's perplexity under the model. */
  readonly perplexity: number | null;
  /** `perplexity` / the string's perplexity under the second model, with `against`: well below 1 if only the first model has seen the string. */
  readonly ratio?: number | null;
  /** (1 + number of random strings of at most this perplexity) / (1 + number of random strings): small if the model knows the string. */
  readonly p: number;
}

/** How much of a benchmark a model recites. */
export interface RecitationReport {
  /** How the figures were computed. */
  readonly conventions: Conventions;
  /** The figures of the items; of no items without `test`. */
  readonly original: RecitationFigures;
  /** The figures of the rewritten items. */
  readonly rewritten?: RecitationFigures;
  /** The figures of the control, `unseen`. */
  readonly unseen?: RecitationFigures;
  /** The gap between `original` and `rewritten`. It alone proves nothing, because rewritten items differ in style, too. */
  readonly gap?: RecitationGap;
  /** One entry for each trap. */
  readonly traps?: readonly TrapFigures[];
}

/**
 * Measures how much of a benchmark a model can recite: n-gram accuracy and perplexity of the items, of the rewritten items, and of items
 * that the model has not seen (Xu et al. 2024). Also measures whether the model knows planted strings, by their rank among random strings.
 *
 * A gap between the items and the rewritten items alone proves nothing: a model without any leak shows 22 % on GSM8K, because rewriting
 * changes the style. Compare it with the gap of `unseen` items.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_ABORTED, and the errors of opening a model.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { recitation } from 'kneser';
 *
 * writeFileSync('bench.jsonl', '{"text":"The jury praised the city and its mayor for the street ."}\n');
 * const { original } = await recitation({ model: 'model', test: ['bench.jsonl'], n: 2 });
 * console.log(original.accuracy, original.perplexity);
 * ```
 */
export async function recitation(options: RecitationOptions): Promise<RecitationReport> {
  checkOptions('recitation', options, RECITATION_OPTIONS);
  const { test, trap, answer } = options;
  if (answer === undefined) refuseWithout(options, ['query'], 'answer; name the member of the answer, too');
  if (trap === undefined) {
    refuseWithout(options, ['against', 'controls', 'seed'], 'trap; name the planted strings, too');
    if (!test)
      throw new KneserError('KNESER_OPTION', 'test: is missing; name the benchmark, or planted strings (--trap)');
  }
  if (!test) {
    const names = ['rewritten', 'unseen', 'answer', 'n', 'starts'] as const;
    refuseWithout(options, names, 'test; name the benchmark, too');
  }
  const { model, against, signal, onProgress } = options;
  return withLoaded(model, { signal, onProgress }, async loaded => {
    requireForward(loaded.parts.store.name, loaded.info.options.wordOrder, 'recite');
    return against === undefined
      ? recite(loaded, options, undefined)
      : withLoaded(against, { signal }, other => recite(loaded, options, other));
  });
}

/** Calls `work` with a given model in memory. */
function withLoaded<T>(
  given: string | LanguageModel,
  load: Pick<RecitationOptions, 'signal' | 'onProgress'>,
  work: (loaded: LoadedModel) => Promise<T>,
): Promise<T> {
  return withModel(given, load.signal, async model => {
    const loaded = await model.load(load);
    try {
      return await work(loaded);
    } finally {
      await loaded.close();
    }
  });
}

async function recite(
  model: LoadedModel,
  options: RecitationOptions,
  against: LoadedModel | undefined,
): Promise<RecitationReport> {
  const { test = [], rewritten, unseen, trap } = options;
  const original = await figuresOfItems(model, test, options);
  const other = rewritten && (await figuresOfItems(model, rewritten, options));
  const control = unseen && (await figuresOfItems(model, unseen, options));
  const about = { unit: 'item', tokenizer: await tokenizerName(model), model: modelName(model) };
  return {
    conventions: against ? { ...about, against: modelName(against) } : about,
    original,
    ...(other ? { rewritten: other, gap: gapOf(original, other) } : {}),
    ...(control ? { unseen: control } : {}),
    ...(trap ? { traps: await trapsOf(model, trap, options, against) } : {}),
  };
}

function gapOf(original: RecitationFigures, rewritten: RecitationFigures): RecitationGap {
  const part = (difference: number, of: number): number | null => orNull(difference / of);
  const [a, b] = [original.accuracy ?? NaN, rewritten.accuracy ?? NaN];
  const [p, q] = [original.perplexity ?? NaN, rewritten.perplexity ?? NaN];
  return { accuracy: part(a - b, b), perplexity: part(q - p, q) };
}

/** An item: the tokens of its question and of its answer, or of its text. */
interface Item {
  readonly question: string[];
  readonly answer: string[];
}

/** The figures of the items in some files. */
async function figuresOfItems(
  model: LoadedModel,
  files: readonly string[],
  options: RecitationOptions,
): Promise<RecitationFigures> {
  const { n = 5, starts = 5 } = options;
  let [items, tooShort, perplexity, measured] = [0, 0, 0, 0];
  const sums = { accuracy: 0, similarAccuracy: 0, rougeAccuracy: 0 };
  for await (const { question, answer } of readItems(model, files, options)) {
    items++;
    const { log10Probs } = model.score([...question, ...answer]);
    // The end of the sentence belongs to the answer.
    const own = log10Probs.slice(question.length);
    const value = perplexityOf(
      own.reduce((sum, log10Prob) => sum + log10Prob, 0),
      own.length,
    );
    if (answer.length > 0 && Number.isFinite(value)) {
      perplexity += value;
      measured++;
    }
    const tokens = [...question, ...answer];
    if (tokens.length - n - 1 <= 0) {
      tooShort++;
      continue;
    }
    for (let j = 0; j < starts; j++) {
      const last = tokens.length - n;
      const from = Math.floor(starts === 1 ? last : 2 + ((last - 2) * j) / (starts - 1));
      const own = continuation(model, tokens, from, n);
      const truth = tokens.slice(from, from + n);
      if (own.every((token, k) => token === truth[k])) sums.accuracy += 1 / starts;
      if (editSimilarity(own.join(' '), truth.join(' ')) > ALIKE) sums.similarAccuracy += 1 / starts;
      if (rougeL(own, truth) > ALIKE) sums.rougeAccuracy += 1 / starts;
    }
  }
  return {
    items,
    tooShort,
    accuracy: orNull(sums.accuracy / (items - tooShort)),
    similarAccuracy: orNull(sums.similarAccuracy / (items - tooShort)),
    rougeAccuracy: orNull(sums.rougeAccuracy / (items - tooShort)),
    perplexity: orNull(perplexity / measured),
  };
}

/** A continuation counts as similar if its similarity is above this. */
const ALIKE = 0.75;

/** The model's continuation of `tokens[0, from)` by n tokens: at each step, the most probable next token. */
function continuation(model: LoadedModel, tokens: readonly string[], from: number, n: number): string[] {
  const history = tokens.slice(0, from);
  for (let k = 0; k < n; k++) history.push(model.predict(history, { top: 1 })[0].token);
  return history.slice(from);
}

async function* readItems(
  model: LoadedModel,
  files: readonly string[],
  { query, answer, field, column, onWarning, signal, ...others }: RecitationOptions,
): AsyncGenerator<Item> {
  const pause = pauses(() => checkAborted(signal, 'reciting'));
  const inputs = await expandInputs(files, {}, onWarning);
  const given = { ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
  const documents = await documentsOf(inputs, givenDocumentOptions({ ...others, ...given }));
  for await (const records of readAllRecords(inputs, documents, { signal })) {
    for (const { object, place } of records) {
      await pause();
      const tokensAt = (name: string): string[] => {
        const text = memberOf(object, name);
        if (typeof text === 'string') return model.tokenize(text.replaceAll('\n', ' '));
        throw new KneserError(
          'KNESER_INPUT_JSON',
          `${place()}: there is no text in the member ${name}; name another member, such as with field (--field)`,
        );
      };
      const text = memberOf(object, field ?? 'text') === undefined ? (column ?? field ?? 'text') : (field ?? 'text');
      yield { question: query === undefined ? [] : tokensAt(query), answer: tokensAt(answer ?? text) };
    }
  }
}

/** Compares each trap with random strings of equal length, whose words are drawn from the words of all traps. */
async function trapsOf(
  model: LoadedModel,
  files: readonly string[],
  options: RecitationOptions,
  against: LoadedModel | undefined,
): Promise<readonly TrapFigures[]> {
  const { controls = 999, seed = 1 } = options;
  const plain = { ...givenDocumentOptions(options), model: options.model, test: files, signal: options.signal };
  const traps: string[][] = [];
  for await (const { answer } of readItems(model, files, plain)) traps.push(answer);
  const words = [...new Set(traps.flat())];
  const pause = pauses(() => checkAborted(options.signal, 'comparing planted strings'));
  let drawn = 0;
  const figures: TrapFigures[] = [];
  for (const tokens of traps) {
    const own = model.score(tokens).perplexity ?? Infinity;
    let lower = 0;
    for (let c = 0; c < controls; c++) {
      const random = tokens.map(() => words[Math.floor(hashRandom(seed, drawn++) * words.length)]);
      if ((model.score(random).perplexity ?? Infinity) <= own) lower++;
      await pause();
    }
    const other = against?.score(tokens).perplexity;
    const ratio = against ? { ratio: orNull(own / (other ?? NaN)) } : {};
    figures.push({ text: tokens.join(' '), perplexity: orNull(own), ...ratio, p: (1 + lower) / (1 + controls) });
  }
  return figures;
}
