/**
 * The words of a batch whose context was found in a table. Each has a place, in the order of the table: words with the same context
 * have consecutive places.
 */
export class Places {
  /** Number of places. */
  length = 0;
  /** By place, the word of the batch. */
  words = new Uint32Array(0);
  /** By place, the word's position in `ids` of the batch. */
  positions = new Uint32Array(0);
  /** By place, the number of the word's context in the table. */
  contexts = new Uint32Array(0);
  /** By place, the number of the word's row among those of its context, or −1. */
  rows = new Int32Array(0);
  /** By place, p(w|h) for the context h, where probabilities are interpolated. */
  values = new Float64Array(0);

  /** Forgets all places, and makes room for others. */
  clear(room: number): void {
    this.length = 0;
    if (room <= this.words.length) return;
    this.words = new Uint32Array(room);
    this.positions = new Uint32Array(room);
    this.contexts = new Uint32Array(room);
    this.rows = new Int32Array(room);
    this.values = new Float64Array(room);
  }
}
