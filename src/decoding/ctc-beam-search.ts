/**
 * src/decoding chooses between texts that another model proposes. `ctc-beam-search.ts` finds the most probable texts in the label
 * probabilities of a speech or handwriting recognizer trained by CTC (Graves et al. 2006), with a language model that scores each word
 * when it is complete (shallow fusion). `ctc-labels.ts` reads the recognizer's alphabet, `hotwords.ts` boosts words, and
 * `word-scores.ts` asks the language model. `rescore.ts` orders the candidates of n-best lists, which `nbest.ts` reads.
 */
import {
  checkFinite,
  checkFlag,
  checkOptions,
  checkText,
  listOf,
  optionError,
  refuseWithout,
  required,
  shown,
  wholeNumber,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { State } from '../model/api.js';
import { checkState } from '../model/state.js';
import { ctcAlphabet, ctcPiece, type CtcPiece } from './ctc-labels.js';
import { Hotwords } from './hotwords.js';
import { WordScores, type DecodingModel, type WordNode } from './word-scores.js';

/** The output of a recognizer: one row for each frame of time, with one number for each label; or all rows one after another in one array. */
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
  /** Added to log10 p of a word outside the vocabulary, and to the score of a beginning with which no known word begins. Default −10. */
  readonly unknownOffset?: number;
  /** The most beams that are kept after a frame. Default 100. */
  readonly beamWidth?: number;
  /** Beams are dropped if their score minus the best score is below this, which is at most 0 (natural logarithm). Default −10. */
  readonly beamThreshold?: number;
  /** Labels of a frame whose natural log probability is below this are not tried, except the most probable label. Default −5. */
  readonly labelThreshold?: number;
  /** Words to boost, or phrases, each word of which is boosted; they need not be in the vocabulary. */
  readonly hotwords?: readonly string[];
  /** Boost of a hotword (natural logarithm). Default 10. */
  readonly hotwordWeight?: number;
  /**
   * Whether only the best stays of all beams that end with the same label and the same beginning of a word, and that have equal language
   * model states ({@link State}.key). This makes room for more different beams. Default false.
   */
  readonly recombine?: boolean;
  /** Whether the text begins a sentence, after `<s>`. Default true. Not used with `state`. */
  readonly start?: boolean;
  /** Whether the text ends a sentence, with p(`</s>`). Default true. */
  readonly end?: boolean;
  /** The state of the language model before the first word, such as {@link CtcBeam}.state of the speech that precedes. */
  readonly state?: State | undefined;
}

/** A decoded word, and when it was said. */
export interface CtcWord {
  /** The word, without spaces. */
  readonly word: string;
  /** Its first frame, from 0. */
  readonly start: number;
  /** The frame after its last frame. */
  readonly end: number;
}

/** A decoded text. */
export interface CtcBeam {
  /** Its words, separated by single spaces. */
  readonly text: string;
  /** Its words, each with its first frame and the frame after its last frame. */
  readonly words: readonly CtcWord[];
  /** ln of the total probability of those label sequences for the text that the search kept. */
  readonly logitScore: number;
  /** `logitScore` plus the language model's score and the boosts. Beams are sorted by it, highest first. */
  readonly score: number;
  /** The state of the language model after the last word; `undefined` without a model. */
  readonly state: State | undefined;
}

const checkThreshold = (name: string, value: unknown): void => {
  checkFinite(name, value);
  if ((value as number) > 0) throw optionError(name, value, 'a number of at most 0');
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
  alpha: checkFinite,
  beta: checkFinite,
  unknownOffset: checkFinite,
  beamWidth: wholeNumber(1, 1_000_000),
  beamThreshold: checkThreshold,
  labelThreshold: checkFinite,
  hotwords: listOf(checkText),
  hotwordWeight: checkFinite,
  recombine: checkFlag,
  start: checkFlag,
  end: checkFlag,
  state: (name, value, options) => checkState(name, value, (options as CtcOptions).model?.info.identity),
};

/** The options that have an effect only with a model. */
const OF_MODEL = ['alpha', 'beta', 'unknownOffset', 'start', 'end', 'state'] as const;

