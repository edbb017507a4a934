import { BOS, EOS, NONE, UNK } from '../text/tokens.js';

/** Bit that marks the id of a word outside the vocabulary, which is scored as `<unk>`. */
export const OOV = 0x80000000;

/**
 * Words to be scored, each with its history in front of it. Sentences are laid out as for training: order − 2 times `NONE`,
 * `<s>`, the words, `</s>`. At order 3, for the sentence "the cat":
 *
 * ```
 * ids        NONE  <s>  the  cat  </s>
 * targets                2    3    4       positions of the words to be scored
 * available              1    2    2       words of history, at most order − 1
 * ```
 */
export interface Batch {
  ids: Uint32Array;
  /** Positions in `ids` of the words to be scored; `length` of them. */
  targets: Uint32Array;
  /** By word to be scored, its number of words of history, at most order − 1. */
  available: Uint8Array;
  /** By word to be scored, 1 if it is outside the vocabulary, else 0. */
  oov: Uint8Array;
  length: number;
}

/** The most positions of `ids` that a batch of `capacity` words needs: each word may begin a sentence, with its history before it. */
export function batchPositions(order: number, capacity: number): number {
  const reach = Math.max(1, order - 1);
  return capacity * (1 + reach) + reach;
}

/** Whether `<s>` stands before each sentence of a text, and `</s>` is scored after it. */
export interface SentenceEnds {
  readonly start: boolean;
  readonly end: boolean;
}

/** The ends of sentences in training: both `<s>` and `</s>`. */
export const BOTH_ENDS: SentenceEnds = { start: true, end: true };

/**
 * Lays a stream of ids out in batches. Input: ids one after another, which may carry {@link OOV}; `EOS` ends a sentence.
 * Output: `batch`, complete when `full`. Order: as in the text.
 */
export class BatchLayout {
  readonly batch: Batch;
  private at = 0;
  private history = 0;
  private readonly longest: number;
  /** How many ids are laid out before the first word of a sentence: order − 1, at least one. */
  private readonly reach: number;
  private starting = true;

  /** @param capacity the most words a batch may have. */
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

  /** Begins a sentence at the next word: with `<s>` or with nothing before it. */
  begin(withStart: boolean): void {
    const { ids } = this.batch;
    for (let j = 0; j < this.reach; j++) ids[this.at++] = NONE;
    if (withStart) ids[this.at - 1] = BOS;
    this.history = withStart ? 1 : 0;
    this.starting = false;
  }

  /** Adds a word to be scored; the batch must not be full. `EOS` ends the sentence. */
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

  /** Adds a word that is history only: it is not scored. */
  pushHistory(id: number): void {
    if (this.starting) this.begin(this.ends.start);
    this.batch.ids[this.at++] = id >= OOV ? UNK : id;
    this.history++;
  }

  /** Makes room for the next words: of the scored words only the history of the next word stays. */
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

  /** Forgets all words: the next word begins a sentence. @param ends the ends of all sentences from here on. */
  reset(ends = this.ends): void {
    this.ends = ends;
    this.batch.length = 0;
    this.at = 0;
    this.history = 0;
    this.starting = true;
  }
}
