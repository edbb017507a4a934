import { bitsOf, figuresOf, orNull, perplexityOf, type TokenSums } from '../model/scoring/perplexity.js';
import { intervalOf, Resampling, type ResamplingOptions } from './bootstrap.js';
import type { MacroFigures, TextFigures } from './report.js';
import type { TextLength } from './spelling.js';

/** The figures of a unit, in the order in which {@link sumsOf} reads them. */
const WIDTH = 4;

/**
 * The figures of one model on one text.
 *
 * - Input: `sentence` for each sentence, then `token` for each of its tokens; `end` after the last one.
 * - Output: `figures`, and the perplexity of each resample.
 * - Order: as in the text, in which the sentences of a unit follow each other.
 */
export class TextMeasure {
  private sentences = 0;
  /** Length of the OOVs in code points and bytes, each with the separator that follows it. */
  private oovCharacters = 0;
  private oovBytes = 0;
  private readonly unitFigures = new Float64Array(WIDTH);
  private unit: number | undefined;

  private constructor(
    readonly resampling: Resampling,
    readonly characters: number,
    readonly bytes: number,
  ) {}

  /**
   * @param length the length of the text, in code points and bytes.
   * @param options the same for models that are to be compared.
   */
  static begin({ characters, bytes }: TextLength, options: ResamplingOptions): TextMeasure {
    return new TextMeasure(new Resampling(WIDTH, options), characters, bytes);
  }

  /** The figures of several texts as one text. */
  static together(parts: readonly TextMeasure[]): TextMeasure {
    const total = (of: (part: TextMeasure) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
    const all = new TextMeasure(
      Resampling.together(parts.map(part => part.resampling)),
      total(part => part.characters),
      total(part => part.bytes),
    );
    all.sentences = total(part => part.sentences);
    all.oovCharacters = total(part => part.oovCharacters);
    all.oovBytes = total(part => part.oovBytes);
    return all;
  }

  /** Begins a sentence. @param unit the unit that it belongs to. */
  sentence(unit: number): void {
    if (unit !== this.unit) this.end();
    this.unit = unit;
    this.sentences++;
  }

  /** Adds a token of the sentence. @param length gives the length of the token in the text; called for OOVs only. */
  token(log10Prob: number, oov: boolean, length: () => TextLength): void {
    const { unitFigures } = this;
    unitFigures[0]++;
    if (!oov) {
      unitFigures[2] += log10Prob;
      return;
    }
    unitFigures[1]++;
    unitFigures[3] += log10Prob;
    const { characters, bytes } = length();
    this.oovCharacters += characters;
    this.oovBytes += bytes;
  }

  /** Ends the last unit. */
  end(): void {
    if (this.unit !== undefined) this.resampling.add(this.unitFigures);
    this.unit = undefined;
    this.unitFigures.fill(0);
  }

  /** The figures of the text, with their intervals. */
  figures(): TextFigures {
    const { resampling, sentences } = this;
    const { units } = resampling;
    const sums = sumsOf(resampling.sums);
    const knownBits = bitsOf(sums.knownLog10Prob);
    return {
      sentences,
      units,
      ...figuresOf(sums, this),
      oovRate: sums.oov / sums.tokens,
      interval: units > 1 ? intervalOf(this.perplexities()) : null,
      intervalExcludingOov: units > 1 ? intervalOf(resampling.statistics(excludingOov)) : null,
      bitsPerCharacterExcludingOov: orNull(knownBits / (this.characters - this.oovCharacters)),
      bitsPerByteExcludingOov: orNull(knownBits / (this.bytes - this.oovBytes)),
    };
  }

  /** The perplexity of each resample. */
  perplexities(): Float64Array {
    return this.resampling.statistics(ofAll);
  }
}

/** The mean of a model's figures over texts, in which every text has the same weight. */
export function macroFigures(texts: readonly TextMeasure[]): MacroFigures {
  const figures = texts.map(text => text.figures());
  const mean = (of: (text: TextFigures) => number | null): number | null => {
    const values = figures.map(of);
    return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  };
  const geometric = (of: (text: TextFigures) => number | null): number | null => {
    const bits = mean(text => log2(of(text)));
    return bits === null ? null : 2 ** bits;
  };
  const interval = (of: (sums: Float64Array) => number): TextFigures['interval'] => {
    if (texts.some(({ resampling }) => resampling.units < 2)) return null;
    const byText = texts.map(({ resampling }) => resampling.statistics(of));
    const logarithms = byText[0].map((_, b) => byText.reduce((sum, statistics) => sum + Math.log(statistics[b]), 0));
    return intervalOf(logarithms.map(sum => Math.exp(sum / texts.length)));
  };
  return {
    perplexity: geometric(text => text.perplexity),
    interval: interval(ofAll),
    perplexityExcludingOov: geometric(text => text.perplexityExcludingOov),
    intervalExcludingOov: interval(excludingOov),
    bitsPerToken: mean(text => text.bitsPerToken),
    bitsPerCharacter: mean(text => text.bitsPerCharacter),
    bitsPerByte: mean(text => text.bitsPerByte),
    bitsPerCharacterExcludingOov: mean(text => text.bitsPerCharacterExcludingOov),
    bitsPerByteExcludingOov: mean(text => text.bitsPerByteExcludingOov),
  };
}

/** The sums over the tokens of a text or a resample. @param figures `WIDTH` entries. */
function sumsOf([tokens, oov, knownLog10Prob, oovLog10Prob]: Float64Array): TokenSums {
  return { tokens, oov, knownLog10Prob, oovLog10Prob };
}

function ofAll([tokens, , known, oov]: Float64Array): number {
  return perplexityOf(known + oov, tokens);
}

function excludingOov([tokens, oov, known]: Float64Array): number {
  return perplexityOf(known, tokens - oov);
}

function log2(value: number | null): number | null {
  return value === null ? null : Math.log2(value);
}
