import { exp } from '../../base/elementary.js';
import { NONE } from '../../text/tokens.js';

/** Slots of an empty table. */
const FIRST_SLOTS = 1 << 10;
/** When the weight of a new occurrence exceeds this, all weights are divided by it. */
const LARGE = 1e200;

/**
 * The n-grams of a running text, each with its weight: the sum of the weights of its occurrences, which fade exponentially. A table
 * has several memories: each memory fades at its own speed. The number of words before the last is the same for all n-grams, at most two; NONE
 * stands for a word that is missing.
 *
 * Instead of lowering the weights that it holds, a table gives a new occurrence a higher weight, the unit. Keys and weights lie in a hash
 * table with open addressing, without an object for each n-gram. A context has an entry of its own with the sum of the weights of its n-grams;
 * its word is NONE.
 */
export class RecentNgrams {
  /** By memory, for the n-gram that was looked up last: its weight ÷ the weight of its context; 0 without the n-gram. */
  readonly shares: Float64Array;
  /** By memory, for the context that was looked up last: its weight in units; 0 if it was not seen, or has faded. */
  readonly totals: Float64Array;
  /** By memory: the weight of an occurrence that is added now. */
  private readonly units: Float64Array;
  /** By memory: the factor by which the unit grows from word to word. */
  private readonly growth: Float64Array;
  /** Three numbers a slot: the two words before, and the last word plus 1. A slot whose third number is 0 is empty. */
  private keys = new Uint32Array(3 * FIRST_SLOTS);
  /** By slot and memory. */
  private weights: Float64Array;
  /** Number of entries. */
  private size = 0;

  /**
   * @param memories by memory, the number of words after which a weight has faded to 1/e.
   * @param faded a weight below this share of a unit counts as 0, at least 1e-250. An n-gram is forgotten when all its weights are below.
   */
  constructor(
    memories: readonly number[],
    private readonly faded: number,
  ) {
    this.growth = Float64Array.from(memories, memory => exp(1 / memory));
    this.units = new Float64Array(memories.length).fill(1);
    this.shares = new Float64Array(memories.length);
    this.totals = new Float64Array(memories.length);
    this.weights = new Float64Array(FIRST_SLOTS * memories.length);
  }

  /** Number of slots of the hash table, which takes 12 bytes a slot and 8 more for each memory. */
  get slots(): number {
    return this.keys.length / 3;
  }

  /** The largest of `totals`, that of the longest memory; 0 without memories. */
  get total(): number {
    const { totals } = this;
    return totals.length === 0 ? 0 : totals[totals.length - 1];
  }

  /** Sets `shares` and `totals` for a word after a context. */
  look(second: number, first: number, word: number): void {
    const { shares, totals, units, weights, faded } = this;
    const memories = units.length;
    const ofContext = this.slotOf(second, first, NONE) * memories;
    if (this.keys[(ofContext / memories) * 3 + 2] === 0) {
      shares.fill(0);
      totals.fill(0);
      return;
    }
    const ofWord = this.slotOf(second, first, word) * memories;
    for (let m = 0; m < memories; m++) {
      const total = weights[ofContext + m];
      const isKept = total >= faded * units[m];
      totals[m] = isKept ? total / units[m] : 0;
      shares[m] = isKept ? weights[ofWord + m] / total : 0;
    }
  }

  /** Lets all weights fade by one word. */
  step(): void {
    const { units, growth, weights } = this;
    const memories = units.length;
    for (let m = 0; m < memories; m++) {
      units[m] *= growth[m];
      if (units[m] <= LARGE) continue;
      for (let at = m; at < weights.length; at += memories) weights[at] /= units[m];
      units[m] = 1;
    }
  }

  /** Adds an occurrence of a word after a context. @param weight its weight in units, above 0. */
  add(second: number, first: number, word: number, weight: number): void {
    // Room for both entries first: between them, a context would have a weight that its n-grams do not have yet, and lose it.
    if (2 * (this.size + 2) > this.slots) this.rebuild();
    this.put(second, first, NONE, weight);
    this.put(second, first, word, weight);
  }

  clear(): void {
    this.keys = new Uint32Array(3 * FIRST_SLOTS);
    this.weights = new Float64Array(FIRST_SLOTS * this.units.length);
    this.units.fill(1);
    this.size = 0;
  }

  private put(second: number, first: number, word: number, weight: number): void {
    const { units } = this;
    const memories = units.length;
    const slot = this.enter(second, first, word);
    for (let m = 0; m < memories; m++) this.weights[slot * memories + m] += weight * units[m];
  }

  /** The slot of an entry, which is made if there is none. */
  private enter(second: number, first: number, word: number): number {
    const slot = this.slotOf(second, first, word);
    if (this.keys[3 * slot + 2] !== 0) return slot;
    this.keys[3 * slot] = second;
    this.keys[3 * slot + 1] = first;
    this.keys[3 * slot + 2] = word + 1;
    this.size++;
    return slot;
  }

  /** Forgets n-grams whose weights have faded, computes the weights of contexts anew, and doubles the table if it may still be half full. */
  private rebuild(): void {
    const { keys, weights, units } = this;
    const memories = units.length;
    const { slots } = this;
    let kept = 0;
    for (let slot = 0; slot < slots; slot++) if (this.isRemembered(slot)) kept++;
    const remembered = new Uint32Array(kept);
    for (let slot = 0, i = 0; slot < slots; slot++) if (this.isRemembered(slot)) remembered[i++] = slot;
    // Each n-gram may have a context of its own; the next one has room, too.
    const larger = 4 * (kept + 1) > slots ? 2 * slots : slots;
    this.keys = new Uint32Array(3 * larger);
    this.weights = new Float64Array(memories * larger);
    this.size = 0;
    for (const from of remembered) {
      const [second, first, word] = [keys[3 * from], keys[3 * from + 1], keys[3 * from + 2] - 1];
      for (const entry of [word, NONE]) {
        const slot = this.enter(second, first, entry);
        for (let m = 0; m < memories; m++) this.weights[slot * memories + m] += weights[from * memories + m];
      }
    }
  }

  /** Whether a slot holds an n-gram with a weight that has not faded. */
  private isRemembered(slot: number): boolean {
    const { units, weights } = this;
    const word = this.keys[3 * slot + 2];
    if (word <= NONE + 1) return false;
    for (let m = 0; m < units.length; m++) if (weights[slot * units.length + m] >= this.faded * units[m]) return true;
    return false;
  }

  /** The slot of an entry, or the empty slot where it belongs. */
  private slotOf(second: number, first: number, word: number): number {
    const { keys } = this;
    const mask = keys.length / 3 - 1;
    let slot = hash3(second, first, word) & mask;
    for (;;) {
      const at = 3 * slot;
      const key = keys[at + 2];
      if (key === 0 || (key === word + 1 && keys[at + 1] === first && keys[at] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}

function hash3(a: number, b: number, c: number): number {
  const hash = Math.imul(Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca77) ^ c, 0xc2b2ae3d);
  return hash ^ (hash >>> 15);
}
