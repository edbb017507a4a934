/** A set of rows or contexts of a table, by number: one bit for each number below `size`. */
export class RowSet {
  private readonly bits: Uint32Array;

  /** @param size all numbers in the set are below it; at most 2^32. */
  constructor(size: number) {
    this.bits = new Uint32Array(Math.ceil(size / 32));
  }

  add(number: number): void {
    this.bits[number >>> 5] |= 1 << (number & 31);
  }

  has(number: number): boolean {
    return ((this.bits[number >>> 5] >>> (number & 31)) & 1) === 1;
  }
}
