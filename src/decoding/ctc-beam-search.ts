/**
 * Decoding: choosing between texts that another model proposes. `ctc-beam-search.ts` finds the words in the label probabilities of a
 * speech or handwriting recognizer trained by CTC (Graves et al. 2006), with a language model that scores words as they complete
 * (shallow fusion). `ctc-labels.ts` reads the recognizer's alphabet, `hotwords.ts` boosts words, `word-scores.ts` asks the model.
 */
import {
  checkFlag,
  checkOptions,
  checkText,
  listOf,
  optionError,
  required,
  wholeNumber,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { State } from '../model/api.js';
import { ctcAlphabet, ctcPiece, type CtcPiece } from './ctc-labels.js';
import { Hotwords } from './hotwords.js';
import { WordScores, type DecodingModel, type WordNode } from './word-scores.js';

/** The matrix of a recognizer: a row for each frame of time, a column for each label; or all rows one after another in one array. */
export type CtcLogits = readonly ArrayLike<number>[] | Float32Array | Float64Array;

/** How {@link ctcBeamSearch} decodes. The defaults are those of pyctcdecode 0.5.0. */
export interface CtcOptions {
  /** The labels of the recognizer, one for each column of the matrix: characters with `|` or ' ' between words, or pieces of words. */
  readonly labels: readonly string[];
  /** A loaded model of words. Default: no language model. */
  readonly model?: DecodingModel;
  /** Weight of the language model: its natural log probabilities are multiplied by it. Default 0.5. */
  readonly alpha?: number;
  /** Added for each word (natural logarithm). Default 1.5. */
  readonly beta?: number;
  /** Added to log10 p of a word that is not in the vocabulary, and to the score of a beginning that no known word has. Default −10. */
  readonly unknownOffset?: number;
  /** The most beams that are kept after a frame. Default 100. */
  readonly beamWidth?: number;
  /** Beams whose score is further than this below the best one's are dropped (natural logarithm). Default −10. */
  readonly beamThreshold?: number;
  /** Labels of a frame whose natural log probability is below this are not tried, except the most probable one. Default −5. */
  readonly labelThreshold?: number;
  /** Words, or phrases, of which each word is boosted; they need not be in the vocabulary. */
  readonly hotwords?: readonly string[];
  /** Boost of a hotword (natural logarithm). Default 10. */
  readonly hotwordWeight?: number;
  /**
   * Whether only the best of the beams stays whose words the language model cannot tell apart any more (equal {@link State}.key) and
   * which have the same beginning of a word. It makes room for more different beams. Default false.
   */
  readonly recombine?: boolean;
  /** Whether the text begins a sentence, after `<s>`. Default true. Not used with `state`. */
  readonly start?: boolean;
  /** Whether the text ends a sentence, with p(`</s>`). Default true. */
  readonly end?: boolean;
  /** The state of the language model before the first word, such as {@link CtcBeam}.state of the speech before. */
  readonly state?: State | undefined;
}

/** A decoded word, and when it was said. */
export interface CtcWord {
  /** The word, without spaces. */
  readonly word: string;
  /** Its first frame, from 0. */
  readonly start: number;
  /** The frame after its last one. */
  readonly end: number;
}

/** A decoded text. */
export interface CtcBeam {
  /** Its words, separated by single spaces. */
  readonly text: string;
  /** Its words, each with its first frame and the frame after its last one. */
  readonly words: readonly CtcWord[];
  /** ln of the summed probability of the label sequences that stand for the text and were kept. */
  readonly logitScore: number;
  /** `logitScore` with the language model's score and the boosts: beams are in descending order of it. */
  readonly score: number;
  /** The state of the language model after the last word; `undefined` without a model. */
  readonly state: State | undefined;
}

const checkNumber = (name: string, value: unknown): void => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw optionError(name, value, 'a finite number');
};