/** The least probability of a label: a smaller probability counts as this. */
const LEAST_PROBABILITY = 1e-15;

/** The frames of the words of a text, as a linked list that ends with the last word, so that beams share the beginnings of their lists. */
interface Times {
  /** The frames of the words before this word. */
  readonly before: Times | undefined;
  /** The word's first frame. */
  readonly start: number;
  /** The frame after the word's last frame. */
  readonly end: number;
}

/** The beginning of a word that is not complete yet. */
interface WordPart {
  /** Different for each text. */
  readonly id: number;
  readonly text: string;
  /** Length of `text` [code points]. */
  readonly length: number;
  /** The result of {@link WordScores.scoreOfBeginning}; 0 for the empty part. */
  readonly score: number;
}

/** The complete words of a text, and the part of its next word. There is one object for each such pair. */
interface Prefix {
  readonly text: WordNode;
  readonly part: WordPart;
  /** The scores and boosts of the complete words and of the part. */
  readonly score: number;
  /** By label, the prefix with the label added; a hole if it was not made yet. */
  readonly longer: Prefix[];
  /** The number of the last step (a frame and a label) that reached the prefix. */
  step: number;
  /** The index of the candidate that this step made of the prefix. */
  candidate: number;
}

/** A hypothesis: a prefix, and the last label. */
interface Beam {
  readonly prefix: Prefix;
  /** The first column of the last label; −1 before the first frame. */
  readonly label: number;
  /** ln of the total probability of its label sequences. */
  readonly logit: number;
  /** The frames of the complete words. */
  readonly times: Times | undefined;
  /** The first frame of the part; −1 if the part is empty. */
  readonly start: number;
  /** The frame after the part's last character; −1 if the part is empty. */
  readonly end: number;
}

/**
 * Finds the most probable texts in the label probabilities of a recognizer trained by CTC: a beam search over prefixes
 * (Hannun et al. 2014) in which the language model's score of a word is added when the word is complete, and the beginning of a word is
 * penalised if no known word begins with it. Texts, frames and scores are those of pyctcdecode 0.5.0 with KenLM, but for the cases that
 * `docs/decoding.md` lists.
 *
 * @param logits the recognizer's output, one row for each frame of time: logits, log probabilities, or probabilities (numbers from 0 to 1,
 *   each row with the sum 1).
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
  if (!options.model) refuseWithout(options, OF_MODEL, 'model');
  if (!options.hotwords) refuseWithout(options, ['hotwordWeight'], 'hotwords');
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

/** One decoding: all prefixes so far, and the candidates of the current frame. A candidate is a prefix with a last label. */
class Search {
  readonly #words: WordScores;
  readonly #labels: readonly string[];
  /** By label, the label as a piece of a word. */
  readonly #pieces: readonly CtcPiece[];
  readonly #arePieces: boolean;
  /** {@link columnsOf} the labels. The first column of a label stands for it. */
  readonly #columns: readonly (readonly number[])[];
  /** The parts of words by their text. */
  readonly #parts = new Map<string, WordPart>();
  /** The prefixes by the ids of their text and part. */
  readonly #prefixes = new Map<number, Prefix>();
  /** Whether the next piece begins a word even if it is not marked. */
  #mustBegin = false;
  /** The number of the last step. */
  #step = 0;
  // The candidates of a frame, in the sequence in which they were found.
  /** By candidate, its prefix. */
  #prefixOf: Prefix[] = [];
  /** By candidate, the first column of its last label. */
  #labelOf: number[] = [];
  /** By candidate, ln of the total probability of its label sequences. */
  #logitOf: number[] = [];
  /** By candidate, the last beam to which its label was added. */
  #beamOf: Beam[] = [];
  /** By candidate, whether its label begins a word. */
  #beginsOf: boolean[] = [];

  constructor(words: WordScores, labels: readonly string[], arePieces: boolean) {
    this.#words = words;
    this.#labels = labels;
    this.#arePieces = arePieces;
    this.#pieces = labels.map(ctcPiece);
    this.#columns = columnsOf(labels);
    this.#parts.set('', { id: 0, text: '', length: 0, score: 0 });
  }

