import { describe, expect, test } from 'vitest';
import { macroFigures, TextMeasure } from '#kneser/src/baseline/measure.js';

describe('micro and macro averages', () => {
  const measure = (tokens: readonly (readonly [log10Prob: number, oov?: boolean])[], bytes: number): TextMeasure => {
    const text = TextMeasure.begin({ characters: bytes, bytes }, { resamples: 100, seed: 1, stream: 0 });
    tokens.forEach(([log10Prob, oov = false], i) => {
      text.sentence(i);
      text.token(log10Prob, oov, () => ({ characters: 3, bytes: 4, spellingLog10Prob: -2 }));
    });
    text.end();
    return text;
  };

  test('agree with arithmetic by hand', () => {
    // Perplexities 10 and 1000: 3 tokens with −1 each, and one with −3.
    const texts = [measure([[-1], [-1], [-1]], 12), measure([[-3]], 4)];
    [10, 1000].forEach((value, i) => expect(texts[i].figures().perplexity).toBeCloseTo(value, 9));
    expect(macroFigures(texts).perplexity).toBeCloseTo(100, 9);
    const micro = TextMeasure.together(texts).figures();
    expect(micro).toMatchObject({ sentences: 4, tokens: 4, oov: 0, oovRate: 0, log10Prob: -6 });
    expect(micro.perplexity).toBeCloseTo(10 ** 1.5, 9);
    expect(micro.bitsPerByte).toBeCloseTo((6 * Math.log2(10)) / 16, 12);
    expect(macroFigures(texts).bitsPerByte).toBeCloseTo(((3 / 12 + 3 / 4) / 2) * Math.log2(10), 12);
  });

  test('without OOVs leave out the bytes and characters of the OOVs', () => {
    const text = measure([[-1], [-5, true], [-2]], 20).figures();
    expect(text).toMatchObject({ oov: 1, oovRate: 1 / 3 });
    expect(text.bitsPerByte).toBeCloseTo(((8 + 2) * Math.log2(10)) / 20, 12);
    expect(text.bitsPerCharacter).toBe(text.bitsPerByte);
    expect(text.perplexityExcludingOov).toBeCloseTo(10 ** 1.5, 9);
    expect(text.bitsPerByteExcludingOov).toBeCloseTo((3 * Math.log2(10)) / (20 - 4), 12);
    expect(text.bitsPerCharacterExcludingOov).toBeCloseTo((3 * Math.log2(10)) / (20 - 3), 12);
  });

  test('without OOVs are finite if an OOV has probability 0', () => {
    const text = measure([[-1], [-Infinity, true], [-2]], 20).figures();
    expect(text).toMatchObject({ perplexity: null, log10Prob: null, bitsPerToken: null });
    expect(text.perplexityExcludingOov).toBeCloseTo(10 ** 1.5, 9);
    expect(text.bitsPerByteExcludingOov).toBeCloseTo((3 * Math.log2(10)) / (20 - 4), 12);
    expect(text.intervalExcludingOov?.every(Number.isFinite)).toBe(true);
  });

  test('have no interval for a single unit', () => {
    expect(measure([[-1]], 4).figures()).toMatchObject({ interval: null, intervalExcludingOov: null });
    expect(macroFigures([measure([[-1]], 4)]).interval).toBeNull();
  });
});