const checkModel = (name: string, value: unknown): void => {
  const model = value as Partial<DecodingModel> | null;
  if (typeof model?.extend !== 'function' || typeof model.vocabulary !== 'function') {
    throw optionError(name, value, 'a loaded model; pass await model.load()');
  }
  const { tokenizer } = (model as DecodingModel).info.options.tokenization;
  if (tokenizer !== 'whitespace' && tokenizer !== 'words') {
    throw optionError(name, tokenizer, 'a tokenizer of words; train the model on words separated by white space');
  }
};

const CTC_OPTIONS: OptionTable<CtcOptions> = {
  labels: required(listOf(checkText)),
  model: checkModel,
  alpha: checkNumber,
  beta: checkNumber,
  unknownOffset: checkNumber,
  beamWidth: wholeNumber(1, 1_000_000),
  beamThreshold: checkNumber,
  labelThreshold: checkNumber,
  hotwords: listOf(checkText),
  hotwordWeight: checkNumber,
  recombine: checkFlag,
  start: checkFlag,
  end: checkFlag,
  state: () => undefined,
};

/** The least probability of a label: smaller ones count as this. */
const LEAST_PROBABILITY = 1e-15;

/** A list of frames, the latest first; beams share their beginnings. */
interface Times {
  readonly before: Times | undefined;
  readonly start: number;
  readonly end: number;
}

/** The characters of the word that a beam is in. */
interface WordPart {
  readonly id: number;
  readonly text: string;
  /** Characters (code points). */
  readonly length: number;
  /** As {@link WordScores.scoreOfBeginning}; 0 for the empty part. */
  readonly score: number;
}

/** Complete words and the part of the next one. There is one object for each such pair. */
interface Prefix {
  readonly text: WordNode;
  readonly part: WordPart;
  /** The language model's score and the boosts of both. */
  readonly score: number;
  /** By label: the prefix with the label added; holes where it was not asked for yet. */
  readonly longer: Prefix[];
  /** The step (frame and label) that reached the prefix last, and the place of the candidate that it made then. */
  step: number;
  place: number;
}

/** A hypothesis: a prefix, and the last label. */
interface Beam {
  readonly prefix: Prefix;
  /** The last label's column; −1 before the first frame. */
  readonly label: number;
  /** ln of the summed probability of its label sequences. */
  readonly logit: number;
  /** Frames of the complete words. */
  readonly times: Times | undefined;
  /** First frame of the part, and the frame after its last character; −1 if there is none. */
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the most probable texts in the label probabilities of a recognizer trained by CTC: a beam search over prefixes
 * (Hannun et al. 2014) in which a word's language model score is added when the word is complete, and the beginning of a word is penalised
 * where no known word begins so. Texts, frames and scores are those of pyctcdecode 0.5.0 with KenLM.
 *
 * @param logits the recognizer's output: logits, log probabilities, or probabilities (all in [0, 1], each row with the sum 1). Time takes rows.
 * @returns the beams, best first; at most `beamWidth`.
 * @throws KNESER_OPTION for options that do not fit, a matrix of another width than the labels, or a value that is NaN or +∞.
 * @example
 * ```ts
 * import { ctcBeamSearch, LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const labels = ['', ' ', 't', 'h', 'e'];
 * const frames = [2, 2, 3, 0, 4, 4].map(label => labels.map((_, i) => (i === label ? 0 : -8))); // t t h blank e e
 * const [best] = ctcBeamSearch(frames, { labels, model: await model.load(), beamWidth: 10 });
 * console.log(best.text, best.words); // the [{ word: 'the', start: 0, end: 6 }]
 * await model.close();
 * ```
 */
export function ctcBeamSearch(logits: CtcLogits, options: CtcOptions): CtcBeam[] {
  checkOptions('ctcBeamSearch', options, CTC_OPTIONS);
  const { labels, arePieces } = ctcAlphabet(options.labels);
  const rows = logProbabilities(logits, labels.length);
  const { model, beamWidth = 100, beamThreshold = -10, labelThreshold = -5, recombine = false } = options;
  const { alpha = 0.5, beta = 1.5, unknownOffset = -10, hotwords = [], hotwordWeight = 10 } = options;
  const words = new WordScores(model, { alpha, beta, unknownOffset }, new Hotwords(hotwords, hotwordWeight), {
    state: options.state ?? model?.start({ start: options.start ?? true }),
    ends: options.end ?? true,
  });
  const search = new Search(words, labels, arePieces);
  let beams = [search.beginning()];
  for (const [frame, row] of rows.entries()) {
    beams = search.extend(beams, row, frame, { beamWidth, beamThreshold, labelThreshold });
    if (recombine) beams = recombined(beams);
  }
  return search.finish(beams, beamWidth, beamThreshold);
}

type Limits = Required<Pick<CtcOptions, 'beamWidth' | 'beamThreshold' | 'labelThreshold'>>;

/** One decoding: the prefixes that it met, and the steps of the search. */
class Search {
  readonly #words: WordScores;
  readonly #labels: readonly string[];
  readonly #pieces: readonly CtcPiece[];
  readonly #arePieces: boolean;
  readonly #parts = new Map<string, WordPart>();
  readonly #prefixes = new Map<number, Prefix>();
  /** Whether the next piece begins a word though it is not marked. */
  #mustBegin = false;
  #step = 0;
  /** The candidates of a frame, in the order in which they were found: prefix, label, log probability, and the beam before. */
  #prefixOf: Prefix[] = [];
  #labelOf: number[] = [];
  #logitOf: number[] = [];
  #beamOf: Beam[] = [];
  /** Whether the label begins a word. */
  #beginsOf: boolean[] = [];