  /** The empty beam before the first frame. */
  beginning(): Beam {
    const prefix = this.#prefix(this.#words.root, this.#part(''));
    return { prefix, label: -1, logit: 0, times: undefined, start: -1, end: -1 };
  }

  /**
   * The best beams after one more frame, best first. Beams with the same prefix and label become one beam. Its probability is the sum of
   * their probabilities; its frames are the frames of the last of them, as in pyctcdecode.
   */
  extend(beams: readonly Beam[], row: Float64Array, frame: number, limits: Limits): Beam[] {
    this.#prefixOf = [];
    this.#labelOf = [];
    this.#logitOf = [];
    this.#beamOf = [];
    this.#beginsOf = [];
    const most = indexOfMost(row);
    for (const columns of this.#columns) {
      this.#step++;
      for (const column of columns) {
        if (row[column] >= limits.labelThreshold || column === most) this.#add(beams, columns[0], row[column]);
      }
    }
    const scores = this.#logitOf.map((logit, i) => logit + this.#prefixOf[i].score);
    return bestOf(scores, limits.beamWidth, limits.beamThreshold).map(candidate => this.#beamAt(candidate, frame));
  }

  /** Adds the candidates that a label makes of the beams. @param logProbability that of one of its columns. */
  #add(beams: readonly Beam[], label: number, logProbability: number): void {
    const step = this.#step;
    const isBlank = this.#labels[label] === '';
    for (const beam of beams) {
      const begins = this.#arePieces && (this.#pieces[label].beginsWord || this.#mustBegin);
      const prefix = isBlank || beam.label === label ? beam.prefix : this.#longer(beam.prefix, label);
      const logit = beam.logit + logProbability;
      if (prefix.step === step) {
        this.#logitOf[prefix.candidate] = logOfSum(this.#logitOf[prefix.candidate], logit);
        this.#beamOf[prefix.candidate] = beam;
        this.#beginsOf[prefix.candidate] = begins;
        continue;
      }
      prefix.step = step;
      prefix.candidate = this.#prefixOf.push(prefix) - 1;
      this.#labelOf.push(label);
      this.#logitOf.push(logit);
      this.#beamOf.push(beam);
      this.#beginsOf.push(begins);
    }
  }

  /** Makes a beam of a candidate. */
  #beamAt(candidate: number, frame: number): Beam {
    const [prefix, label, logit, before] = [
      this.#prefixOf[candidate],
      this.#labelOf[candidate],
      this.#logitOf[candidate],
      this.#beamOf[candidate],
    ];
    const { times, start, end } = before;
    if (this.#labels[label] === '') return { prefix, label, logit, times, start, end };
    if (before.label === label) return { prefix, label, logit, times, start, end: frame + 1 };
    const isSpace = !this.#arePieces && this.#labels[label] === ' ';
    const begins = this.#beginsOf[candidate];
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

  /** A prefix with a piece of a word added. */
  #withPiece(prefix: Prefix, label: number): Prefix {
    const { text, beginsWord, endsWord } = this.#pieces[label];
    if (!beginsWord && !this.#mustBegin)
      return this.#prefix(prefix.text, this.#part(prefix.part.text + this.#labels[label]));
    this.#mustBegin = endsWord;
    return this.#prefix(this.#withPart(prefix), this.#part(text));
  }

  /** The words of a prefix, with its part as the last word. */
  #withPart({ text, part }: Prefix): WordNode {
    return part.text === '' ? text : this.#words.append(text, part.text);
  }

