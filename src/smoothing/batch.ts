import { BOS, EOS, NONE, UNK } from '../text/tokens.js';

/** The bit of an id that marks a word outside the vocabulary, which is scored as `<unk>`. */
export const OOV = 0x80000000;

/**
 * Words to score, each with its history before it in `ids`. "Word t of a batch" is the t-th word to score, from 0. A sentence is laid
 * out as order − 2 times `NONE`, `<s>`, the words, `</s>`. At order 3, for the sentence "the cat":
 *
 * ```
 * ids        NONE  <s>  the  cat  </s>
 * targets                2    3    4       positions in `ids` of the words to score
 * available              1    2    2       words of history, at most order − 1
 * ```
 */
export interface Batch {
  ids: Uint32Array;
  /** By word to score: its position in `ids`. Only the first `length` entries of `targets`, `available` and `oov` are in use. */
  targets: Uint32Array;
  /** By word to score: its number of words of history, at most order − 1. */
  available: Uint8Array;
  /** By word to score: 1 if it is outside the vocabulary, else 0. */
  oov: Uint8Array;
  /** Number of words to score. */
  length: number;
}

/** The length of `ids` that a batch of `capacity` words needs at most: each word may begin a sentence, and needs its own history. */
export function batchPositions(order: number, capacity: number): number {
  const reach = Math.max(1, order - 1);
  return capacity * (1 + reach) + reach;
}

/** Whether each sentence of a text begins with `<s>`, and whether `</s>` is scored at its end. */
export interface SentenceEnds {
  readonly start: boolean;
  readonly end: boolean;
}

/** The ends of sentences in training: both `<s>` and `</s>`. */
export const BOTH_ENDS: SentenceEnds = { start: true, end: true };

/**
 * Lays a stream of ids out in batches. Call `push` for each id of a text in order, with the bit {@link OOV} if the word is outside the
 * vocabulary; `EOS` ends a sentence. When `full`, score `batch` and call `clear`.
 */
export class BatchLayout {
  readonly batch: Batch;
  /** The number of positions of `batch.ids` in use. */
  private at = 0;
  /** Words before the next word in its sentence, with `<s>`. */
  private history = 0;
  /** The longest history that scoring uses [words]: order − 1. */
  private readonly longest: number;
  /** Number of ids before the first word of a sentence: order − 1, at least 1. */
  private readonly reach: number;
  /** Whether the next word begins a sentence. */
  private starting = true;

  /** @param capacity the most words that a batch can have. */
  constructor(
    order: number,
    capacity: number,
    private ends: SentenceEnds = BOTH_ENDS,
  ) {
    this.longest = order - 1;
    this.reach = Math.max(1, order - 1);
    this.batch = {
      ids: new Uint32Array(batchPositions(order, capacity)),
      targets: new Uint32Array(capacity),
      available: new Uint8Array(capacity),
      oov: new Uint8Array(capacity),
      length: 0,
    };
  }

  get full(): boolean {
    return this.batch.length === this.batch.targets.length;
  }

  /** Begins a sentence at the next word. @param withStart whether `<s>` is its history; otherwise its history is empty. */
  begin(withStart: boolean): void {
    const { ids } = this.batch;
    for (let j = 0; j < this.reach; j++) ids[this.at++] = NONE;
    if (withStart) ids[this.at - 1] = BOS;
    this.history = withStart ? 1 : 0;
    this.starting = false;
  }

  /** Adds a word to score; the batch must not be full. `EOS` ends the sentence. */
  push(id: number): void {
    if (id === EOS && !this.ends.end) {
      this.starting = true;
      return;
    }
    if (this.starting) this.begin(this.ends.start);
    const { batch } = this;
    const index = batch.length++;
    const unknown = id >= OOV;
    batch.targets[index] = this.at;
    batch.available[index] = Math.min(this.history++, this.longest);
    batch.oov[index] = unknown ? 1 : 0;
    batch.ids[this.at++] = unknown ? UNK : id;
    if (id === EOS) this.starting = true;
  }

  /**
   * Adds the words `ids[from, to)` to score until the batch is full.
   *
   * @returns the first that it did not add; `to` if it added all.
   */
  fill(ids: Uint32Array, from: number, to = ids.length): number {
    let at = from;
    while (at < to && !this.full) this.push(ids[at++]);
    return at;
  }

  /** Adds a word that is only history of later words, and is not scored itself. */
  pushHistory(id: number): void {
    if (this.starting) this.begin(this.ends.start);
    this.batch.ids[this.at++] = id >= OOV ? UNK : id;
    this.history++;
  }

  /** Empties the batch, and keeps only the history of the next word. */
  clear(): void {
    const { batch, reach } = this;
    if (!this.starting && this.at > reach) {
      batch.ids.copyWithin(0, this.at - reach, this.at);
      this.at = reach;
    } else if (this.starting) {
      this.at = 0;
    }
    batch.length = 0;
  }

  /** Forgets all words; the next word begins a sentence. @param ends the ends of all later sentences. */
  reset(ends = this.ends): void {
    this.ends = ends;
    this.batch.length = 0;
    this.at = 0;
    this.history = 0;
    this.starting = true;
  }
}
