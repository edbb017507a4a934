/** A binary heap of items, such as word ids, with values. The item with the smallest value is on top; among equal values, the largest item. */
export class Heap {
  /** Number of items in the heap: the first `size` entries of `values` and `items`. */
  size = 0;
  readonly values: Float64Array;
  readonly items: Uint32Array;

  /** @param capacity the most items. */
  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
    this.items = new Uint32Array(capacity);
  }

  get full(): boolean {
    return this.size === this.items.length;
  }

  /** The smallest value; the heap must not be empty. */
  get value(): number {
    return this.values[0];
  }

  /** The item with the smallest value; the heap must not be empty. */
  get item(): number {
    return this.items[0];
  }

  /** Adds an item; the heap must not be full. */
  push(item: number, value: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.isBefore(item, value, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, item, value);
  }

  /** Replaces the top item by another. */
  replace(item: number, value: number): void {
    const { size } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.isBefore(this.items[child + 1], this.values[child + 1], child)) child++;
      if (this.isBefore(item, value, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, item, value);
  }

  /** Removes the top item. */
  pop(): void {
    const last = --this.size;
    if (last > 0) this.replace(this.items[last], this.values[last]);
  }

  /** Adds an item. In a full heap it replaces the top item if its value is larger, or the value is equal and the item smaller; otherwise nothing changes. */
  offer(item: number, value: number): void {
    if (!this.full) this.push(item, value);
    else if (!this.isBefore(item, value, 0)) this.replace(item, value);
  }

  /** Whether an item belongs nearer to the top than the item at index `at`. */
  private isBefore(item: number, value: number, at: number): boolean {
    return value < this.values[at] || (value === this.values[at] && item > this.items[at]);
  }

  private move(from: number, to: number): void {
    this.put(to, this.items[from], this.values[from]);
  }

  private put(at: number, item: number, value: number): void {
    this.items[at] = item;
    this.values[at] = value;
  }
}
