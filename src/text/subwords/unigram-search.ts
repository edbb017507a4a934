import type { Trie } from './trie.js';

/** The number in `last` for a character without a token. */
export const UNKNOWN = -1;

/** Where sums are in single precision, SentencePiece subtracts a common amount once they are beyond this. */
const RESET_BEYOND = 100_000;

/**
 * Unigram's search (Kudo 2018, "Subword regularization"; Viterbi): among all ways to cut a piece into tokens it finds the one with
 * the largest sum of log probabilities; of equal sums the one whose last token begins first. Sums are added in the order and
 * precision of the reference library.
 *
 *     best[at]    the largest sum of a cut of piece[0, at)    Float64Array [length + 1]
 *     begins[at]  where the last token of that cut begins     Int32Array [length + 1], -1 where no cut ends
 *     last[at]    that token's number, or UNKNOWN             Int32Array [length + 1]
 */
export class UnigramSearch {
  begins = new Int32Array(256);
  last = new Int32Array(256);
  /** Where the tokens of the best cut end, from the last to the first: `ends[0, count)`. */
  ends = new Int32Array(256);
  count = 0;
  private best = new Float64Array(256);

  /**
   * @param trie the number of each token by its text.
   * @param scores natural log probabilities by number.
   * @param unknownScore the score of a character without a token, natural log.
   * @param refuseUnknown given for a model without an unknown token: called if the best cut holds a character without a token.
   * @param isSingle whether sums are rounded to single precision, as SentencePiece does; otherwise they are in double precision.
   */
  constructor(
    private readonly trie: Trie,
    private readonly scores: Float64Array,
    private readonly unknownScore: number,
    private readonly refuseUnknown: (() => never) | undefined,
    private readonly isSingle: boolean,
  ) {}

  /** Finds the best cut of a piece. */
  search(piece: string): void {
    const { length } = piece;
    if (length >= this.best.length) {
      this.best = new Float64Array(length * 2);
      this.begins = new Int32Array(length * 2);
      this.last = new Int32Array(length * 2);
      this.ends = new Int32Array(length * 2);
    }
    const { trie, scores, unknownScore, isSingle, best, begins, last } = this;
    begins.fill(-1, 0, length + 1);
    best[0] = 0;
    let reach = 0;
    for (let at = 0, next = 0; at < length; at = next) {
      const unit = piece.charCodeAt(at);
      next = at + ((unit & 0xfc00) === 0xd800 ? 2 : 1);
      if (isSingle && Math.abs(best[at]) > RESET_BEYOND) this.reset(at, reach);
      const before = best[at];
      let hasSingle = false;
      for (let node = 0, to = at; to < length;) {
        node = trie.child(node, piece.charCodeAt(to++));
        if (node === 0) break;
        const token = trie.valueAt(node);
        if (token < 0) continue;
        const score = isSingle ? Math.fround(scores[token] + before) : scores[token] + before;
        if (begins[to] < 0 || score > best[to]) {
          best[to] = score;
          begins[to] = at;
          last[to] = token;
          if (to > reach) reach = to;
        }
        if (to === next) hasSingle = true;
      }
      if (hasSingle) continue;
      const score = isSingle ? Math.fround(unknownScore + before) : unknownScore + before;
      if (begins[next] >= 0 && !(score > best[next])) continue;
      this.refuseUnknown?.();
      best[next] = score;
      begins[next] = at;
      last[next] = UNKNOWN;
      if (next > reach) reach = next;
    }
    this.count = 0;
    for (let at = length; at > 0; at = begins[at]) this.ends[this.count++] = at;
  }

  /** Subtracts the sum at `at` from the sums at all places from `at` to `reach`. */
  private reset(at: number, reach: number): void {
    const { best, begins } = this;
    const offset = best[at];
    for (let i = at; i <= reach; i++) if (begins[i] >= 0) best[i] = Math.fround(best[i] - offset);
  }
}
