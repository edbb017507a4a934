import { PerplexitySum } from '../score/perplexity.js';
import { intervalOf, Resampling, type ResamplingOptions } from './bootstrap.js';
import type { MacroFigures, TextFigures } from './report.js';

const LOG2_10 = Math.log2(10);
/** The figures of a unit: tokens, OOVs, and log10 p of either. */
const WIDTH = 4;

/** What a model makes of a text, added up sentence by sentence. */
export class TextMeasure {
  readonly sum = new PerplexitySum();
  /** Length of the OOVs, the space or line end behind each included. */
  private oovCharacters = 0;
  private oovBytes = 0;
  private readonly unitFigures = new Float64Array(WIDTH);
  private unit: number | undefined;

  private constructor(readonly resampling: Resampling) {}

  /** @param options those of models that are to be compared are the same. */
  static begin(options: ResamplingOptions): TextMeasure {
    return new TextMeasure(new Resampling(WIDTH, options));
  }

  /** Texts taken as one. */
  static together(parts: readonly TextMeasure[]): TextMeasure {
    const all = new TextMeasure(Resampling.together(parts.map(part => part.resampling)));
    for (const part of parts) {
      all.sum.add(part.sum);
      all.oovCharacters += part.oovCharacters;
      all.oovBytes += part.oovBytes;
    }
    return all;
  }

  /** Begins a sentence. @param unit the unit that it belongs to. */
  sentence(unit: number): void {
    if (unit !== this.unit) this.end();
    this.unit = unit;
    this.sum.sentences++;
  }

  /** A token of the sentence. @param length code points and bytes, asked for of OOVs only. */
  token(log10Prob: number, oov: boolean, length: () => { characters: number; bytes: number }): void {
    const { sum, unitFigures } = this;
    sum.tokens++;
    sum.log10Prob += log10Prob;
    unitFigures[0]++;
    unitFigures[2] += log10Prob;
    if (!oov) return;
    sum.oov++;
    sum.oovLog10Prob += log10Prob;
    unitFigures[1]++;
    unitFigures[3] += log10Prob;
    const { characters, bytes } = length();
    this.oovCharacters += characters + 1;
    this.oovBytes += bytes + 1;
  }

  /** Ends the last unit. */
  end(): void {
    if (this.unit !== undefined) this.resampling.add(this.unitFigures);
    this.unit = undefined;
    this.unitFigures.fill(0);
  }

  figures(): TextFigures {
    const { sum, resampling } = this;
    const knownBits = -(sum.log10Prob - sum.oovLog10Prob) * LOG2_10;
    const enough = resampling.units > 1;
    return {
      ...sum.figures(),
      oovRate: sum.oov / sum.tokens,
      bitsPerCharacterExcludingOov: finite(knownBits / (sum.characters - this.oovCharacters)),
      bitsPerByteExcludingOov: finite(knownBits / (sum.bytes - this.oovBytes)),
      interval: enough ? intervalOf(this.perplexities()) : null,
      intervalExcludingOov: enough ? intervalOf(resampling.statistics(perplexityExcludingOov)) : null,
    };
  }

  /** The perplexity of each resample. */
  perplexities(): Float64Array {
    return this.resampling.statistics(perplexity);
  }
}

/** The mean of a model's figures over texts, each counted alike. */
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

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