  constructor(words: WordScores, labels: readonly string[], arePieces: boolean) {
    this.#words = words;
    this.#labels = labels;
    this.#arePieces = arePieces;
    this.#pieces = labels.map(ctcPiece);
    this.#parts.set('', { id: 0, text: '', length: 0, score: 0 });
  }

  beginning(): Beam {
    const prefix = this.#prefix(this.#words.root, this.#part(''));
    return { prefix, label: -1, logit: 0, times: undefined, start: -1, end: -1 };
  }

  /**
   * The best beams after one more frame, best first. Beams of the same prefix and label become one, whose probability is their
   * sum; its frames are those of the last of them, as in pyctcdecode.
   */
  extend(beams: readonly Beam[], row: Float64Array, frame: number, limits: Limits): Beam[] {
    this.#prefixOf = [];
    this.#labelOf = [];
    this.#logitOf = [];
    this.#beamOf = [];
    this.#beginsOf = [];
    const most = indexOfMost(row);
    for (let label = 0; label < row.length; label++) {
      if (row[label] >= limits.labelThreshold || label === most) this.#add(beams, label, row[label]);
    }
    const scores = this.#logitOf.map((logit, i) => logit + this.#prefixOf[i].score);
    return bestPlaces(scores, limits.beamWidth, limits.beamThreshold).map(place => this.#beamAt(place, frame));
  }

  /** Adds the candidates of a label. */
  #add(beams: readonly Beam[], label: number, logProbability: number): void {
    const step = ++this.#step;
    const isBlank = this.#labels[label] === '';
    for (const beam of beams) {
      const begins = this.#arePieces && (this.#pieces[label].beginsWord || this.#mustBegin);
      const prefix = isBlank || beam.label === label ? beam.prefix : this.#longer(beam.prefix, label);
      const logit = beam.logit + logProbability;
      if (prefix.step === step) {
        this.#logitOf[prefix.place] = logOfSum(this.#logitOf[prefix.place], logit);
        this.#beamOf[prefix.place] = beam;
        this.#beginsOf[prefix.place] = begins;
        continue;
      }
      prefix.step = step;
      prefix.place = this.#prefixOf.push(prefix) - 1;
      this.#labelOf.push(label);
      this.#logitOf.push(logit);
      this.#beamOf.push(beam);
      this.#beginsOf.push(begins);
    }
  }

