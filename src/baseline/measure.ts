import {
  bitsOf,
  figuresOf,
  orNull,
  perplexityOf,
  type SpelledText,
  type TokenSums,
} from '../model/scoring/perplexity.js';
import { intervalOf, Resampling, type ResamplingOptions } from './bootstrap.js';
import type { MacroFigures, TextFigures } from './report.js';
import type { TextLength } from './spelling.js';

/** Number of figures of a unit; {@link sumsOf} names them in their order. */
const WIDTH = 4;

/**
 * Measures one model on one text. For each sentence in the order of the text, call `sentence`, then `token` for each of its tokens;
 * after the last sentence, `end`. Then `figures` has the figures, and `perplexities` the perplexity of each resample.
 */
export class TextMeasure {
  private sentences = 0;
  /** Length of all OOVs in the text, each with the separator after it [code points]. */
  private oovCharacters = 0;
  /** The same length [bytes of UTF-8]. */
  private oovBytes = 0;
  /** Σ log10 p of the spellings of all OOVs. */
  private spellingLog10Prob = 0;
  /** The number of the current unit, and its figures so far. */
  private unit: number | undefined;
  private readonly unitFigures = new Float64Array(WIDTH);

  private constructor(
    readonly resampling: Resampling,
    readonly characters: number,
    readonly bytes: number,
  ) {}

  /**
   * Begins to measure a text of this length.
   *
   * @param options must be the same for all models that will be compared on this text.
   */
  static begin({ characters, bytes }: TextLength, options: ResamplingOptions): TextMeasure {
    return new TextMeasure(new Resampling(WIDTH, options), characters, bytes);
  }

  /** Joins the measures of several texts to the measure of one text. */
  static together(parts: readonly TextMeasure[]): TextMeasure {
    const total = (figure: (part: TextMeasure) => number): number => parts.reduce((sum, part) => sum + figure(part), 0);
    const all = new TextMeasure(
      Resampling.together(parts.map(part => part.resampling)),
      total(part => part.characters),
      total(part => part.bytes),
    );
    all.sentences = total(part => part.sentences);
    all.oovCharacters = total(part => part.oovCharacters);
    all.oovBytes = total(part => part.oovBytes);
    all.spellingLog10Prob = total(part => part.spellingLog10Prob);
    return all;
  }

  /** Begins a sentence. @param unit the number of the unit to which it belongs; the sentences of a unit follow each other. */
  sentence(unit: number): void {
    if (unit !== this.unit) this.end();
    this.unit = unit;
    this.sentences++;
  }

  /** Adds a token of the sentence. @param spelled called only for OOVs: the token as a text. */
  token(log10Prob: number, oov: boolean, spelled: () => SpelledText): void {
    const { unitFigures } = this;
    unitFigures[0]++;
    if (!oov) {
      unitFigures[2] += log10Prob;
      return;
    }
    unitFigures[1]++;
    unitFigures[3] += log10Prob;
    const { characters, bytes, spellingLog10Prob } = spelled();
    this.oovCharacters += characters;
    this.oovBytes += bytes;
    this.spellingLog10Prob += spellingLog10Prob;
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
      ...figuresOf(sums, { characters: this.characters, bytes: this.bytes, spellingLog10Prob: this.spellingLog10Prob }),
      oovRate: sums.oov / sums.tokens,
      interval: units > 1 ? intervalOf(this.perplexities()) : null,
      intervalExcludingOov: units > 1 ? intervalOf(resampling.statistics(perplexityExcludingOov)) : null,
      bitsPerCharacterExcludingOov: orNull(knownBits / (this.characters - this.oovCharacters)),
      bitsPerByteExcludingOov: orNull(knownBits / (this.bytes - this.oovBytes)),
    };
  }

  /** The perplexity of each resample. */
  perplexities(): Float64Array {
    return this.resampling.statistics(perplexity);
  }
}

/** The means of the figures of a model over texts, where every text has the same weight. */
export function macroFigures(texts: readonly TextMeasure[]): MacroFigures {
  const figures = texts.map(text => text.figures());
  const mean = (figure: (text: TextFigures) => number | null): number | null => {
    const values = figures.map(figure);
    return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  };
  const geometricMean = (figure: (text: TextFigures) => number | null): number | null => {
    const bits = mean(text => log2(figure(text)));
    return bits === null ? null : 2 ** bits;
  };
  // The interval of the geometric mean: in each resample, of the statistics of all texts.
  const interval = (statistic: (sums: Float64Array) => number): TextFigures['interval'] => {
    if (texts.some(({ resampling }) => resampling.units < 2)) return null;
    const byText = texts.map(({ resampling }) => resampling.statistics(statistic));
    const logarithms = byText[0].map((_, b) => byText.reduce((sum, statistics) => sum + Math.log(statistics[b]), 0));
    return intervalOf(logarithms.map(sum => Math.exp(sum / texts.length)));
  };
  return {
    perplexity: geometricMean(text => text.perplexity),
    interval: interval(perplexity),
    perplexityExcludingOov: geometricMean(text => text.perplexityExcludingOov),
    intervalExcludingOov: interval(perplexityExcludingOov),
    bitsPerToken: mean(text => text.bitsPerToken),
    bitsPerCharacter: mean(text => text.bitsPerCharacter),
    bitsPerByte: mean(text => text.bitsPerByte),
    bitsPerCharacterExcludingOov: mean(text => text.bitsPerCharacterExcludingOov),
    bitsPerByteExcludingOov: mean(text => text.bitsPerByteExcludingOov),
  };
}

/** Names the sums of the `WIDTH` figures over a text or a resample. */
function sumsOf([tokens, oov, knownLog10Prob, oovLog10Prob]: Float64Array): TokenSums {
  return { tokens, oov, knownLog10Prob, oovLog10Prob };
}

function perplexity([tokens, , known, oov]: Float64Array): number {
  return perplexityOf(known + oov, tokens);
}

function perplexityExcludingOov([tokens, oov, known]: Float64Array): number {
  return perplexityOf(known, tokens - oov);
}

function log2(value: number | null): number | null {
  return value === null ? null : Math.log2(value);
}
