/** A set of numbers below 2^32, a bit each: the rows of a table that are kept, or its contexts. */
export class RowSet {
  private readonly bits: Uint32Array;

  /** @param size numbers are below it. */
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
