import type { Trie } from './trie.js';

/** The value in `lastToken` for a character without a token. */
export const UNKNOWN = -1;

/** In single precision, SentencePiece subtracts a common amount from the sums once the size of one exceeds this. */
const RESET_BEYOND = 100_000;

/**
 * The search of Unigram (Kudo 2018, "Subword regularization"; Viterbi). Of all ways to cut a piece into tokens it finds the one with
 * the largest sum of log probabilities; of equal sums the one whose last token begins first. Sums are added in the order and
 * precision of the reference library. Arrays are by offset in the piece, in UTF-16 units:
 *
 *     best[at]       the largest sum of a cut of piece[0, at)    Float64Array [length + 1]
 *     begins[at]     where the last token of this cut begins     Int32Array [length + 1]; -1 if no cut ends at `at`
 *     lastToken[at]  the id of this token, or UNKNOWN            Int32Array [length + 1]
 */
export class UnigramSearch {
  begins = new Int32Array(256);
  lastToken = new Int32Array(256);
  /** Where the tokens of the best cut of the piece end, from the last token to the first: `ends[0, count)`. */
  ends = new Int32Array(256);
  count = 0;
  private best = new Float64Array(256);

  /**
   * @param trie the id of each token by its string.
   * @param scores natural log probabilities by id.
   * @param unknownScore the natural log probability of a character without a token.
   * @param refuseUnknown called for a character without a token, by a model that has no unknown token.
   * @param inSinglePrecision whether sums are rounded to single precision, as in SentencePiece, instead of double precision.
   */
  constructor(
    private readonly trie: Trie,
    private readonly scores: Float64Array,
    private readonly unknownScore: number,
    private readonly refuseUnknown: (() => never) | undefined,
    private readonly inSinglePrecision: boolean,
  ) {}

  /** Finds the best cut of a piece: sets `ends`, `count`, `begins` and `lastToken`. */
  search(piece: string): void {
    const { length } = piece;
    if (length >= this.best.length) {
      this.best = new Float64Array(length * 2);
      this.begins = new Int32Array(length * 2);
      this.lastToken = new Int32Array(length * 2);
      this.ends = new Int32Array(length * 2);
    }
    const { trie, scores, unknownScore, inSinglePrecision, best, begins, lastToken } = this;
    begins.fill(-1, 0, length + 1);
    best[0] = 0;
    /** The largest offset that has a sum. */
    let reach = 0;
    for (let at = 0, next = 0; at < length; at = next) {
      const unit = piece.charCodeAt(at);
      next = at + ((unit & 0xfc00) === 0xd800 ? 2 : 1);
      if (inSinglePrecision && Math.abs(best[at]) > RESET_BEYOND) this.reset(at, reach);
      const before = best[at];
      let hasCharacterToken = false;
      for (let node = 0, to = at; to < length;) {
        node = trie.child(node, piece.charCodeAt(to++));
        if (node === 0) break;
        const token = trie.valueAt(node);
        if (token < 0) continue;
        const score = inSinglePrecision ? Math.fround(scores[token] + before) : scores[token] + before;
        if (begins[to] < 0 || score > best[to]) {
          best[to] = score;
          begins[to] = at;
          lastToken[to] = token;
          if (to > reach) reach = to;
        }
        if (to === next) hasCharacterToken = true;
      }
      if (hasCharacterToken) continue;
      const score = inSinglePrecision ? Math.fround(unknownScore + before) : unknownScore + before;
      if (begins[next] >= 0 && !(score > best[next])) continue;
      this.refuseUnknown?.();
      best[next] = score;
      begins[next] = at;
      lastToken[next] = UNKNOWN;
      if (next > reach) reach = next;
    }
    this.count = 0;
    for (let at = length; at > 0; at = begins[at]) this.ends[this.count++] = at;
  }

  /** Subtracts `best[at]` from the sums at the offsets `at` to `reach`. */
  private reset(at: number, reach: number): void {
    const { best, begins } = this;
    const offset = best[at];
    for (let i = at; i <= reach; i++) if (begins[i] >= 0) best[i] = Math.fround(best[i] - offset);
  }
}
