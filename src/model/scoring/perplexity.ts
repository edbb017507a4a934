import { optionError } from '../../base/check.js';
import { exp10 } from '../../base/elementary.js';

/** The perplexity of a text, and the sums from which it is computed. */
export interface Perplexity {
  /** Sentences of the text. */
  readonly sentences: number;
  /** Tokens of the text, `</s>` counted. */
  readonly tokens: number;
  /** Tokens outside the model's vocabulary. */
  readonly oov: number;
  /** Σ log10 p over all tokens. */
  readonly log10Prob: number | null;
  /**
   * 10^(−log10Prob / tokens). `null`, like every undefined figure, for a text without tokens, or with a token of probability 0 (an
   * OOV in a back-off model without `<unk>`).
   */
  readonly perplexity: number | null;
  /** The perplexity of the tokens in the vocabulary alone. */
  readonly perplexityExcludingOov: number | null;
  /** −log2 p for each token, on average. */
  readonly bitsPerToken: number | null;
  /**
   * −log2 p for each code point of the text, line ends included. p of an OOV is that of `<unk>` times that of its spelling, so that
   * models with different vocabularies can be compared.
   */
  readonly bitsPerCharacter: number | null;
  /** −log2 p for each byte of the text's UTF-8, line ends included, with OOVs as in `bitsPerCharacter`. */
  readonly bitsPerByte: number | null;
}

/** log2 10: turns log10 into log2. */
const LOG2_10 = 3.321928094887362;

/**
 * How many words a piece of a text has. The sum of a text is always added up from the sums of its pieces, in the order of the text, so
 * that the figures are the same to the last bit for any number of threads.
 */
export const PIECE_WORDS = 1 << 15;

/** The sums over the tokens of a text from which every figure of perplexity follows. */
export interface TokenSums {
  /** Number of tokens, `</s>` counted. */
  readonly tokens: number;
  /** Number of tokens outside the vocabulary. */
  readonly oov: number;
  /** Σ log10 p of the tokens in the vocabulary. */
  readonly knownLog10Prob: number;
  /** Σ log10 p of the tokens outside the vocabulary; −∞ in a back-off model without `<unk>`. */
  readonly oovLog10Prob: number;
}

/** The figures of a text from which, with the sums over its tokens, the bits for each character and byte follow. */
export interface SpelledText {
  /** Length of the text [code points]. */
  readonly characters: number;
  /** Length of the text [bytes of UTF-8]. */
  readonly bytes: number;
  /** Σ log10 of the probability that an unknown word is spelled as each OOV of the text is. */
  readonly spellingLog10Prob: number;
}

/**
 * The figures of a text, from its sums. Perplexity is 10^(−Σ log10 p / tokens), and bits are −Σ log2 p.
 *
 * @param text the length of the text, in code points and in bytes of UTF-8, and Σ log10 p of the spellings of its OOVs.
 */
export function figuresOf(
  sums: TokenSums,
  { characters, bytes, spellingLog10Prob }: SpelledText,
): Omit<Perplexity, 'sentences'> {
  const { tokens, oov, knownLog10Prob, oovLog10Prob } = sums;
  const log10Prob = knownLog10Prob + oovLog10Prob;
  const bits = bitsOf(log10Prob);
  const spelledBits = bitsOf(log10Prob + spellingLog10Prob);
  return {
    tokens,
    oov,
    log10Prob: orNull(log10Prob),
    perplexity: orNull(perplexityOf(log10Prob, tokens)),
    perplexityExcludingOov: orNull(perplexityOf(knownLog10Prob, tokens - oov)),
    bitsPerToken: orNull(bits / tokens),
    bitsPerCharacter: orNull(spelledBits / characters),
    bitsPerByte: orNull(spelledBits / bytes),
  };
}

/** 10^(−log10Prob / tokens): the perplexity of tokens whose log10 p add up to `log10Prob`; NaN for 0 tokens. */
export function perplexityOf(log10Prob: number, tokens: number): number {
  return exp10(-log10Prob / tokens);
}

