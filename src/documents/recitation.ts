import {
  checkFunction,
  checkOptions,
  checkPath,
  checkPaths,
  checkText,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { hashRandom } from '../base/hash-random.js';
import type { WorkOptions } from '../base/progress.js';
import { LanguageModel } from '../model/language-model.js';
import type { LoadedModel } from '../model/loaded-model.js';
import { orNull, perplexityOf } from '../model/scoring/perplexity.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { documentsOf, expandInputs } from '../text/formats/input.js';
import { memberOf } from '../text/formats/jsonl.js';
import { readAllRecords } from './stream.js';
import { editSimilarity, rougeL } from './similarity.js';

/** What {@link recitation} asks a model. */
export interface RecitationOptions extends DocumentOptions, WorkOptions {
  /** The model: its path, or an open model, which stays open. */
  readonly model: string | LanguageModel;
  /** The benchmark: files whose documents are its items. */
  readonly test: readonly string[];
  /** The same items in other words: what a model that has learned them, and not their letters, does as well on. */
  readonly rewritten?: readonly string[];
  /** Items of the same kind that the model surely has not seen: the control without which no figure says anything. */
  readonly unseen?: readonly string[];
  /** A member with the question, in front of the answer. */
  readonly query?: string;
  /** A member with the answer, whose perplexity is measured. */
  readonly answer?: string;
  /** Tokens that the model must continue without an error. Default 5. */
  readonly n?: number;
  /** Places of an item from which it continues. Default 5. */
  readonly starts?: number;
  /** Strings that were planted in a text, one a document. */
  readonly trap?: readonly string[];
  /** A second model, of text without the traps: the ratio of perplexities of each trap is given, too. */
  readonly against?: string | LanguageModel;
  /** Random strings with which each trap is compared. Default 999. */
  readonly controls?: number;
  /** Seed of the random strings. Default 1. */
  readonly seed?: number;
  /** Told what was left out, and why. */
  readonly onWarning?: (warning: string) => void;
}

/** The checks of {@link RecitationOptions}. */
const RECITATION_OPTIONS: OptionTable<RecitationOptions> = {
  model: required((name, value) => {
    if (!(value instanceof LanguageModel)) checkPath(name, value);
  }),
  test: required(checkPaths),
  rewritten: checkPaths,
  unseen: checkPaths,
  query: checkText,
  answer: checkText,
  n: wholeNumber(1, 1000),
  starts: wholeNumber(1, 1000),
  trap: checkPaths,
  against: (name, value) => {
    if (!(value instanceof LanguageModel)) checkPath(name, value);
  },
  controls: wholeNumber(1, 1_000_000),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER - 1),
  onWarning: checkFunction,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

/** How a model does on some items. */
export interface RecitationFigures {
  /** Items. */
  readonly items: number;
  /** Items too short to be continued. */
  readonly tooShort: number;
  /** Mean over items of the share of their starts from which the next n tokens are predicted, all of them. */
  readonly accuracy: number | null;
  /**
   * The same with starts from which the model's own continuation is alike: the edit similarity of both texts, 1 − distance / the longer
   * length [characters], is above 0.75.
   */
  readonly similarAccuracy: number | null;
  /** The same with starts from which the F of ROUGE-L (Lin 2004), by the longest common subsequence of tokens, is above 0.75. */
  readonly rougeAccuracy: number | null;
  /** Mean of the items' perplexities, with `answer` of the answer alone. */
  readonly perplexity: number | null;
}

/** Differences of the items and the same in other words. */
export interface RecitationGap {
  /** (accuracy − accuracy of the rewritten) / accuracy of the rewritten. */
  readonly accuracy: number | null;
  /** (perplexity of the rewritten − perplexity) / perplexity of the rewritten. */
  readonly perplexity: number | null;
}

/** A planted string. */
export interface TrapFigures {
  /** The string. */
  readonly text: string;
  /** Its perplexity. */
  readonly perplexity: number | null;
  /** Its perplexity / its perplexity under the second model, with `against`: well below 1 where only the first has seen it. */
  readonly ratio?: number | null;
  /** (1 + random strings of at most this perplexity) / (1 + random strings): small where the model knows the string. */
  readonly p: number;
}

/** What a model recites of a benchmark. */
export interface RecitationReport {
  /** The items as they are. */
  readonly original: RecitationFigures;
  /** The same in other words. */
  readonly rewritten?: RecitationFigures;
  /** The control. */
  readonly unseen?: RecitationFigures;
  /** The gap between both; by itself no proof: rewritten items differ in style, too. */
  readonly gap?: RecitationGap;
  /** The traps. */
  readonly traps?: readonly TrapFigures[];
}

/**
 * Says how much of a benchmark a model can recite: n-gram accuracy and perplexity, of the items, of the same in other words, and of
 * items it has not seen (Xu et al. 2024); and whether it knows planted strings, by their rank among random ones.
 *
 * A gap between the items and the rewritten ones alone proves nothing: a model without any leak shows 18 % on GSM8K, since rewriting changes the
 * style. Compare it with that of `unseen` items.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_ABORTED, and what opening throws.
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
  if (options.query !== undefined && options.answer === undefined) {
    throw new KneserError('KNESER_OPTION', 'query: belongs to answer; name the member of the answer, too');
  }
  const { model, signal, onProgress } = options;
  const opened = typeof model === 'string' ? await LanguageModel.open(model, signal ? { signal } : {}) : undefined;
  const own = opened ?? (model as LanguageModel);
  const loaded = await own.load({ signal, onProgress });
  const other = await openAgainst(options);
  try {
    return await recite(loaded, options, other?.model);
  } finally {
    await loaded.close();
    await opened?.close();
    await other?.close();
  }
}

/** The second model of the traps. */
async function openAgainst({
  against,
  trap,
  signal,
}: RecitationOptions): Promise<{ readonly model: LoadedModel; readonly close: () => Promise<void> } | undefined> {
  if (against === undefined) return undefined;
  if (trap === undefined)
    throw new KneserError('KNESER_OPTION', 'against: belongs to trap; name the planted strings, too');
  const opened = typeof against === 'string' ? await LanguageModel.open(against, signal ? { signal } : {}) : undefined;
  const model = await (opened ?? (against as LanguageModel)).load({ signal });
  return {
    model,
    close: async () => {
      await model.close();
      await opened?.close();
    },
  };
}

async function recite(
  model: LoadedModel,
  options: RecitationOptions,
  against: LoadedModel | undefined,
): Promise<RecitationReport> {
  const { test, rewritten, unseen, trap } = options;
  const original = await figuresOfItems(model, test, options);
  const other = rewritten && (await figuresOfItems(model, rewritten, options));
  const control = unseen && (await figuresOfItems(model, unseen, options));
  return {
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

/** Above this a continuation counts as alike. */
const ALIKE = 0.75;

/** The n most probable tokens after a true beginning, each after the ones before it. */
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
  const inputs = await expandInputs(files, {}, onWarning);
  const given = { ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
  const documents = await documentsOf(inputs, givenDocumentOptions({ ...others, ...given }));
  for await (const records of readAllRecords(inputs, documents, { signal })) {
    for (const { object, place } of records) {
      checkAborted(signal, 'reciting');
      const tokensAt = (name: string): string[] => {
        const text = memberOf(object, name);
        if (typeof text === 'string') return model.tokenize(text.replaceAll('\n', ' '));
        throw new KneserError(
          'KNESER_INPUT_JSON',
          `${place()}: there is no text in the member ${name}; name another member`,
        );
      };
      const text = memberOf(object, field ?? 'text') === undefined ? (column ?? field ?? 'text') : (field ?? 'text');
      yield { question: query === undefined ? [] : tokensAt(query), answer: tokensAt(answer ?? text) };
    }
  }
}

/** The perplexity of each planted string among those of random strings of as many of all traps' words. */
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
  let drawn = 0;
  return traps.map(tokens => {
    const own = model.score(tokens).perplexity ?? Infinity;
    let lower = 0;
    for (let c = 0; c < controls; c++) {
      const random = tokens.map(() => words[Math.floor(hashRandom(seed, drawn++) * words.length)]);
      if ((model.score(random).perplexity ?? Infinity) <= own) lower++;
    }
    const other = against?.score(tokens).perplexity;
    const ratio = against ? { ratio: orNull(own / (other ?? NaN)) } : {};
    return { text: tokens.join(' '), perplexity: orNull(own), ...ratio, p: (1 + lower) / (1 + controls) };
  });
}
