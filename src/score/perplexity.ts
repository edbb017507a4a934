/** What a text's log probabilities add up to. */
export interface Perplexity {
  readonly sentences: number;
  /** `</s>` counted. */
  readonly tokens: number;
  /** Tokens outside the model's vocabulary. */
  readonly oov: number;
  /** Σ log10 p over all tokens. */
  readonly log10Prob: number | null;
  /** 10^(−log10Prob / tokens). `null`, like every figure that is not defined, for a text without tokens. */
  readonly perplexity: number | null;
  /** The same over the tokens in the vocabulary. */
  readonly perplexityExcludingOov: number | null;
  /** −log2 p a token. */
  readonly bitsPerToken: number | null;
  /** −log2 p a code point of the text, its line ends included; `null` with OOVs, since `<unk>` spells nothing. */
  readonly bitsPerCharacter: number | null;
  /** −log2 p a byte of the text's UTF-8, its line ends included; `null` with OOVs. */
  readonly bitsPerByte: number | null;
}

const LOG2_10 = Math.log2(10);

/** Adds up a text's log probabilities. */
export class PerplexitySum {
  sentences = 0;
  tokens = 0;
  oov = 0;
  log10Prob = 0;
  oovLog10Prob = 0;
  characters = 0;
  bytes = 0;
  /** Invalid UTF-8 sequences of the text that were read as U+FFFD. */
  replaced = 0;

  add(other: PerplexitySum): void {
    this.sentences += other.sentences;
    this.tokens += other.tokens;
    this.oov += other.oov;
    this.log10Prob += other.log10Prob;
    this.oovLog10Prob += other.oovLog10Prob;
    this.characters += other.characters;
    this.bytes += other.bytes;
    this.replaced += other.replaced;
  }

  figures(): Perplexity {
    const { sentences, tokens, oov, log10Prob, oovLog10Prob } = this;
    const known = oov === 0;
    const bits = -log10Prob * LOG2_10;
    return {
      sentences,
      tokens,
      oov,
      log10Prob: finite(log10Prob),
      perplexity: finite(10 ** (-log10Prob / tokens)),
      perplexityExcludingOov: finite(10 ** (-(log10Prob - oovLog10Prob) / (tokens - oov))),
      bitsPerToken: finite(bits / tokens),
      bitsPerCharacter: known ? finite(bits / this.characters) : null,
      bitsPerByte: known ? finite(bits / this.bytes) : null,
    };
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