  #beamAt(place: number, frame: number): Beam {
    const [prefix, label, logit, before] = [
      this.#prefixOf[place],
      this.#labelOf[place],
      this.#logitOf[place],
      this.#beamOf[place],
    ];
    const { times, start, end } = before;
    if (this.#labels[label] === '') return { prefix, label, logit, times, start, end };
    if (before.label === label) return { prefix, label, logit, times, start, end: frame + 1 };
    const isSpace = !this.#arePieces && this.#labels[label] === ' ';
    const begins = this.#beginsOf[place];
    const all = isSpace || begins ? completed(before) : times;
    if (isSpace) return { prefix, label, logit, times: all, start: -1, end: -1 };
    const first = begins || start < 0 ? frame : start;
    return { prefix, label, logit, times: all, start: first, end: frame + 1 };
  }

  /** A prefix with a label added. */
  #longer(prefix: Prefix, label: number): Prefix {
    if (this.#arePieces && (this.#mustBegin || this.#pieces[label].endsWord)) return this.#withPiece(prefix, label);
    const { longer } = prefix;
    if (label in longer) return longer[label];
    const { text, part } = prefix;
    const isSpace = !this.#arePieces && this.#labels[label] === ' ';
    return (longer[label] = this.#arePieces
      ? this.#withPiece(prefix, label)
      : isSpace
        ? this.#prefix(this.#withPart(prefix), this.#part(''))
        : this.#prefix(text, this.#part(part.text + this.#labels[label])));
  }

  #withPiece(prefix: Prefix, label: number): Prefix {
    const { text, beginsWord, endsWord } = this.#pieces[label];
    if (!beginsWord && !this.#mustBegin)
      return this.#prefix(prefix.text, this.#part(prefix.part.text + this.#labels[label]));
    this.#mustBegin = endsWord;
    return this.#prefix(this.#withPart(prefix), this.#part(text));
  }

  /** The words of a prefix whose part is complete. */
  #withPart({ text, part }: Prefix): WordNode {
    return part.text === '' ? text : this.#words.append(text, part.text);
  }

  #prefix(text: WordNode, part: WordPart): Prefix {
    const key = text.id * 2 ** 24 + part.id;
    let prefix = this.#prefixes.get(key);
    if (!prefix) {
      const score = this.#words.scoreOf(text) + part.score;
      prefix = { text, part, score, longer: [], step: 0, place: 0 };
      this.#prefixes.set(key, prefix);
    }
    return prefix;
  }

  #part(text: string): WordPart {
    let part = this.#parts.get(text);
    if (!part) {
      const { length } = Array.from(text);
      part = { id: this.#parts.size, text, length, score: this.#words.scoreOfBeginning(text, length) };
      this.#parts.set(text, part);
    }
    return part;
  }

  /** The beams as whole texts, each text once. */
  finish(beams: readonly Beam[], beamWidth: number, beamThreshold: number): CtcBeam[] {
    const whole = new Map<WordNode, { readonly logit: number; readonly beam: Beam }>();
    for (const beam of beams) {
      const text = this.#withPart(beam.prefix);
      const same = whole.get(text);
      whole.set(text, { logit: same ? logOfSum(same.logit, beam.logit) : beam.logit, beam });
    }
    const texts = [...whole];
    const scores = texts.map(
      ([text, { logit, beam }]) => logit + this.#words.scoreOfWhole(text, beam.prefix.part.text === ''),
    );
    return bestPlaces(scores, beamWidth, beamThreshold).map(place => {
      const [node, { logit, beam }] = texts[place];
      const words = wordsOf(node, completed(beam));
      const text = words.map(({ word }) => word).join(' ');
      return { text, words, logitScore: logit, score: scores[place], state: node.state };
    });
  }
}

