import { LOG2_10, orNull } from '../model/scoring/perplexity.js';
import { intervalOf, Resampling, type ResamplingOptions } from './bootstrap.js';
import type { MacroFigures, TextFigures } from './report.js';
import type { TextLength } from './spelling.js';

/** The figures of a unit: tokens, OOVs, and log10 p of either. */
const WIDTH = 4;

/**
 * The figures of one model on one text.
 *
 * - Input: `sentence` for each sentence, then `token` for each of its tokens; `end` after the last one.
 * - Output: `figures`, and the perplexity of each resample.
 * - Order: that of the text, in which the sentences of a unit follow each other.
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
    private readonly characters: number,
    private readonly bytes: number,
  ) {}

  /**
   * @param length of the text, in code points and bytes.
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
    unitFigures[2] += log10Prob;
    if (!oov) return;
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
    const { resampling, sentences, characters, bytes } = this;
    const { sums, units } = resampling;
    const [tokens, oov, log10Prob, oovLog10Prob] = sums;
    const bits = -log10Prob * LOG2_10;
    const knownBits = -(log10Prob - oovLog10Prob) * LOG2_10;
    return {
      sentences,
      units,
      tokens,
      oov,
      oovRate: oov / tokens,
      log10Prob,
      perplexity: orNull(perplexity(sums)),
      interval: units > 1 ? intervalOf(this.perplexities()) : null,
      perplexityExcludingOov: orNull(perplexityExcludingOov(sums)),
      intervalExcludingOov: units > 1 ? intervalOf(resampling.statistics(perplexityExcludingOov)) : null,
      bitsPerToken: orNull(bits / tokens),
      bitsPerCharacter: oov === 0 ? orNull(bits / characters) : null,
      bitsPerByte: oov === 0 ? orNull(bits / bytes) : null,
      bitsPerCharacterExcludingOov: orNull(knownBits / (characters - this.oovCharacters)),
      bitsPerByteExcludingOov: orNull(knownBits / (bytes - this.oovBytes)),
    };
  }

  /** The perplexity of each resample. */
  perplexities(): Float64Array {
    return this.resampling.statistics(perplexity);
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
    interval: interval(perplexity),
    perplexityExcludingOov: geometric(text => text.perplexityExcludingOov),
    intervalExcludingOov: interval(perplexityExcludingOov),
    bitsPerToken: mean(text => text.bitsPerToken),
    bitsPerCharacter: mean(text => text.bitsPerCharacter),
    bitsPerByte: mean(text => text.bitsPerByte),
    bitsPerCharacterExcludingOov: mean(text => text.bitsPerCharacterExcludingOov),
    bitsPerByteExcludingOov: mean(text => text.bitsPerByteExcludingOov),
  };
}

function perplexity([tokens, , log10Prob]: Float64Array): number {
  return 10 ** (-log10Prob / tokens);
}

function perplexityExcludingOov([tokens, oov, log10Prob, oovLog10Prob]: Float64Array): number {
  return 10 ** (-(log10Prob - oovLog10Prob) / (tokens - oov));
}

function log2(value: number | null): number | null {
  return value === null ? null : Math.log2(value);
}
