import type { State } from '../model/api.js';
import type { MemoryModel } from '../model/memory-model.js';
import { BOS_WORD, EOS_WORD, UNK_WORD } from '../text/tokens.js';
import type { Hotwords } from './hotwords.js';
import { requireForward } from '../text/word-order.js';

/** The part of a loaded model that decoding needs. */
export type DecodingModel = Pick<MemoryModel, 'start' | 'extend' | 'vocabulary' | 'info'>;

/** The penalty of a beginning with which no known word begins grows with its length above this [code points]. */
const USUAL_LENGTH = 6;

/** log10 p of a word or `</s>` of probability 0, such as an unknown word of a model without `<unk>`, so that scores stay finite. */
const LOG10_OF_ZERO = -100;

/** The words of a model that no text has. */
const MARKS: readonly string[] = [UNK_WORD, BOS_WORD, EOS_WORD];

/** The weights of {@link WordScores}, with the names of pyctcdecode. */
export interface FusionWeights {
  /** Weight of the language model's natural log probability. */
  readonly alpha: number;
  /** Added for each word, natural logarithm. */
  readonly beta: number;
  /** Added to log10 p of a word outside the vocabulary. */
  readonly unknownOffset: number;
}

/** A text as a linked list of words. The root is the empty text. */
export interface WordNode {
  /** Different for each text: 0 for the root. */
  readonly id: number;
  /** The text without its last word; `undefined` for the root. */
  readonly before: WordNode | undefined;
  /** The last word; '' for the root. */
  readonly word: string;
  /** The sum over the words of α · ln p + β, where p of an unknown word includes the offset. */
  readonly languageScore: number;
  /** The sum of the boosts of the words. */
  readonly boost: number;
  /** The state of the language model after the words. */
  readonly state: State | undefined;
}

/**
 * Scores words as a decoder completes them: α · ln 10 · (log10 p(word | words before) + offset, if the word is unknown) + β.
 * Each text is scored once, however many beams have it.
 */
export class WordScores {
  /** The empty text. */
  readonly root: WordNode;
  /** By text, the texts with one more word, by this word. */
  readonly #children = new Map<WordNode, Map<string, WordNode>>();
  readonly #model: DecodingModel | undefined;
  readonly #isLowercase: boolean;
  readonly #weights: FusionWeights;
  readonly #hotwords: Hotwords;
  /** The words of the model, sorted by UTF-16 code units. */
  readonly #known: readonly string[];
  /** Whether p(`</s>`) is part of the score of a whole text. */
  readonly #ends: boolean;
  /** Number of texts so far. */
  #nodes = 1;

  /** @param context `state` is the model's state before the first word; `ends` says whether a whole text ends with `</s>`. */
  constructor(
    model: DecodingModel | undefined,
    weights: FusionWeights,
    hotwords: Hotwords,
    context: { readonly state: State | undefined; readonly ends: boolean },
  ) {
    const { state, ends } = context;
    requireForward('model', model?.info.options.wordOrder, 'decode');
    this.#model = model;
    this.#isLowercase = model?.info.options.lowercase ?? false;
    this.#weights = weights;
    this.#hotwords = hotwords;
    this.#known = model ? sortedVocabulary(model) : [];
    this.#ends = ends;
    this.root = { id: 0, before: undefined, word: '', languageScore: 0, boost: 0, state };
  }

  /** The text with one more word. */
  append(text: WordNode, word: string): WordNode {
    let children = this.#children.get(text);
    if (!children) this.#children.set(text, (children = new Map<string, WordNode>()));
    let child = children.get(word);
    if (!child) {
      const { log10Prob, state } = this.#extend(text.state, word);
      child = {
        id: this.#nodes++,
        before: text,
        word,
        languageScore: text.languageScore + this.#weighted(log10Prob),
        boost: text.boost + this.#hotwords.ofWord(word),
        state,
      };
      children.set(word, child);
    }
    return child;
  }

  /** The score of a text: the scores and boosts of its words. */
  scoreOf(text: WordNode): number {
    return text.languageScore + text.boost;
  }

  /**
   * The score of a whole text, with p(`</s>`).
   *
   * @param isOpen whether the text ends with a space: the empty word after the space is then scored as an unknown word, as in pyctcdecode.
   */
  scoreOfWhole(text: WordNode, isOpen: boolean): number {
    if (!this.#model) return this.scoreOf(text);
    const last = isOpen ? this.#extend(text.state, UNK_WORD) : { log10Prob: 0, state: text.state };
    const end = this.#ends && last.state ? finite(this.#model.extend(last.state, EOS_WORD).log10Prob) : 0;
    const { alpha } = this.#weights;
    const added = isOpen ? this.#weighted(last.log10Prob + end) : alpha * end * Math.LN10;
    return text.languageScore + added + text.boost;
  }

  /**
   * The score of the beginning of a word: the boost if a hotword begins with it, else a penalty if no known word begins with it, else 0.
   *
   * @param length the length of the beginning [code points].
   */
  scoreOfBeginning(beginning: string, length: number): number {
    const boost = this.#hotwords.ofBeginning(beginning, length);
    if (boost !== undefined) return boost;
    if (!this.#model || this.#isKnownBeginning(beginning)) return 0;
    return this.#weights.unknownOffset * Math.max(1, length / USUAL_LENGTH);
  }

  /** The score of a word from its log10 p. */
  #weighted(log10Prob: number): number {
    return this.#model ? this.#weights.alpha * log10Prob * Math.LN10 + this.#weights.beta : 0;
  }

  /** log10 p of a word after a state, with the offset of unknown words, and the state after the word. Marks are unknown words. */
  #extend(state: State | undefined, word: string): { log10Prob: number; state: State | undefined } {
    if (!this.#model || !state) return { log10Prob: 0, state };
    const isMark = MARKS.includes(word);
    const { log10Prob, oov, state: next } = this.#model.extend(state, isMark ? UNK_WORD : word);
    return { log10Prob: finite(log10Prob) + (oov || isMark ? this.#weights.unknownOffset : 0), state: next };
  }

  /** Whether a word of the model begins with a text. */
  #isKnownBeginning(beginning: string): boolean {
    const wanted = this.#isLowercase ? beginning.toLowerCase() : beginning;
    let [low, high] = [0, this.#known.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#known[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return this.#known[low]?.startsWith(wanted) ?? false;
  }
}

/** log10 p, with {@link LOG10_OF_ZERO} for the probability 0. */
function finite(log10Prob: number): number {
  return log10Prob === -Infinity ? LOG10_OF_ZERO : log10Prob;
}

/** By model, the result of {@link sortedVocabulary}. */
const vocabularies = new WeakMap<DecodingModel, readonly string[]>();

/** The words of a model, sorted by UTF-16 code units. The list is kept as long as the model, because sorting a million words takes a second. */
function sortedVocabulary(model: DecodingModel): readonly string[] {
  let words = vocabularies.get(model);
  if (!words) {
    words = [...model.vocabulary()].filter(word => !MARKS.includes(word)).sort(byCodeUnits);
    vocabularies.set(model, words);
  }
  return words;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
