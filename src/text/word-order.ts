/**
 * The order in which a model reads the words of a sentence: forward, or another order, for studies of what order tells a model (Papadopoulos,
 * Wenger & Hongler 2024, Arrows of Time for Large Language Models, arXiv:2401.17505; Kallini et al. 2024, Mission: Impossible Language
 * Models, arXiv:2401.06416). The order of a sentence depends on nothing but its tokens: not on other sentences, threads or time.
 */
import { optionError } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { grown } from '../base/grown.js';
import { hashRandom } from '../base/hash-random.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { canonicalSurface } from './surface.js';
import type { TokenSink } from './tokenizer.js';
import { hashBytes } from './word-list.js';

/**
 * In which order a model reads the tokens of each sentence.
 *
 * - `forward`: as they stand in the text.
 * - `backward`: from the last to the first.
 * - `even-odd`: places 0, 2, 4, …, then places 1, 3, 5, ….
 * - `shuffle-local:W`: each window of W tokens is shuffled, all windows of one length in the same way.
 * - `shuffle-fixed:SEED`: the sentence is shuffled, all sentences of one length in the same way, which depends on the seed.
 * - `shuffle`: the sentence is shuffled in a way that depends on its tokens, so that almost every sentence has another order.
 * - `reverse-control`: a mark, `<reverse>`, stands at a place that depends on the sentence's tokens; nothing is reversed.
 * - `reverse-partial`: the same mark; the tokens behind it are reversed.
 * - `reverse-full`: the same mark; the whole sentence is reversed, the mark included.
 */
export type WordOrderName =
  | 'forward'
  | 'backward'
  | 'even-odd'
  | `shuffle-local:${number}`
  | `shuffle-fixed:${number}`
  | 'shuffle'
  | 'reverse-control'
  | 'reverse-partial'
  | 'reverse-full';

/** The orders that `wordOrders: 'all'` compares: those of the papers. */
export const ALL_WORD_ORDERS: readonly WordOrderName[] = [
  'forward',
  'backward',
  'even-odd',
  'shuffle-local:3',
  'shuffle-local:5',
  'shuffle-local:10',
  'shuffle-fixed:21',
  'shuffle-fixed:57',
  'shuffle-fixed:84',
  'shuffle',
  'reverse-control',
  'reverse-partial',
  'reverse-full',
];

/** The token that the orders `reverse-…` add to each sentence that has tokens. */
export const REVERSE_MARK = '<reverse>';

/** The orders that need no number. */
const PLAIN = ['forward', 'backward', 'even-odd', 'shuffle', 'reverse-control', 'reverse-partial', 'reverse-full'];
/** The largest window, and the largest seed. */
const MOST_WINDOW = 1 << 20;
const MOST_SEED = 2 ** 32 - 1;
/** The seed of `shuffle-local`. */
const LOCAL_SEED = 0;
/** Permutations of at most this length are kept [tokens]. */
const SHORT = 256;
/** The most tokens and bytes of a sentence that is put into another order. */
const MOST_TOKENS = 1 << 26;
const MOST_BYTES = 1 << 30;

const encoder = /* @__PURE__ */ new TextEncoder();

/** The number behind the colon of an order's name; `undefined` if the value is no order with a number. */
function numberOf(value: string): number | undefined {
  const match = /^(shuffle-local|shuffle-fixed):(\d{1,10})$/.exec(value);
  if (!match) return undefined;
  const [, kind, digits] = match;
  const number = Number(digits);
  const [least, most] = kind === 'shuffle-local' ? [2, MOST_WINDOW] : [0, MOST_SEED];
  return number >= least && number <= most && String(number) === digits ? number : undefined;
}

/** Whether a value is the name of an order. */
export function isWordOrder(value: unknown): value is WordOrderName {
  return typeof value === 'string' && (PLAIN.includes(value) || numberOf(value) !== undefined);
}

/** @throws KNESER_OPTION */
export function checkWordOrder(name: string, value: unknown): void {
  if (isWordOrder(value)) return;
  throw optionError(
    name,
    value,
    `${PLAIN.join(', ')}, shuffle-local:W with a window W of 2 to ${MOST_WINDOW} tokens, or shuffle-fixed:SEED`,
  );
}

/** A sentence in the order in which a model reads it. */
export interface Reading {
  /** The tokens in this order, with the mark if the order has one. */
  readonly tokens: string[];
  /** By token, its place among the tokens of the text, the mark included; `undefined` for `forward`. */
  readonly places: Uint32Array | undefined;
}

/** An order other than `forward`. */
export class WordOrder {
  /** Whether a mark is added to each sentence. */
  readonly hasMark: boolean;
  /** The permutations of sentences, or of windows, that depend on nothing but the length, by length. */
  private readonly kept = new Map<number, Uint32Array>();
  private readonly number: number;

