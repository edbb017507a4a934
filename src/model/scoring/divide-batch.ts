import type { Batch } from '../../smoothing/batch.js';

/** Words of a batch that one thread scores. */
export interface BatchPart {
  /** The words, with memory of their own, so that it can move to another thread. */
  readonly batch: Batch;
  /** By word of the part, which word of the whole batch it is. */
  readonly words: Uint32Array;
}

/**
 * Divides the words of a batch among at most `count` parts of about the same length, by the nearest word of their history: tables have
 * their contexts in the order of that word first, so that each part needs other blocks of a table of contiguous n-grams.
 */
export function divideBatch({ ids, targets, available, oov, length }: Batch, count: number): BatchPart[] {
  const used = length > 0 ? targets[length - 1] + 1 : 0;
  let largest = 0;
  for (let t = 0; t < length; t++) largest = Math.max(largest, ids[targets[t] - 1]);
  /** By nearest word, the part. */
  const partOf = new Uint16Array(largest + 1);
  const lengths = shareWords(ids, targets, length, count, partOf);
  const parts = lengths.map(words => ({
    words: new Uint32Array(words),
    batch: {
      ids: ids.slice(0, used),
      targets: new Uint32Array(words),
      available: new Uint8Array(words),
      oov: new Uint8Array(words),
      length: 0,
    },
  }));
  for (let t = 0; t < length; t++) {
    const { words, batch } = parts[partOf[ids[targets[t] - 1]]];
    const at = batch.length++;
    words[at] = t;
    batch.targets[at] = targets[t];
    batch.available[at] = available[t];
    batch.oov[at] = oov[t];
  }
  return parts.filter(({ words }) => words.length > 0);
}

/** Gives each nearest word to a part, in ascending order, and returns the number of words of each part. */
function shareWords(
  ids: Uint32Array,
  targets: Uint32Array,
  length: number,
  count: number,
  partOf: Uint16Array,
): number[] {
  const counts = new Uint32Array(partOf.length);
  for (let t = 0; t < length; t++) counts[ids[targets[t] - 1]]++;
  const lengths = new Array<number>(count).fill(0);
  for (let word = 0, done = 0; word < counts.length; word++) {
    // The part in which the middle of the word's tokens would be.
    const part = Math.min(count - 1, Math.floor(((done + counts[word] / 2) / length) * count));
    partOf[word] = part;
    lengths[part] += counts[word];
    done += counts[word];
  }
  return lengths;
}
