import { KneserError } from '../base/errors.js';
import { shown } from '../base/check.js';
import { memberOf } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';
import { memberText } from './member.js';
import type { RecordAt } from './stream.js';

/** One number for each document, 8 bytes each, for any number of documents. */
export class Column {
  private values = new Float64Array(1 << 12);
  private length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(Math.ceil(1.5 * this.length));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  view(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}

/**
 * The number at a path in a record; NaN if it is missing or `null`.
 *
 * @throws KNESER_INPUT_JSON for a value that is no number, or one that JavaScript cannot hold
 */
export function numberAt({ object, place }: RecordAt, path: string): number {
  const value = memberOf(object, path);
  if (value === undefined || value === null) return NaN;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const problem = typeof value === 'number' ? 'a number out of range' : shown(value);
  throw new KneserError(
    'KNESER_INPUT_JSON',
    `${place()}: ${path} is ${problem}, not a number or null; name another figure`,
  );
}

/** A member as text: strings as they are, numbers with all their digits; `null` where there is none. */
export function nameAt({ object, line }: RecordAt, path: string): string | null {
  const value = memberOf(object, path);
  if (typeof value === 'string') return value;
  return value === undefined ? null : (memberText(decode(line), path) ?? null);
}

/** Numbers different values from 0 on, in the order in which they first occur. */
export class Labels {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  numberOf(value: unknown): number {
    const name = typeof value === 'string' ? value : JSON.stringify(value ?? null);
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.numbers.set(name, number);
      this.names.push(name);
    }
    return number;
  }
}