  private constructor(
    readonly name: WordOrderName,
    /** Whether the model lower-cases tokens: two tokens that differ only in case are then one. */
    readonly lowercase: boolean,
  ) {
    this.hasMark = name.startsWith('reverse-');
    this.number = numberOf(name) ?? 0;
  }

  /** @param name the order; `undefined` means `forward`. @returns `undefined` for `forward`. */
  static of(name: WordOrderName | undefined, lowercase: boolean): WordOrder | undefined {
    return name === undefined || name === 'forward' ? undefined : new WordOrder(name, lowercase);
  }

  /** Puts the tokens of a sentence into the order. The tokens are lower-cased if the model lower-cases. */
  read(tokens: readonly string[]): Reading {
    let sum = 0;
    if (this.dependsOnTokens) {
      for (const token of tokens) {
        const bytes = encoder.encode(token);
        sum = (sum + spread(hashBytes(bytes, 0, bytes.length))) >>> 0;
      }
    }
    const places = this.places(tokens.length, sum);
    const mark = this.markPlace(tokens.length, sum);
    const text = mark < 0 ? tokens : [...tokens.slice(0, mark), REVERSE_MARK, ...tokens.slice(mark)];
    return { tokens: Array.from(places, place => text[place]), places };
  }

  /**
   * Puts drawn tokens into the order of a text, and removes marks. The place of the mark need not be the one that `read` would choose.
   *
   * @param drawn the tokens of a sentence in the order in which the model reads it.
   */
  undo(drawn: readonly string[]): string[] {
    if (!this.hasMark) {
      const text = [...drawn];
      this.places(drawn.length, 0).forEach((place, i) => (text[place] = drawn[i]));
      return text;
    }
    const first = drawn.indexOf(REVERSE_MARK);
    const text =
      this.name === 'reverse-full'
        ? [...drawn].reverse()
        : this.name === 'reverse-partial' && first >= 0
          ? [...drawn.slice(0, first), ...drawn.slice(first).reverse()]
          : drawn;
    return text.filter(token => token !== REVERSE_MARK);
  }

  /** Whether the order of a sentence depends on more than its length. */
  get dependsOnTokens(): boolean {
    return this.hasMark || this.name === 'shuffle';
  }

  /**
   * By place in the order, the place in the text, of which the mark is a token. The caller must not change the array.
   *
   * @param length tokens of the sentence, without the mark.
   * @param sum the sum of {@link spread} over the hashes of the tokens, modulo 2^32, which does not depend on their order.
   */
  places(length: number, sum: number): Uint32Array {
    switch (this.name) {
      case 'forward':
        return Uint32Array.from({ length }, (_, i) => i);
      case 'backward':
        return Uint32Array.from({ length }, (_, i) => length - 1 - i);
      case 'even-odd': {
        const evens = Math.ceil(length / 2);
        return Uint32Array.from({ length }, (_, i) => (i < evens ? 2 * i : 2 * (i - evens) + 1));
      }
      case 'shuffle':
        return shuffled(length, sum);
      case 'reverse-control':
      case 'reverse-partial':
      case 'reverse-full':
        return this.marked(length, sum);
      default:
        return this.name.startsWith('shuffle-local') ? this.windows(length) : this.fixed(length, this.number);
    }
  }

  /** The place of the mark in the text; −1 if there is none. The parameters are those of {@link places}. */
  markPlace(length: number, sum: number): number {
    return this.hasMark && length > 0 ? Math.floor(hashRandom(sum, length) * (length + 1)) : -1;
  }

  private marked(length: number, sum: number): Uint32Array {
    const mark = this.markPlace(length, sum);
    const places = Uint32Array.from({ length: mark < 0 ? 0 : length + 1 }, (_, i) => i);
    if (this.name === 'reverse-full') places.reverse();
    if (this.name === 'reverse-partial') places.subarray(mark + 1).reverse();
    return places;
  }

  private windows(length: number): Uint32Array {
    const places = new Uint32Array(length);
    for (let from = 0; from < length; from += this.number) {
      const window = this.fixed(Math.min(this.number, length - from), LOCAL_SEED);
      for (let i = 0; i < window.length; i++) places[from + i] = from + window[i];
    }
    return places;
  }

  private fixed(length: number, seed: number): Uint32Array {
    const known = this.kept.get(length);
    if (known) return known;
    // A shuffle that changes nothing would make the order `forward` for this length.
    let places = shuffled(length, seed);
    for (let next = 1; length > 1 && places.every((place, i) => place === i); next++) {
      places = shuffled(length, seed + next * (MOST_SEED + 1));
    }
    if (length <= SHORT) this.kept.set(length, places);
    return places;
  }
}