  /** The object of a pair of words and part. */
  #prefix(text: WordNode, part: WordPart): Prefix {
    const key = text.id * 2 ** 24 + part.id;
    let prefix = this.#prefixes.get(key);
    if (!prefix) {
      const score = this.#words.scoreOf(text) + part.score;
      prefix = { text, part, score, longer: [], step: 0, candidate: 0 };
      this.#prefixes.set(key, prefix);
    }
    return prefix;
  }

  /** The object of the beginning of a word. */
  #part(text: string): WordPart {
    let part = this.#parts.get(text);
    if (!part) {
      const { length } = Array.from(text);
      part = { id: this.#parts.size, text, length, score: this.#words.scoreOfBeginning(text, length) };
      this.#parts.set(text, part);
    }
    return part;
  }

  /** Ends the decoding: makes the beams into whole texts, best first, each text once. */
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
    return bestOf(scores, beamWidth, beamThreshold).map(index => {
      const [node, { logit, beam }] = texts[index];
      const words = wordsOf(node, completed(beam));
      const text = words.map(({ word }) => word).join(' ');
      return { text, words, logitScore: logit, score: scores[index], state: node.state };
    });
  }
}

/** The frames of the words of a beam, with its part as the last word. */
function completed({ prefix, times, start, end }: Beam): Times | undefined {
  return prefix.part.text === '' ? times : { before: times, start, end };
}

/** The columns of each label: several may be the blank, or unknown characters. */
function columnsOf(labels: readonly string[]): number[][] {
  const columns = new Map<string, number[]>();
  labels.forEach((label, column) => columns.set(label, [...(columns.get(label) ?? []), column]));
  return [...columns.values()];
}

/** The index of the highest value; of equal values, the first index. */
function indexOfMost(values: Float64Array): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[most]) most = i;
  return most;
}

/**
 * The indices of the `most` highest scores, by falling score, equal scores in their sequence.
 *
 * @param threshold scores below the highest score + `threshold`, which is negative, are left out.
 */
function bestOf(scores: readonly number[], most: number, threshold: number): number[] {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  const indices: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] >= highest + threshold) indices.push(i);
  return indices.sort((a, b) => scores[b] - scores[a]).slice(0, most);
}

/** Leaves out each beam that has the same language model state, part and last label as a better beam. @param beams best first. */
function recombined(beams: readonly Beam[]): Beam[] {
  const seen = new Set<string>();
  return beams.filter(({ prefix, label }) => {
    const key = `${prefix.part.id} ${label} ${prefix.text.state?.key ?? ''}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The words of a text with their frames. */
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

/** Turns the recognizer's output into rows of natural log probabilities, each at least ln {@link LEAST_PROBABILITY}. */
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

/** Checks the recognizer's output and copies it into one array for each frame. @throws KNESER_OPTION */
function rowsOf(logits: CtcLogits, columns: number): Float64Array[] {
  let rows: Float64Array[];
  if (logits instanceof Float32Array || logits instanceof Float64Array) {
    if (logits.length % columns !== 0) {
      throw new KneserError(
        'KNESER_OPTION',
        `logits: ${logits.length} numbers do not make whole rows of ${columns} labels${BLANK_HINT}`,
      );
    }
    const flat = logits;
    rows = Array.from({ length: flat.length / columns }, (_, i) =>
      Float64Array.from(flat.subarray(i * columns, (i + 1) * columns)),
    );
  } else if (Array.isArray(logits)) {
    rows = (logits as readonly ArrayLike<number>[]).map(rowOf);
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
      throw rowError(frame, wrong >= 0 ? `label ${wrong} is ${row[wrong]}` : 'all labels are -Infinity');
    }
  }
  return rows;
}

/** Copies a row. A cell that is no number is refused, because the copy would read `null` as 0. @throws KNESER_OPTION */
function rowOf(row: ArrayLike<number>, frame: number): Float64Array {
  if (row instanceof Float32Array || row instanceof Float64Array) return Float64Array.from(row);
  return Float64Array.from(Object(row) as ArrayLike<number>, (cell: unknown, label) => {
    if (typeof cell === 'number') return cell;
    throw rowError(frame, `label ${label} is ${shown(cell)}`);
  });
}

/** The error for a row with a value that it must not have. @param fault the label and its value. */
function rowError(frame: number, fault: string): KneserError {
  return new KneserError(
    'KNESER_OPTION',
    `logits: in row ${frame} ${fault}; give a number for each label, at least one of them finite`,
  );
}

/** The end of messages about a matrix of the wrong width. */
const BLANK_HINT = ' (the blank included, which comes after all labels if it is not among them)';
