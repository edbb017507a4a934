import { grown } from '../../base/grown.js';

/** A list of whole numbers below 2^32 that grows: numbers in one array, without an object for each. */
export class NumberList {
  length = 0;
  private values = new Uint32Array(1 << 10);

  push(value: number): void {
    if (this.length === this.values.length) {
      this.values = grown(this.values, 2 * this.length);
    }
    this.values[this.length++] = value;
  }

  /** The last number; 0 if there is none. */
  get last(): number {
    return this.length === 0 ? 0 : this.values[this.length - 1];
  }

  /** The numbers so far: a view, valid until the next `push`. */
  view(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}