/** The frames of the words of a beam whose part is complete. */
function completed({ prefix, times, start, end }: Beam): Times | undefined {
  return prefix.part.text === '' ? times : { before: times, start, end };
}

/** The place of the highest value, the first one if several are as high. */
function indexOfMost(values: Float64Array): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[most]) most = i;
  return most;
}

/** The places of the highest scores in descending order, of those not further than `threshold` (negative) below the highest. Equal scores stay in their order. */
function bestPlaces(scores: readonly number[], most: number, threshold: number): number[] {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  const places: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] >= highest + threshold) places.push(i);
  return places.sort((a, b) => scores[b] - scores[a]).slice(0, most);
}

/** Of beams, best first, those that no better beam equals in state, part and last label. */
function recombined(beams: readonly Beam[]): Beam[] {
  const seen = new Set<string>();
  return beams.filter(({ prefix, label }) => {
    const key = `${prefix.part.id} ${label} ${prefix.text.state?.key ?? ''}`;
    return !seen.has(key) && seen.add(key);
  });
}

function wordsOf(text: WordNode, times: Times | undefined): CtcBeam['words'] {
  const words: CtcWord[] = [];
  for (let node: WordNode | undefined = text; node.before && times; node = node.before, times = times.before) {
    words.push({ word: node.word, start: times.start, end: times.end });
  }
  return words.reverse();
}

/** ln(eᵃ + eᵇ). */
function logOfSum(a: number, b: number): number {
  return a >= b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** Rows of natural log probabilities, at least ln {@link LEAST_PROBABILITY}. */
function logProbabilities(logits: CtcLogits, columns: number): Float64Array[] {
  const rows = rowsOf(logits, columns);
  const least = Math.log(LEAST_PROBABILITY);
  const areProbabilities = rows.every(row => {
    const sum = row.reduce((total, value) => total + value, 0);
    return Math.abs(sum - 1) < 1e-3 && row.every(value => value >= 0 && value <= 1);
  });
  return rows.map(row => {
    if (areProbabilities) return row.map(p => Math.log(Math.min(1, Math.max(LEAST_PROBABILITY, p))));
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const logSum = Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
    return row.map(value => Math.min(0, Math.max(least, value - most - logSum)));
  });
}

/** @throws KNESER_OPTION */
function rowsOf(logits: CtcLogits, columns: number): Float64Array[] {
  let rows: Float64Array[];
  if (logits instanceof Float32Array || logits instanceof Float64Array) {
    if (logits.length % columns !== 0) {
      throw new KneserError(
        'KNESER_OPTION',
        `logits: ${logits.length} numbers are no whole number of rows of ${columns} labels${BLANK_HINT}`,
      );
    }
    const flat = logits;
    rows = Array.from({ length: flat.length / columns }, (_, i) =>
      Float64Array.from(flat.subarray(i * columns, (i + 1) * columns)),
    );
  } else if (Array.isArray(logits)) {
    rows = (logits as readonly ArrayLike<number>[]).map(row => Float64Array.from(Object(row) as ArrayLike<number>));
  } else {
    throw optionError('logits', logits, 'a list of rows, a Float32Array or a Float64Array');
  }
  for (const [frame, row] of rows.entries()) {
    if (row.length !== columns) {
      throw new KneserError(
        'KNESER_OPTION',
        `logits: row ${frame} has ${row.length} numbers for ${columns} labels${BLANK_HINT}`,
      );
    }
    const wrong = row.findIndex(value => Number.isNaN(value) || value === Infinity);
    if (wrong >= 0 || row.every(value => value === -Infinity)) {
      const value = wrong >= 0 ? `label ${wrong} is ${row[wrong]}` : 'all labels are -Infinity';
      throw new KneserError(
        'KNESER_OPTION',
        `logits: in row ${frame} ${value}; a row needs numbers, of which one is finite`,
      );
    }
  }
  return rows;
}

const BLANK_HINT = ' (the blank included: without one among the labels it is a further label after them)';
