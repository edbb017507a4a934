/** A set of row numbers or context numbers of a table, one bit for each number below `size`. */
export class RowSet {
  private readonly bits: Uint32Array;

  /** @param size all numbers are below it; at most 2^32. */
  constructor(size: number) {
    this.bits = new Uint32Array(Math.ceil(size / 32));
  }

  add(row: number): void {
    this.bits[row >>> 5] |= 1 << (row & 31);
  }

  has(row: number): boolean {
    return ((this.bits[row >>> 5] >>> (row & 31)) & 1) === 1;
  }
}