/** Mixes the bits of a hash, so that sums of hashes differ. */
function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}

/** A random permutation of 0, …, length − 1 (Fisher and Yates). Its random numbers depend on the seed and the length. */
function shuffled(length: number, seed: number): Uint32Array {
  const places = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(hashRandom(seed, length * MOST_TOKENS + i) * (i + 1));
    const place = places[i];
    places[i] = places[j];
    places[j] = place;
  }
  return places;
}

/** A sentence in the order in which a model reads it; `undefined` is the order `forward`. */
export function readingOf(order: WordOrder | undefined, tokens: string[]): Reading {
  return order?.read(tokens) ?? { tokens, places: undefined };
}

/** Values by token, from the order in which a model reads a sentence to the order of the text; values behind the last token stay. */
export function inTextOrder<Values extends Float64Array | Uint32Array | Uint8Array | unknown[]>(
  values: Values,
  places: Uint32Array | undefined,
): Values {
  if (!places) return values;
  const text = values.slice() as Values;
  for (let i = 0; i < places.length; i++) text[places[i]] = values[i];
  return text;
}

/** A sink that puts each sentence into an order before it gives its tokens to another sink. It holds one sentence. */
class OrderedSink implements TokenSink {
  /** The bytes of the sentence's tokens. */
  private readonly text = new PendingBytes();
  private readonly mark = encoder.encode(REVERSE_MARK);
  /** By token, where its bytes begin; the entry behind the last token is where they end. */
  private starts = new Uint32Array(1 << 8);
  private hashes = new Int32Array(1 << 8);
  /** Tokens of the sentence so far. */
  private length = 0;
  /** The parameter `sum` of {@link WordOrder.places}. */
  private sum = 0;

  constructor(
    private readonly order: WordOrder,
    private readonly sink: TokenSink,
    private readonly onSentence: ((places: Uint32Array) => void) | undefined,
  ) {}

  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    const { text } = this;
    const start = text.length;
    const end = start + to - from;
    if (this.length === MOST_TOKENS || end > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `a sentence of more than ${this.length} tokens is too long for the word order ${this.order.name}; split it`,
      );
    }
    if (this.length + 1 === this.starts.length) {
      this.starts = grown(this.starts, 2 * this.starts.length);
      this.hashes = grown(this.hashes, this.starts.length);
    }
    text.reserve(to - from);
    for (let at = from; at < to; at++) text.bytes[start + at - from] = bytes[at];
    text.length = end;
    if (this.order.dependsOnTokens) {
      const surface = canonicalSurface(bytes.subarray(from, to), this.order.lowercase);
      this.sum = (this.sum + spread(surface ? hashBytes(surface.bytes, 0, surface.bytes.length) : hash)) >>> 0;
    }
    this.hashes[this.length++] = hash;
    this.starts[this.length] = end;
  }

  line(): void {
    const { order, sink, starts, hashes, length, sum } = this;
    const { bytes } = this.text;
    const places = order.places(length, sum);
    const mark = order.markPlace(length, sum);
    for (const place of places) {
      if (place === mark) {
        sink.token(this.mark, 0, this.mark.length, hashBytes(this.mark, 0, this.mark.length));
        continue;
      }
      const t = mark >= 0 && place > mark ? place - 1 : place;
      sink.token(bytes, starts[t], starts[t + 1], hashes[t]);
    }
    this.length = this.sum = 0;
    this.text.clear();
    this.onSentence?.(places);
    sink.line();
  }
}

/**
 * A sink that gives each sentence to `sink` in the order in which the model reads it; `sink` itself if that is `forward`.
 *
 * @param onSentence called before the end of each sentence with the places of its tokens in the text.
 */
export function ordered<Sink extends TokenSink>(
  order: WordOrder | undefined,
  sink: Sink,
  onSentence?: (places: Uint32Array) => void,
): Sink | TokenSink {
  return order ? new OrderedSink(order, sink, onSentence) : sink;
}

/**
 * Refuses a model that reads the words of a sentence in another order than that of the text.
 *
 * @param model the model's name, for the message.
 * @param order the name of its order; `undefined` means `forward`.
 * @param verb the work that needs the order of the text, for the message.
 * @throws KNESER_WORD_ORDER
 */
export function requireForward(model: string, order: WordOrderName | undefined, verb: string): void {
  if (order === undefined || order === 'forward') return;
  throw new KneserError(
    'KNESER_WORD_ORDER',
    `${model}: its word order is ${order}, and to ${verb} takes words in the order of the text; use a model of the word order forward`,
  );
}
