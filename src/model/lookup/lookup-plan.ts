/**
 * The sequence in which the words of a batch are looked up in a table: working memory that the tables of a stream share. A group is a
 * stretch of `order` with the words of one context whose rows are in one block.
 */
export class LookupPlan {
  /** Places in the parent's table, sorted by context in this table: words with the same context are neighbours. */
  order = new Uint32Array(0);
  /** By place in the parent's table, the farthest word of the context in this table. */
  farthest = new Uint32Array(0);
  /** By group, where it begins in `order`. */
  starts = new Uint32Array(0);
  /** By group, where it ends in `order` (exclusive). */
  ends = new Uint32Array(0);
  /** By group, the number of the block. */
  blocks = new Uint32Array(0);

  /** Makes the arrays long enough for `words` words. */
  makeRoom(words: number): void {
    if (words <= this.order.length) return;
    this.order = new Uint32Array(words);
    this.farthest = new Uint32Array(words);
    this.starts = new Uint32Array(words);
    this.ends = new Uint32Array(words);
    this.blocks = new Uint32Array(words);
  }
}
