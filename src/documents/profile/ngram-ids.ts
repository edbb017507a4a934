/** The n-grams of a text as ids: two places have the same id if and only if the same n-gram begins there. */
export interface NgramIds {
  /** Length of the n-grams [tokens]. */
  readonly length: number;
  /** By place in the text, the id of the n-gram that begins there, from 1; 0 where none does, because the sentence ends too early. */
  readonly ids: Uint32Array;
  /** The largest id. */
  readonly most: number;
}

/** Ids are below this, so that two of them fit into a number exactly. */
const RADIX = 2 ** 26;

/**
 * The ids of n-grams of twice the length. The n-gram at a place is the pair of the n-grams at this place and n tokens later; each distinct
 * pair gets an id in the order of the text. The pairs themselves are the keys of the hash table, so that no two n-grams share an id.
 */
export function doubled({ length, ids }: NgramIds): NgramIds {
  const pairs = new Uint32Array(ids.length);
  let keys = new Float64Array(1 << 12);
  let values = new Uint32Array(1 << 12);
  let most = 0;
  for (let at = 0; at + length < ids.length; at++) {
    const [first, second] = [ids[at], ids[at + length]];
    if (first === 0 || second === 0) continue;
    if (3 * most > 2 * keys.length) [keys, values] = rehashed(keys, values);
    const key = first * RADIX + second;
    const slot = slotOf(keys, key);
    if (keys[slot] === 0) {
      keys[slot] = key;
      values[slot] = ++most;
    }
    pairs[at] = values[slot];
  }
  return { length: 2 * length, ids: pairs, most };
}

/** The slot of a key, or the empty slot for it. */
function slotOf(keys: Float64Array, key: number): number {
  const mask = keys.length - 1;
  const high = Math.floor(key / RADIX);
  let hash = Math.imul(high, 0x9e3779b1) ^ Math.imul(key - high * RADIX, 0x85ebca6b);
  hash ^= hash >>> 15;
  let slot = hash & mask;
  while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

/** The keys and values in tables of twice as many slots. */
function rehashed(keys: Float64Array, values: Uint32Array): [Float64Array<ArrayBuffer>, Uint32Array<ArrayBuffer>] {
  const larger = new Float64Array(2 * keys.length);
  const own = new Uint32Array(2 * keys.length);
  for (let slot = 0; slot < keys.length; slot++) {
    if (keys[slot] === 0) continue;
    const to = slotOf(larger, keys[slot]);
    larger[to] = keys[slot];
    own[to] = values[slot];
  }
  return [larger, own];
}

/** How many n-grams lie at the places `from` ≤ place < `to`, and how many of them are distinct. */
export function countDistinct(
  { length, ids, most }: NgramIds,
  from: number,
  to: number,
): { readonly all: number; readonly distinct: number } {
  const seen = new Uint8Array(most + 1);
  let [all, distinct] = [0, 0];
  for (let at = from; at + length <= to; at++) {
    const id = ids[at];
    if (id === 0) continue;
    all++;
    if (seen[id] === 0) distinct++;
    seen[id] = 1;
  }
  return { all, distinct };
}

/** The share of the n-grams at the places from `border` on that also begin before it; `null` if there are none. */
export function shareCopied({ ids, most }: NgramIds, border: number): number | null {
  const seen = new Uint8Array(most + 1);
  for (let at = 0; at < border; at++) seen[ids[at]] = 1;
  let [all, copied] = [0, 0];
  for (let at = border; at < ids.length; at++) {
    if (ids[at] === 0) continue;
    all++;
    copied += seen[ids[at]];
  }
  return all === 0 ? null : copied / all;
}

/**
 * The mean over units of 1 − distinct/all of a unit's n-grams: seq-rep-n (Welleck et al. 2020). Units without an n-gram are left out.
 *
 * @param unitEnds by unit, the place behind it; the first unit begins at `from`.
 */
export function meanRepetition({ ids, most }: NgramIds, from: number, unitEnds: ArrayLike<number>): number | null {
  const seenIn = new Uint32Array(most + 1);
  let [sum, units, at] = [0, 0, from];
  for (let unit = 0; unit < unitEnds.length; unit++) {
    let [all, distinct] = [0, 0];
    for (; at < unitEnds[unit]; at++) {
      const id = ids[at];
      if (id === 0) continue;
      all++;
      if (seenIn[id] !== unit + 1) distinct++;
      seenIn[id] = unit + 1;
    }
    if (all === 0) continue;
    sum += 1 - distinct / all;
    units++;
  }
  return units === 0 ? null : sum / units;
}
