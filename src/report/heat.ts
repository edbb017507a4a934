/** The highest value of a scale is at least so many times the lowest: in a text that is even, nothing is to look hot. */
const NARROWEST = 1000;

/** Where values lie between the lowest and the highest, logarithmically. */
export interface HeatScale {
  readonly low: number;
  readonly high: number;
}

/** The scale of some vectors. Their values are positive. */
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

/** 0 for the lowest value, 1 for the highest. */
export function heatOf(value: number, { low, high }: HeatScale): number {
  return Math.min(1, Math.max(0, Math.log(value / low) / Math.log(high / low)));
}

/** Which of so many equal steps of the scale a value is on. */
export function heatStep(value: number, scale: HeatScale, steps: number): number {
  return Math.min(steps - 1, Math.floor(heatOf(value, scale) * steps));
}

/** The value of a token in a vector that has one a token, or one a bin: that of the bin that the token's middle is in. */
export function valueAt(vector: Float64Array, token: number, tokens: number): number {
  return vector[Math.floor(((token + 0.5) * vector.length) / tokens)];
}

/** A value for people: three significant digits. */
export function readable(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
