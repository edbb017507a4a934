/** In which order the words of a batch are looked up in a table: working memory that the tables of a stream share. */
export class LookupPlan {
  /** The parent's places, those of words with the same context together. */
  order = new Uint32Array(0);
  /** By place of the parent, the farthest word of the context. */
  farthest = new Uint32Array(0);
  /** Groups of `order` with one context whose rows are in one block: where they begin and end, and the number of the block. */
  starts = new Uint32Array(0);
  ends = new Uint32Array(0);
  blocks = new Uint32Array(0);

  makeRoom(words: number): void {
    if (words <= this.order.length) return;
    this.order = new Uint32Array(words);
    this.farthest = new Uint32Array(words);
    this.starts = new Uint32Array(words);
    this.ends = new Uint32Array(words);
    this.blocks = new Uint32Array(words);
  }
}
