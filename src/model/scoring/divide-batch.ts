import type { Batch } from '../../smoothing/batch.js';

/** Words of a batch that one thread scores. */
export interface BatchPart {
  /** The words; their `ids` are those of the whole batch. */
  readonly batch: Batch;
  /** By word of the part, which word of the whole batch it is. */
  readonly words: Uint32Array;
}

/**
 * Divides the words of a batch among at most `count` parts of about the same length, by the nearest word of their history: tables have
 * their contexts in the order of that word first, so that each part needs other blocks of a table of contiguous n-grams.
 */
export function divideBatch(batch: Batch, count: number): BatchPart[] {
  if (count === 1) return [{ batch, words: Uint32Array.from({ length: batch.length }, (_, t) => t) }];
  const counts = countNearest(batch);
  const { partOf, lengths } = shareWords(counts, batch.length, count);
  const parts = lengths.map(words => ({
    words: new Uint32Array(words),
    batch: {
      ids: batch.ids,
      targets: new Uint32Array(words),
      available: new Uint8Array(words),
      oov: new Uint8Array(words),
      length: 0,
    },
  }));
  for (let t = 0; t < batch.length; t++) addWord(parts[partOf[batch.ids[batch.targets[t] - 1]]], batch, t);
  return parts.filter(({ words }) => words.length > 0);
}

/** By word id, the number of words of the batch before which this word stands. */
function countNearest({ ids, targets, length }: Batch): Uint32Array {
  let counts = new Uint32Array(1 << 16);
  for (let t = 0; t < length; t++) {
    const nearest = ids[targets[t] - 1];
    if (nearest >= counts.length) {
      const longer = new Uint32Array(2 * nearest);
      longer.set(counts);
      counts = longer;
    }
    counts[nearest]++;
  }
  return counts;
}

/** Gives each nearest word to a part, in ascending order. @returns by word id, the part; and the number of words of each part. */
function shareWords(
  counts: Uint32Array,
  length: number,
  count: number,
): { readonly partOf: Uint16Array; readonly lengths: readonly number[] } {
  const partOf = new Uint16Array(counts.length);
  const lengths = new Array<number>(count).fill(0);
  for (let word = 0, done = 0; word < counts.length; word++) {
    // The part in which the middle of the word's tokens would be.
    const part = Math.min(count - 1, Math.floor(((done + counts[word] / 2) / length) * count));
    partOf[word] = part;
    lengths[part] += counts[word];
    done += counts[word];
  }
  return { partOf, lengths };
}

/** Adds word t of a batch to a part. */
function addWord({ words, batch: part }: BatchPart, { targets, available, oov }: Batch, t: number): void {
  const at = part.length++;
  words[at] = t;
  part.targets[at] = targets[t];
  part.available[at] = available[t];
  part.oov[at] = oov[t];
}
