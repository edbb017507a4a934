/** Values below this are counted in an array, larger ones in a list that is sorted. */
const SMALL = 4096;

/** How often each value occurs among whole numbers from 1: most of them are small, a few large. */
export class Runs {
  /** The distinct values, ascending. */
  readonly values: number[] = [];
  /** By index in `values`, how often the value occurs. */
  readonly times: number[] = [];
  private readonly small = new Uint32Array(SMALL);
  private readonly large: number[] = [];
  private most = 0;

  /** Counts a value; 0 is left out. */
  add(value: number): void {
    if (value >= SMALL) this.large.push(value);
    else {
      this.small[value]++;
      if (value > this.most) this.most = value;
    }
  }

  /** Fills `values` and `times` with what was added, and forgets it. */
  finish(): this {
    const { small, large, values, times } = this;
    values.length = times.length = 0;
    for (let value = 1; value <= this.most; value++) {
      if (small[value] === 0) continue;
      values.push(value);
      times.push(small[value]);
    }
    small.fill(0, 0, this.most + 1);
    large.sort((a, b) => a - b);
    for (const value of large) {
      if (value === values.at(-1)) times[times.length - 1]++;
      else {
        values.push(value);
        times.push(1);
      }
    }
    large.length = this.most = 0;
    return this;
  }
}

/**
 * The largest difference between two cumulated shares over ranks. Each side has types sorted by falling count; the share of rank k is the
 * count of the k-th type divided by the sum of the counts.
 *
 * @param a the counts of the types of one side.
 * @param b those of the other side.
 */
export function rankDistance(a: Runs, b: Runs): number {
  const [sumA, sumB] = [sumOf(a), sumOf(b)];
  let [i, j] = [a.values.length - 1, b.values.length - 1];
  let [leftA, leftB] = [a.times[i] ?? 0, b.times[j] ?? 0];
  let [shareA, shareB, most] = [0, 0, 0];
  // Within a step both cumulated shares are linear, so that their difference is largest at an end of a step.
  while (i >= 0 || j >= 0) {
    const step = Math.min(i >= 0 ? leftA : Infinity, j >= 0 ? leftB : Infinity);
    if (i >= 0) {
      shareA += (step * a.values[i]) / sumA;
      leftA -= step;
      if (leftA === 0) leftA = a.times[--i] ?? 0;
    }
    if (j >= 0) {
      shareB += (step * b.values[j]) / sumB;
      leftB -= step;
      if (leftB === 0) leftB = b.times[--j] ?? 0;
    }
    most = Math.max(most, Math.abs(shareA - shareB));
  }
  return most;
}

function sumOf({ values, times }: Runs): number {
  return values.reduce((sum, value, i) => sum + value * times[i], 0);
}
