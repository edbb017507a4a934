import type { TupleSink } from './sort.js';

/**
 * Adds up the differences of equal tuples.
 *
 * - Input: tuples, ascending, with weights that may be less than 0.
 * - Output: each distinct tuple whose weights add up to more than 0, given to `sink` one at a time with the sum.
 * - Calls: `add` for all tuples, then `end`.
 */
export class TupleSums {
  /** The tuple of the last call. */
  private readonly current: Uint32Array;
  /** The tuple that is given to `sink`, as columns of one entry each. */
  private readonly columns: readonly Uint32Array[];
  private readonly order = new Uint32Array(1);
  /** The sum of the weights of `current`. */
  private sum = 0;
  /** Distinct tuples so far whose weights add up to less than 0. */
  private negative = 0;

  /** @param width columns of a tuple. */
  constructor(
    width: number,
    private readonly sink: TupleSink,
  ) {
    this.current = new Uint32Array(width);
    this.columns = Array.from({ length: width }, () => new Uint32Array(1));
  }

  readonly add: TupleSink = (columns, order, length, weight) => {
    const { current } = this;
    const width = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < width && columns[different][at] === current[different]) different++;
      if (different < width) {
        this.put();
        for (let j = different; j < width; j++) current[j] = columns[j][at];
      }
      this.sum += weight;
    }
  };

  /** Gives the last tuple to the sink. @returns how many tuples were left out because their weights add up to less than 0. */
  end(): number {
    this.put();
    this.current.fill(0);
    return this.negative;
  }

  /** Gives `current` to the sink if its sum is above 0. */
  private put(): void {
    const { current, columns, sum } = this;
    this.sum = 0;
    if (sum < 0) this.negative++;
    if (sum <= 0) return;
    for (let j = 0; j < current.length; j++) columns[j][0] = current[j];
    this.sink(columns, this.order, 1, sum);
  }
}
