import { BOS, EOS, NONE, UNK } from '../text/tokens.js';

/** Marks an id as that of a word outside the vocabulary, which is scored as `<unk>`. */
export const OOV = 0x80000000;

/**
 * Words to be scored and what stands before them. Sentences are laid out as for training: order − 2 times `NONE`, `<s>`,
 * the words, `</s>`; so the history of a word is what stands before it.
 */
export interface Batch {
  ids: Uint32Array;
  /** Where in `ids` the words to be scored are; `length` of them. */
  targets: Uint32Array;
  /** For each, how many words of history it has, at most order − 1. */
  available: Uint8Array;
  /** For each, whether it is outside the vocabulary. */
  oov: Uint8Array;
  length: number;
}

/** How many positions a batch of some words has at most: each word may begin a sentence, and has its history before it. */
export function batchPositions(order: number, capacity: number): number {
  const reach = Math.max(1, order - 1);
  return capacity * (1 + reach) + reach;
}

/** Lays a stream of ids out in batches. Ids may carry {@link OOV}; `EOS` ends a sentence. */
export class BatchLayout {
  readonly batch: Batch;
  private at = 0;
  private history = 0;
  private readonly longest: number;
  /** Numbers laid out before a sentence: its history, at least one. */
  private readonly reach: number;
  private starting = true;

  /** @param capacity the most words a batch may have. */
  constructor(order: number, capacity: number) {
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

  /** Adds a word to be scored; the batch must not be full. After `EOS` the next sentence begins with `<s>`. */
  push(id: number): void {
    if (this.starting) this.begin(true);
    const { batch } = this;
    const index = batch.length++;
    const unknown = id >= OOV;
    batch.targets[index] = this.at;
    batch.available[index] = Math.min(this.history++, this.longest);
    batch.oov[index] = unknown ? 1 : 0;
    batch.ids[this.at++] = unknown ? UNK : id;
    if (id === EOS) this.starting = true;
  }

  /** Puts a word into the history only. */
  pushHistory(id: number): void {
    if (this.starting) this.begin(true);
    this.batch.ids[this.at++] = id >= OOV ? UNK : id;
    this.history++;
  }

  /** Makes room: the scored words are left only as history. */
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

  /** Forgets everything: the next word begins a sentence. */
  reset(): void {
    this.batch.length = 0;
    this.at = 0;
    this.history = 0;
    this.starting = true;
  }
}
