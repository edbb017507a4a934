import { callBack } from '../base/call-back.js';
import {
  checkFinite,
  checkFunction,
  checkObject,
  checkOptions,
  checkSignal,
  isIterable,
  checkText,
  listOf,
  oneOf,
  optionError,
  required,
  type OptionTable,
  shown,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { pauses } from '../base/turn.js';
import { itemsUnlessAborted, unlessAborted } from '../base/unless-aborted.js';
import type { Score } from '../model/scoring/score.js';
import type { Sentence } from '../text/sentences.js';
import { editDistance } from './edit-distance.js';
import type { Candidate, NBestList } from './nbest.js';

/** The part of a model that rescoring needs: an opened or a loaded model. */
export interface RescoringModel {
  /** Scores a sentence with `</s>`. */
  score(sentence: Sentence): Score | Promise<Score>;
}

/** The weights of the parts of a candidate's total. */
export interface RescoringWeights {
  /** α: ln p of the language model is multiplied by it. Default 0.5. */
  readonly weight?: number;
  /** β: added for each token (natural logarithm). Default 0. */
  readonly wordBonus?: number;
}

/** The lists to rescore, and how. */
export interface RescoreOptions extends RescoringWeights {
  /** The language model. */
  readonly model: RescoringModel;
  /** The n-best lists; each is scored as it is read. */
  readonly lists: Iterable<NBestList> | AsyncIterable<NBestList>;
  /** Added to log10 p for each token outside the vocabulary. Default −10. */
  readonly oov?: number;
  /** `tokens` divides each total by the number of tokens, `</s>` counted, for candidates of different lengths. Default `none`. */
  readonly normalize?: 'none' | 'tokens';
  /**
   * The first candidate stays first, unless the highest total exceeds its total by at least this much for each token of the first candidate,
   * `</s>` counted (natural logarithm). With `normalize: 'tokens'`, unless it exceeds its total, which is then of a token, by this much.
   */
  readonly keepFirstUnless?: number;
  /** Called with a sentence about a problem that does not prevent the work. */
  readonly onWarning?: (warning: string) => void;
  /** Stops the work when aborted. */
  readonly signal?: AbortSignal;
}

/** The lists to tune on, and their references. */
export interface TuneRescoringOptions extends Omit<RescoreOptions, keyof RescoringWeights | 'keepFirstUnless'> {
  /** The right text of each list, in the order of the lists. */
  readonly references: readonly string[];
  /** The error rate to minimize: of words (`wer`), of characters (`cer`), or the share of texts that differ from the reference (`exact`). Default `wer`. */
  readonly metric?: 'wer' | 'cer' | 'exact';
}

/** A candidate with its scores. */
export interface RescoredCandidate extends Candidate {
  /** log10 p of the text and `</s>`, without the offset of unknown tokens. */
  readonly log10Prob: number;
  /** Number of tokens outside the vocabulary. */
  readonly oov: number;
  /** Number of tokens, without `</s>`. */
  readonly words: number;
  /** score + α · ln 10 · (log10 p + offset · oov) + β · words; with `normalize: 'tokens'`, this divided by the number of tokens, `</s>` counted. */
  readonly total: number;
}

/** A list with its candidates by falling total. */
export interface RescoredList {
  /** The name of the input. */
  readonly id: string;
  /** The candidates by falling total; with `keepFirstUnless`, the candidate that was first may stay first. */
  readonly candidates: readonly RescoredCandidate[];
}

/**
 * Weights that were tuned, and the error rates with them. A rate is the number of edits over the length of the references, or the share of
 * texts that differ from their reference.
 */
export interface TuneRescoringReport {
  /** The error rate that was minimized. */
  readonly metric: 'wer' | 'cer' | 'exact';
  /** Number of lists. */
  readonly lists: number;
  /** The error rate of the first candidates. */
  readonly first: number;
  /** The error rate of the candidates that the tuned weights choose. */
  readonly tuned: number;
  /** The error rate of the best candidate of each list: no weights can do better. */
  readonly oracle: number;
  /** The tuned α. */
  readonly weight: number;
  /** The tuned β. */
  readonly wordBonus: number;
}

const checkModel = (name: string, value: unknown): void => {
  if (typeof (checkObject(name, value) as Partial<RescoringModel>).score === 'function') return;
  throw optionError(name, value, 'an open model');
};

const checkLists = (name: string, value: unknown): void => {
  if (!isIterable(value)) throw optionError(name, value, 'a list');
};

/** The checks of the options that `rescore` and `tuneRescoring` share. */
const SHARED = {
  model: required(checkModel),
  lists: required(checkLists),
  oov: checkFinite,
  normalize: oneOf(['none', 'tokens']),
  onWarning: checkFunction,
  signal: checkSignal,
};

const RESCORE_OPTIONS: OptionTable<RescoreOptions> = {
  ...SHARED,
  weight: checkFinite,
  wordBonus: checkFinite,
  keepFirstUnless: (name, value) => {
    if (!(typeof value === 'number' && value >= 0 && value < Infinity))
      throw optionError(name, value, 'a number of at least 0');
  },
};

const TUNE_OPTIONS: OptionTable<TuneRescoringOptions> = {
  ...SHARED,
  references: required(listOf(checkText)),
  metric: oneOf(['wer', 'cer', 'exact']),
};

/** The default of `weight`. */
const DEFAULT_WEIGHT = 0.5;
/** The default of `oov`. */
const DEFAULT_OFFSET = -10;
/** A warning tells of a larger share of unknown tokens. */
const MOST_UNKNOWN = 0.2;

/**
 * Rescores n-best lists: sorts the candidates of each list by the weighted sum of their own score and the score of a language model. The
 * weights have the meaning of pyctcdecode's α, β and unknown-word offset, so that weights tuned there can be used here.
 *
 * @returns the lists, in their order, each as soon as it is scored. Candidates of equal total stay in their order.
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_NBEST for a list without candidates, and the errors of scoring.
 * @example
 * ```ts
 * import { LanguageModel, rescore } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const lists = [{ id: 'utterance 1', candidates: [{ text: 'the jury', score: -3.2 }, { text: 'The jury', score: -3.4 }] }];
 * for await (const { id, candidates } of rescore({ model, lists, weight: 0.5, wordBonus: 1.5 })) {
 *   console.log(id, candidates[0].text, candidates[0].total);
 * }
 * await model.close();
 * ```
 */
export function rescore(options: RescoreOptions): AsyncGenerator<RescoredList, void, void> {
  checkOptions('rescore', options, RESCORE_OPTIONS);
  return rescoreAll(options);
}

async function* rescoreAll(options: RescoreOptions): AsyncGenerator<RescoredList, void, void> {
  const { weight = DEFAULT_WEIGHT, wordBonus = 0, normalize, keepFirstUnless } = options;
  for await (const { id, candidates } of scoredLists(options)) {
    const totals = candidates.map(part => totalOf(part, weight, wordBonus, normalize));
    const order = [...candidates.keys()].sort((a, b) => totals[b] - totals[a] || a - b);
    // Normalized totals are of a token already.
    const gap = (totals[order[0]] - totals[0]) / (normalize === 'tokens' ? 1 : candidates[0].words + 1);
    if (keepFirstUnless !== undefined && gap < keepFirstUnless) {
      order.splice(order.indexOf(0), 1);
      order.unshift(0);
    }
    yield {
      id,
      candidates: order.map(i => {
        const { text, score, log10Prob, oov, words } = candidates[i];
        return { text, score, log10Prob, oov, words, total: totals[i] };
      }),
    };
  }
}

/** The parts of a candidate's total. */
interface Parts extends Omit<RescoredCandidate, 'total'> {
  /** ln 10 · (log10 p + offset · oov). */
  readonly languageScore: number;
}

/** The total of a candidate. */
function totalOf(
  { score, languageScore, words }: Parts,
  weight: number,
  wordBonus: number,
  normalize: RescoreOptions['normalize'],
): number {
  // A weight of 0 leaves the language model out, also where it gives a text the probability 0.
  const total = score + (weight === 0 ? 0 : weight * languageScore) + wordBonus * words;
  return normalize === 'tokens' ? total / (words + 1) : total;
}

/** Refuses a list that has no candidates. @param number of the list, from 1; its name if it has no id. @throws KNESER_INPUT_NBEST */
function checkNBestList(list: unknown, number: number): void {
  const { id = number, candidates } = Object(list) as Partial<NBestList>;
  if (Array.isArray(candidates) && candidates.length > 0) return;
  throw new KneserError('KNESER_INPUT_NBEST', `list ${String(id)}: ${shown(list)} has no candidates`);
}

/** Refuses a candidate without a text, or with a score that is no number. @param where names the candidate. @throws KNESER_INPUT_NBEST */
function checkCandidate(where: string, candidate: unknown): void {
  const { text, score } = Object(candidate) as Partial<Candidate>;
  if (typeof text !== 'string')
    throw new KneserError('KNESER_INPUT_NBEST', `${where}: its text is ${shown(text)}; give a string`);
  if (typeof score !== 'number' || Number.isNaN(score))
    throw new KneserError('KNESER_INPUT_NBEST', `${where}: its score is ${shown(score)}; give a number`);
}

/** Scores the candidates of all lists, and warns of unknown tokens after the last list. */
async function* scoredLists({
  model,
  lists,
  oov: offset = DEFAULT_OFFSET,
  onWarning,
  signal,
}: Pick<RescoreOptions, 'model' | 'lists' | 'oov' | 'onWarning' | 'signal'>): AsyncGenerator<
  { readonly id: string; readonly candidates: readonly Parts[] },
  void,
  void
> {
  const pause = pauses(() => checkAborted(signal, 'rescoring'));
  let [tokens, unknown, strange] = [0, 0, 0];
  let number = 0;
  for await (const list of itemsUnlessAborted(lists, signal, 'rescoring')) {
    checkAborted(signal, 'rescoring');
    checkNBestList(list, ++number);
    const { id, candidates } = list;
    const parts: Parts[] = [];
    let known = 0;
    for (const [at, candidate] of candidates.entries()) {
      checkCandidate(`list ${id}: candidate ${at + 1}`, candidate);
      const { text, score } = candidate;
      const found = model.score(text);
      const scored = found instanceof Promise ? await unlessAborted(found, signal, 'rescoring') : found;
      const oov = scored.oov.filter(Boolean).length;
      const words = scored.tokens.length - 1;
      tokens += words;
      unknown += oov;
      known += words - oov;
      const languageScore = Math.LN10 * (scored.log10Prob + offset * oov);
      parts.push({ text, score, log10Prob: scored.log10Prob, oov, words, languageScore });
    }
    if (known === 0 && parts.some(({ words }) => words > 0)) strange++;
    yield { id, candidates: parts };
    const paused = pause();
    if (paused) await paused;
  }
  const why = 'the candidates are tokenized or cased differently than the text of the model';
  if (unknown > MOST_UNKNOWN * tokens) {
    callBack(
      onWarning,
      `${((100 * unknown) / tokens).toFixed(0)} % of the tokens of the candidates are unknown to the model: ${why}`,
    );
  } else if (strange > 0) {
    callBack(onWarning, `${strange} lists have no token that the model knows: ${why}`);
  }
}

/**
 * Finds the weights with the lowest error rate on lists with references: first on a grid of weights from 0 to 3 and bonuses from −3 to 3,
 * then by coordinate descent with ever smaller steps. If several weights are equally good, the first found is returned; the search begins
 * with the weight 0 and the bonus 0, then takes the grid from its smallest weight. All lists are in memory.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_NBEST if there are more or fewer references than lists, and the errors of scoring.
 * @example
 * ```ts
 * import { LanguageModel, tuneRescoring } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const lists = [{ id: '1', candidates: [{ text: 'city The', score: -3.2 }, { text: 'The city', score: -3.4 }] }];
 * const { weight, wordBonus, first, tuned, oracle } = await tuneRescoring({ model, lists, references: ['The city'] });
 * console.log(weight, wordBonus, first, tuned, oracle);
 * await model.close();
 * ```
 */
export async function tuneRescoring(options: TuneRescoringOptions): Promise<TuneRescoringReport> {
  checkOptions('tuneRescoring', options, TUNE_OPTIONS);
  const { references, metric = 'wer', normalize } = options;
  const lists: (readonly Parts[])[] = [];
  for await (const { candidates } of scoredLists(options)) lists.push(candidates);
  if (lists.length !== references.length || lists.length === 0) {
    throw new KneserError(
      'KNESER_INPUT_NBEST',
      `references: there are ${references.length} for ${lists.length} lists; each list needs one, in their order`,
    );
  }
  const errors = lists.map((candidates, i) => candidates.map(({ text }) => errorsOf(text, references[i], metric)));
  const length = references.reduce((sum, text) => sum + (metric === 'exact' ? 1 : unitsOf(text, metric).length), 0);
  if (length === 0) throw new KneserError('KNESER_INPUT_NBEST', 'references: all are empty');
  const rate = (choose: (list: readonly Parts[], i: number) => number): number =>
    lists.reduce((sum, list, i) => sum + errors[i][choose(list, i)], 0) / length;
  const rateAt = (weight: number, bonus: number): number =>
    rate(list => {
      let [best, most] = [0, -Infinity];
      list.forEach((parts, c) => {
        const total = totalOf(parts, weight, bonus, normalize);
        if (total > most) [best, most] = [c, total];
      });
      return best;
    });
  let found = { weight: 0, wordBonus: 0, tuned: rateAt(0, 0) };
  const attempt = (weight: number, wordBonus: number): boolean => {
    if (weight < 0) return false;
    const tuned = rateAt(weight, wordBonus);
    if (tuned >= found.tuned) return false;
    found = { weight, wordBonus, tuned };
    return true;
  };
  for (let a = 0; a <= 12; a++) for (let b = -6; b <= 6; b++) attempt(a / 4, b / 2);
  for (let step = 1 / 8; step >= 1 / 64; step /= 2) {
    let better = true;
    while (better) {
      const { weight, wordBonus } = found;
      better =
        attempt(weight + step, wordBonus) ||
        attempt(weight - step, wordBonus) ||
        attempt(weight, wordBonus + step) ||
        attempt(weight, wordBonus - step);
    }
  }
  return {
    metric,
    lists: lists.length,
    first: rate(() => 0),
    tuned: found.tuned,
    oracle: rate((_, i) => errors[i].indexOf(Math.min(...errors[i]))),
    weight: found.weight,
    wordBonus: found.wordBonus,
  };
}

/** The number of edits between a text and its reference; for `exact`, 1 if they differ, else 0. */
function errorsOf(text: string, reference: string, metric: TuneRescoringReport['metric']): number {
  const [a, b] = [unitsOf(text, metric), unitsOf(reference, metric)];
  if (metric === 'exact') return a.join(' ') === b.join(' ') ? 0 : 1;
  return editDistance(a, b);
}

/** The words of a text; for `cer`, the code points of its words with single spaces between them. */
function unitsOf(text: string, metric: TuneRescoringReport['metric']): string[] {
  const words = text
    .trim()
    .split(/\s+/)
    .filter(word => word !== '');
  return metric === 'cer' ? Array.from(words.join(' ')) : words;
}
