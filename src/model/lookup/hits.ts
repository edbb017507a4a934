/**
 * The words of a batch whose context was found in a table. Each is a hit. Hits (0, 1, 2 …) are in the order of the table's contexts, so
 * that words with the same context are consecutive hits.
 */
export class Hits {
  /** Number of hits. */
  length = 0;
  /** By hit, the index t of the word in the batch. */
  words = new Uint32Array(0);
  /** By hit, the word's position in the batch's `ids`. */
  positions = new Uint32Array(0);
  /** By hit, the index of the word's context in the table. */
  contexts = new Uint32Array(0);
  /** By hit, the index (from 0) of the word's row among the rows of its context; −1 if the context lacks the word. */
  rows = new Int32Array(0);

  /** Removes all hits, and makes the arrays long enough for `room` hits. */
  clear(room: number): void {
    this.length = 0;
    if (room <= this.words.length) return;
    this.words = new Uint32Array(room);
    this.positions = new Uint32Array(room);
    this.contexts = new Uint32Array(room);
    this.rows = new Int32Array(room);
  }
}
