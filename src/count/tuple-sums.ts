import type { TupleSink } from './sort.js';

/**
 * Adds up the differences of equal tuples.
 *
 * - Input: tuples, ascending, with weights that may be less than 0.
 * - Output: the different tuples whose weights add up to more than 0, given to `sink` one at a time.
 * - Order: `add` for all tuples, then `end`.
 */
export class TupleSums {
  private readonly current: Uint32Array;
  private readonly columns: readonly Uint32Array[];
  private readonly order = new Uint32Array(1);
  private sum = 0;
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

  /** Gives the last tuple. @returns how many tuples added up to less than 0; they are left out. */
  end(): number {
    this.put();
    this.current.fill(0);
    return this.negative;
  }

  private put(): void {
    const { current, columns, sum } = this;
    this.sum = 0;
    if (sum < 0) this.negative++;
    if (sum <= 0) return;
    for (let j = 0; j < current.length; j++) columns[j][0] = current[j];
    this.sink(columns, this.order, 1, sum);
  }
}
