import type { Voter } from './voters.js';

/**
 * Keeps values that were computed from the followers of contexts, for the contexts that were used last. When the young values are too
 * large together, the old values are dropped, and the young values become old. An old value that is used is young again.
 */
export class RecentContexts<Value> {
  private young = new Map<number, Value>();
  private old = new Map<number, Value>();
  /** The size of all values in `young`. */
  private size = 0;

  /**
   * @param most the largest size of all values in `young`; those in `old` can have the same size.
   * @param sizeOf the size of a value.
   */
  constructor(
    private readonly most: number,
    private readonly sizeOf: (value: Value) => number,
  ) {}

  has(voter: Voter): boolean {
    const name = nameOf(voter);
    return this.young.has(name) || this.old.has(name);
  }

  /** The value of a context. @param make computes it if it is not in memory. */
  get(voter: Voter, make: (voter: Voter) => Value): Value {
    const name = nameOf(voter);
    const known = this.young.get(name);
    if (known !== undefined) return known;
    const found = this.old.get(name) ?? make(voter);
    const size = this.sizeOf(found);
    if (this.size + size > this.most) {
      this.old = this.young;
      this.young = new Map<number, Value>();
      this.size = 0;
    }
    this.young.set(name, found);
    this.size += size;
    return found;
  }
}

/** A number that identifies the context of a voter among those of all tables. */
export function nameOf({ term, followers }: Voter): number {
  return term.table * 2 ** 32 + followers.key;
}
