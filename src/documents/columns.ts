import { KneserError } from '../base/errors.js';
import { shown } from '../base/check.js';
import { memberOf } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';
import { memberText } from './member.js';
import type { RecordAt } from './stream.js';

/** Columns grow by this many numbers at a time; short ones have fewer, so that many of them take little memory. */
const BLOCK = 1 << 16;
const FIRST_BLOCK = 16;

/** Collects numbers in blocks, so that a growing column needs no copy of itself until the blocks are joined. */
abstract class Blocks<A extends Float64Array | Uint32Array> {
  private readonly full: A[] = [];
  private last: A;
  private used = 0;

  constructor(private readonly type: new (length: number) => A) {
    this.last = new type(FIRST_BLOCK);
  }

  push(value: number): void {
    if (this.used === this.last.length) this.grow();
    this.last[this.used++] = value;
  }

  private grow(): void {
    const { last } = this;
    if (last.length < BLOCK) {
      this.last = new this.type(4 * last.length);
      this.last.set(last);
      return;
    }
    this.full.push(last);
    this.last = new this.type(BLOCK);
    this.used = 0;
  }

  /** Returns the numbers in one array, and empties the column. */
  view(): A {
    const all = new this.type(this.full.length * BLOCK + this.used);
    this.full.forEach((block, i) => all.set(block, i * BLOCK));
    all.set(this.last.subarray(0, this.used), this.full.length * BLOCK);
    this.full.length = this.used = 0;
    return all;
  }
}

/** One number for each document, 8 bytes each, for any number of documents. */
export class Column extends Blocks<Float64Array> {
  constructor() {
    super(Float64Array);
  }
}

/** Positions of documents, or other whole numbers below 2^32, 4 bytes each. */
export class Positions extends Blocks<Uint32Array> {
  constructor() {
    super(Uint32Array);
  }
}

/**
 * The number at a path in a record; NaN if it is missing or `null`.
 *
 * @throws KNESER_INPUT_JSON for a value that is not a number, or a number that is too large for JavaScript
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

/** The value of a member as text: strings unchanged, all other values as their JSON, so that numbers keep all digits; `null` if the member is missing. */
export function nameAt({ object, line }: RecordAt, path: string): string | null {
  const value = memberOf(object, path);
  if (typeof value === 'string') return value;
  return value === undefined ? null : (memberText(decode(line), path) ?? null);
}

/**
 * The value of a member as the name of a group: strings unchanged, all other values as JSON. `1` and `1.0` are one name; a number whose
 * digits JavaScript would lose, such as an id of 64 bits, is named by its digits in the file. `null` if the member is missing.
 */
export function groupAt(record: RecordAt, path: string): string {
  const value = memberOf(record.object, path) ?? null;
  if (typeof value === 'string') return value;
  const isExact =
    typeof value === 'number' && (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));
  return value === null || typeof value === 'boolean' || isExact
    ? JSON.stringify(value)
    : (nameAt(record, path) ?? 'null');
}

/** Gives distinct names the numbers 0, 1, 2 …, in the sequence in which they first occur. */
export class Labels {
  /** By number, the name. */
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  numberOf(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.numbers.set(name, number);
      this.names.push(name);
    }
    return number;
  }
}
