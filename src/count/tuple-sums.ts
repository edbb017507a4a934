import type { TupleSink } from './sort.js';

/**
 * Adds up the weights of equal tuples, which come one after another.
 *
 * - Input: tuples, ascending, with weights that may be less than 0.
 * - Output: each distinct tuple whose weights do not add up to 0, with the sum, by a call of `put`.
 * - Calls: `add` for all tuples, then `putLast`.
 */
export abstract class EqualTuples {
  /** The tuple of the last call. */
  protected readonly current: Uint32Array;
  /** The sum of the weights of `current`. */
  private sum = 0;

  /** @param width columns of a tuple. */
  constructor(width: number) {
    this.current = new Uint32Array(width);
  }

  readonly add: TupleSink = (columns, order, length, weight) => {
    const { current } = this;
    const width = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < width && columns[different][at] === current[different]) different++;
      if (different === width) {
        this.sum += weight;
        continue;
      }
      if (this.sum !== 0) this.put(this.sum);
      for (let j = different; j < width; j++) current[j] = columns[j][at];
      this.sum = weight;
    }
  };

  protected putLast(): void {
    if (this.sum !== 0) this.put(this.sum);
    this.sum = 0;
  }

  /** Takes the tuple `current`. @param sum the sum of its weights, not 0. */
  protected abstract put(sum: number): void;
}

/**
 * Adds up the differences of equal tuples.
 *
 * - Input: tuples, ascending, with weights that may be less than 0.
 * - Output: each distinct tuple whose weights add up to more than 0, given to `sink` one at a time with the sum.
 * - Calls: `add` for all tuples, then `end`.
 */
export class TupleSums extends EqualTuples {
  /** The tuple that is given to `sink`, as columns of one entry each. */
  private readonly columns: readonly Uint32Array[];
  private readonly order = new Uint32Array(1);
  /** Distinct tuples so far whose weights add up to less than 0. */
  private negative = 0;

  /** @param width columns of a tuple. */
  constructor(
    width: number,
    private readonly sink: TupleSink,
  ) {
    super(width);
    this.columns = Array.from({ length: width }, () => new Uint32Array(1));
  }

  /** Gives the last tuple to the sink. @returns how many tuples were left out because their weights add up to less than 0. */
  end(): number {
    this.putLast();
    this.current.fill(0);
    return this.negative;
  }

  protected override put(sum: number): void {
    if (sum < 0) {
      this.negative++;
      return;
    }
    const { current, columns } = this;
    for (let j = 0; j < current.length; j++) columns[j][0] = current[j];
    this.sink(columns, this.order, 1, sum);
  }
}