/** −log2 p, from log10 p. */
export function bitsOf(log10Prob: number): number {
  return -log10Prob * LOG2_10;
}

/** The sums over the words of a piece. */
export class PieceSum implements TokenSums {
  tokens = 0;
  oov = 0;
  knownLog10Prob = 0;
  oovLog10Prob = 0;

  /** Adds the words `from` ≤ t < `to` of a batch. */
  addWords(log10Probs: Float64Array, oov: Uint8Array, from: number, to: number): void {
    this.tokens += to - from;
    for (let t = from; t < to; t++) {
      if (oov[t] === 1) {
        this.oov++;
        this.oovLog10Prob += log10Probs[t];
      } else {
        this.knownLog10Prob += log10Probs[t];
      }
    }
  }
}

/**
 * Adds up the log probabilities of a text, or of several texts with {@link add}.
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const sum = await model.sumOfFile('valid.txt');
 * sum.add(await model.sumOfFile('test.txt'));
 * const { tokens, perplexity } = sum.figures(); // of both files as one text
 * console.log(tokens, perplexity);
 * await model.close();
 * ```
 */
export class PerplexitySum {
  /** Sentences so far. */
  sentences = 0;
  // The sums over all complete pieces.
  #tokens = 0;
  #oov = 0;
  #knownLog10Prob = 0;
  #oovLog10Prob = 0;
  /** The sum of the piece that is not complete yet. */
  #piece = new PieceSum();
  /** Code points of the text so far. */
  characters = 0;
  /** Bytes of UTF-8 so far. */
  bytes = 0;
  /** Σ log10 of the probability that an unknown word is spelled as each OOV so far is. */
  spellingLog10Prob = 0;
  /** Invalid UTF-8 sequences of the text that were read as U+FFFD. */
  replaced = 0;
  /** Documents without text that were left out, with `missing: 'skip'`. */
  skipped = 0;

  /** @internal Adds the next `length` words of the text. */
  addWords(log10Probs: Float64Array, oov: Uint8Array, length: number): void {
    for (let from = 0; from < length;) {
      const to = Math.min(length, from + PIECE_WORDS - this.#piece.tokens);
      this.#piece.addWords(log10Probs, oov, from, to);
      if (this.#piece.tokens === PIECE_WORDS) this.#endPiece();
      from = to;
    }
  }

  /** @internal Adds the sums of the next piece of the text. */
  addPiece({ tokens, oov, knownLog10Prob, oovLog10Prob }: PieceSum): void {
    this.#tokens += tokens;
    this.#oov += oov;
    this.#knownLog10Prob += knownLog10Prob;
    this.#oovLog10Prob += oovLog10Prob;
  }

  /** Adds the sum of another text. @throws KNESER_OPTION */
  add(other: PerplexitySum): void {
    if (!(other instanceof PerplexitySum)) throw optionError('sum', other, 'a PerplexitySum');
    this.#endPiece();
    other.#endPiece();
    this.sentences += other.sentences;
    this.#tokens += other.#tokens;
    this.#oov += other.#oov;
    this.#knownLog10Prob += other.#knownLog10Prob;
    this.#oovLog10Prob += other.#oovLog10Prob;
    this.characters += other.characters;
    this.bytes += other.bytes;
    this.spellingLog10Prob += other.spellingLog10Prob;
    this.replaced += other.replaced;
    this.skipped += other.skipped;
  }

  /** The figures of everything added so far. More can be added afterwards. */
  figures(): Perplexity {
    this.#endPiece();
    const sums = {
      tokens: this.#tokens,
      oov: this.#oov,
      knownLog10Prob: this.#knownLog10Prob,
      oovLog10Prob: this.#oovLog10Prob,
    };
    return { sentences: this.sentences, ...figuresOf(sums, this) };
  }

  /** Adds the sum of the incomplete piece, and begins another piece. */
  #endPiece(): void {
    this.addPiece(this.#piece);
    this.#piece = new PieceSum();
  }
}

/** A figure, or `null` if it is undefined. */
export function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
