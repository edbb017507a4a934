/** The highest value of a scale is at least this many times the lowest, so that no token looks hot where all values are alike. */
const NARROWEST = 1000;

/** A logarithmic scale of values: 0 at `low`, 1 at `high`. */
export interface HeatScale {
  readonly low: number;
  readonly high: number;
}

/** The scale from the lowest to the highest finite value of vectors. All values must be above 0. */
export function heatScale(vectors: Iterable<Float64Array>): HeatScale {
  let low = Infinity;
  let high = 0;
  for (const vector of vectors) {
    for (const value of vector) {
      if (value < low) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  return low === Infinity ? { low: 1, high: NARROWEST } : { low, high: Math.max(high, NARROWEST * low) };
}

/** The position of a value on a scale, 0 to 1. */
export function heatOf(value: number, { low, high }: HeatScale): number {
  return Math.min(1, Math.max(0, Math.log(value / low) / Math.log(high / low)));
}

/** The step of a value, 0 to `steps` − 1, on a scale that is divided into `steps` equal steps. */
export function heatStep(value: number, scale: HeatScale, steps: number): number {
  return Math.min(steps - 1, Math.floor(heatOf(value, scale) * steps));
}

/**
 * The value of a token in a vector of a text with `tokens` tokens. The vector has a value for each token or for each bin of the text: then
 * it is the value of the bin that contains the middle of the token.
 *
 * @param token the index of the token in the text, from 0.
 */
export function valueAt(vector: Float64Array, token: number, tokens: number): number {
  return vector[Math.floor(((token + 0.5) * vector.length) / tokens)];
}

/** A value with at most three significant digits. */
export function readable(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
