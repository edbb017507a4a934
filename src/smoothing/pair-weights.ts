const INITIAL_SLOTS = 1 << 10;

/** Weights of pairs of word ids, in a hash table with open addressing, without an object or a string for each pair. */
export class PairWeights {
  /** By slot: the two ids of a pair and its weight. A first id of 0 marks an empty slot. */
  private firsts = new Uint32Array(INITIAL_SLOTS);
  private seconds = new Uint32Array(INITIAL_SLOTS);
  private weights = new Float64Array(INITIAL_SLOTS);
  /** Number of pairs. */
  private size = 0;

  /** The weight of a pair; 0 for a pair that was never added. */
  get(first: number, second: number): number {
    return this.weights[this.slotOf(first, second)];
  }

  /** Adds to the weight of a pair. @param first an id above 0. */
  add(first: number, second: number, weight: number): void {
    let slot = this.slotOf(first, second);
    if (this.firsts[slot] === 0) {
      if (2 * ++this.size > this.firsts.length) {
        this.grow();
        slot = this.slotOf(first, second);
      }
      this.firsts[slot] = first;
      this.seconds[slot] = second;
    }
    this.weights[slot] += weight;
  }

  /** Multiplies all weights. */
  scale(factor: number): void {
    for (let slot = 0; slot < this.weights.length; slot++) this.weights[slot] *= factor;
  }

  clear(): void {
    this.firsts = new Uint32Array(INITIAL_SLOTS);
    this.seconds = new Uint32Array(INITIAL_SLOTS);
    this.weights = new Float64Array(INITIAL_SLOTS);
    this.size = 0;
  }

  /** The slot of a pair, or the empty slot where `add` puts it. */
  private slotOf(first: number, second: number): number {
    const { firsts, seconds } = this;
    const mask = firsts.length - 1;
    const hash = Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca77);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (firsts[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { firsts, seconds, weights } = this;
    this.firsts = new Uint32Array(2 * firsts.length);
    this.seconds = new Uint32Array(2 * firsts.length);
    this.weights = new Float64Array(2 * firsts.length);
    for (let from = 0; from < firsts.length; from++) {
      if (firsts[from] === 0) continue;
      const slot = this.slotOf(firsts[from], seconds[from]);
      this.firsts[slot] = firsts[from];
      this.seconds[slot] = seconds[from];
      this.weights[slot] = weights[from];
    }
  }
}
