/** The n-grams of a text as ids: two places have the same id if and only if the same n-gram begins there. */
export interface NgramIds {
  /** Length of the n-grams [tokens]. */
  readonly length: number;
  /** By place in the text, the id of the n-gram that begins there, from 1; 0 where none does, because the sentence ends too early. */
  readonly ids: Uint32Array;
  /** The largest id. */
  readonly most: number;
}

/** A hash table of pairs of ids with open addressing. A slot whose value is 0 is empty. */
interface Pairs {
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
  /** By slot, the id of the pair. */
  readonly values: Uint32Array;
}

/**
 * The ids of n-grams of twice the length. The n-gram at a place is the pair of the n-grams at this place and n tokens later; each distinct
 * pair gets an id in the order of the text. The pairs themselves are the keys of the hash table, so that no two n-grams share an id.
 */
export function doubled({ length, ids }: NgramIds): NgramIds {
  const pairs = new Uint32Array(ids.length);
  let table = emptyPairs(1 << 12);
  let most = 0;
  for (let at = 0; at + length < ids.length; at++) {
    const [first, second] = [ids[at], ids[at + length]];
    if (first === 0 || second === 0) continue;
    if (3 * most > 2 * table.values.length) table = rehashed(table);
    const slot = slotOf(table, first, second);
    if (table.values[slot] === 0) put(table, slot, first, second, ++most);
    pairs[at] = table.values[slot];
  }
  return { length: 2 * length, ids: pairs, most };
}

function emptyPairs(slots: number): Pairs {
  return { firsts: new Uint32Array(slots), seconds: new Uint32Array(slots), values: new Uint32Array(slots) };
}

function put({ firsts, seconds, values }: Pairs, slot: number, first: number, second: number, value: number): void {
  firsts[slot] = first;
  seconds[slot] = second;
  values[slot] = value;
}

/** The slot of a pair, or the empty slot for it. */
function slotOf({ firsts, seconds, values }: Pairs, first: number, second: number): number {
  const mask = values.length - 1;
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  hash ^= hash >>> 15;
  let slot = hash & mask;
  while (values[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) slot = (slot + 1) & mask;
  return slot;
}

/** The pairs in a table of twice as many slots. */
function rehashed({ firsts, seconds, values }: Pairs): Pairs {
  const larger = emptyPairs(2 * values.length);
  for (let slot = 0; slot < values.length; slot++) {
    if (values[slot] === 0) continue;
    const [first, second] = [firsts[slot], seconds[slot]];
    put(larger, slotOf(larger, first, second), first, second, values[slot]);
  }
  return larger;
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
