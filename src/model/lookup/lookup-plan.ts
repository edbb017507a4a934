/**
 * The sequence in which the words of a batch are looked up in a table: working memory that the tables of a stream share. A group is
 * consecutive entries of `order`: words of one context whose rows are in one block.
 */
export class LookupPlan {
  /** The hits of the parent's table, sorted by the context of their words in this table. */
  order = new Uint32Array(0);
  /** By hit in the parent's table, the id of the farthest word of the context in this table. */
  farthest = new Int32Array(0);
  /** By group, its first entry in `order`. */
  starts = new Uint32Array(0);
  /** By group, the end of its entries in `order` (exclusive). */
  ends = new Uint32Array(0);
  /** By group, the index of the block in the table. */
  blocks = new Uint32Array(0);

  /** Makes the arrays long enough for `words` words. */
  makeRoom(words: number): void {
    if (words <= this.order.length) return;
    this.order = new Uint32Array(words);
    this.farthest = new Int32Array(words);
    this.starts = new Uint32Array(words);
    this.ends = new Uint32Array(words);
    this.blocks = new Uint32Array(words);
  }
}
