import type { Batch } from '../../smoothing/batch.js';

/** Up to this many words are sorted by insertion, more by the digits of the ids, from the lowest digit of the farthest word up (radix sort). */
const SHORT = 48;
/** The most bits of a digit. */
const DIGIT_BITS = 11;

/** Working memory: by digit, the place of its next word. */
const places = new Uint32Array((1 << DIGIT_BITS) + 1);

/**
 * The words of a batch, sorted by the nearest word of their histories, then by the word before it, and so on. Tables of contiguous n-grams
 * have their contexts in this order, so that words with the same context are neighbours, and each table is read from its first block to
 * its last. A "place" is an index in this sequence.
 */
export class SortedHistories {
  /** Number of words. */
  length = 0;
  /** By place, the index of the word in the batch. */
  words = new Uint32Array(0);
  /** By distance, less one, and place: the word of the history at that distance; `NONE` where the history is shorter. */
  columns: readonly Uint32Array[];
  /** By place, how many of the nearest words of the history are those of the place before; 0 at the first place. */
  shared = new Uint8Array(0);
  /** Working memory: the same as `words` and `columns`, before a step of sorting. */
  private others = new Uint32Array(0);
  private unsorted: Uint32Array[] = [];

  /** @param longest the length of the longest history [words]. */
  constructor(longest: number) {
    this.columns = Array.from({ length: longest }, () => new Uint32Array(0));
  }

  /** Sorts the words of a batch. */
  sort(batch: Batch): void {
    const { length } = batch;
    this.length = length;
    if (length > this.words.length) this.makeRoom(length);
    const { unsorted, columns, shared } = this;
    numberWords(this.words, length);
    for (let d = 0; d < unsorted.length; d++) copyHistory(batch, d + 1, unsorted[d]);
    if (length <= SHORT) sortByInsertion(this.words, length, unsorted);
    else this.sortByDigits();
    for (let d = 0; d < unsorted.length; d++) gather(unsorted[d], this.words, length, columns[d]);
    shared.fill(unsorted.length, 0, length);
    for (let d = unsorted.length - 1; d >= 0; d--) shortenAtChanges(shared, columns[d], length, d);
  }

  private makeRoom(length: number): void {
    const array = (): Uint32Array<ArrayBuffer> => new Uint32Array(length);
    this.words = array();
    this.others = array();
    this.unsorted = this.columns.map(array);
    this.columns = this.columns.map(array);
    this.shared = new Uint8Array(length);
  }

  private sortByDigits(): void {
    const { unsorted, length } = this;
    for (let d = unsorted.length - 1; d >= 0; d--) {
      const column = unsorted[d];
      const bits = 32 - Math.clz32(differingBits(column, length));
      const digits = Math.ceil(bits / DIGIT_BITS);
      const digitBits = Math.ceil(bits / digits);
      for (let digit = 0; digit < digits; digit++) {
        const shift = digit * digitBits;
        const mask = (1 << digitBits) - 1;
        places.fill(0, 0, mask + 2);
        countDigits(column, length, shift, mask);
        addUp(mask);
        distribute(column, this.words, this.others, length, shift, mask);
        [this.words, this.others] = [this.others, this.words];
      }
    }
  }
}

// Each loop below is a function of its own: V8 compiles a function while its first loop runs, and would have to compile it again for the
// next loop, of which it has seen nothing yet.

function numberWords(words: Uint32Array, length: number): void {
  for (let t = 0; t < length; t++) words[t] = t;
}

/** Copies the word of each history at a distance. */
function copyHistory({ ids, targets, length }: Batch, distance: number, column: Uint32Array): void {
  for (let t = 0; t < length; t++) column[t] = ids[targets[t] - distance];
}

function sortByInsertion(words: Uint32Array, length: number, columns: readonly Uint32Array[]): void {
  for (let i = 1; i < length; i++) {
    const word = words[i];
    let j = i;
    for (; j > 0 && comesAfter(words[j - 1], word, columns); j--) words[j] = words[j - 1];
    words[j] = word;
  }
}

function comesAfter(word: number, other: number, columns: readonly Uint32Array[]): boolean {
  for (const column of columns) if (column[word] !== column[other]) return column[word] > column[other];
  return false;
}

/** The bits in which any of the numbers differs from the first. */
function differingBits(numbers: Uint32Array, length: number): number {
  const first = numbers[0];
  let bits = 0;
  for (let i = 1; i < length; i++) bits |= numbers[i] ^ first;
  return bits;
}

/** Adds 1 to `places[d + 1]` for each number with the digit d. */
function countDigits(numbers: Uint32Array, length: number, shift: number, mask: number): void {
  for (let i = 0; i < length; i++) places[((numbers[i] >>> shift) & mask) + 1]++;
}

function addUp(last: number): void {
  for (let digit = 1; digit <= last; digit++) places[digit] += places[digit - 1];
}

/** Moves words to their places by a digit; words with equal digits stay in their sequence. */
function distribute(
  numbers: Uint32Array,
  from: Uint32Array,
  to: Uint32Array,
  length: number,
  shift: number,
  mask: number,
): void {
  for (let i = 0; i < length; i++) {
    const word = from[i];
    to[places[(numbers[word] >>> shift) & mask]++] = word;
  }
}

function gather(numbers: Uint32Array, words: Uint32Array, length: number, into: Uint32Array): void {
  for (let i = 0; i < length; i++) into[i] = numbers[words[i]];
}

/** Lowers `shared` to `count` at the places whose number differs from that of the place before, and at the first place. */
function shortenAtChanges(shared: Uint8Array, numbers: Uint32Array, length: number, count: number): void {
  let before = -1;
  for (let i = 0; i < length; i++) {
    const number = numbers[i];
    if (number !== before) shared[i] = count;
    before = number;
  }
}
