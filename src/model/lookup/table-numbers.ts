import { numbersOf } from './regions.js';
import { tableMemory } from './table-memory.js';
import type { TablePart } from './table-part.js';

/** log10 p and back-offs of a back-off model's tables, in one array that threads share. */
export class TableNumbers {
  readonly values: Float64Array;
  private used = 0;

  constructor(parts: readonly TablePart[]) {
    const count = parts.reduce((sum, part) => sum + numbersOf(part), 0);
    this.values = new Float64Array(tableMemory(8 * count));
  }

  /** Whether more numbers were added than the array has room for. */
  get overflown(): boolean {
    return this.used > this.values.length;
  }

  /** Adds a number. @returns its index + 1. */
  add(value: number): number {
    this.values[this.used++] = value;
    return this.used;
  }
}
