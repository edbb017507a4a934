import { log } from '../base/elementary.js';
import { FIRST_WORD } from '../text/tokens.js';
import type { Pause } from '../base/turn.js';
import type { Bigrams } from './bigrams.js';

/** Each round moves this many words, the most frequent ones. All other words are placed once, at the end. */
const MOVED_WORDS = 50_000;
/** The most rounds over the words. */
const ROUNDS = 6;
/** No more rounds follow a round in which less than this share of the words changed their class. */
const STILL = 0.005;
/** `pause` is awaited once for this many words. */
const WORDS_A_PAUSE = 64;

/**
 * Groups words into classes by the exchange algorithm (Kneser & Ney 1993; Martin, Liermann & Ney 1998): each word in turn moves to the
 * class that gives the text the highest likelihood under the class bigram model, Σ N(c,d)·log N(c,d) − Σ N(c)·log N(c) − Σ N(d)·log N(d)
 * over left classes c and right classes d. Deterministic: words move in the order of their ids, by falling frequency.
 *
 * - Input: the bigrams of a text, and how many classes to make.
 * - Output: by word id (length: `types`), the id of its class. Ids of classes are like ids of words: `<unk>`, `<s>` and `</s>` are classes
 *   of their own with their usual ids, and the ids of all other classes begin at `FIRST_WORD`.
 *
 * @param types ids in use, `NONE` included.
 * @param pause awaited after every {@link WORDS_A_PAUSE} words.
 */
export async function clusterWords(
  bigrams: Bigrams,
  types: number,
  classes: number,
  pause: Pause,
): Promise<Uint32Array> {
  const clustering = new Clustering(bigrams, types, FIRST_WORD + classes);
  const moved = Math.min(types, FIRST_WORD + MOVED_WORDS);
  for (let round = 0; round < ROUNDS; round++) {
    let moves = 0;
    for (let word = FIRST_WORD; word < moved; word++) {
      if (clustering.move(word)) moves++;
      if (word % WORDS_A_PAUSE === 0) await pause();
    }
    if (moves < STILL * moved) break;
  }
  for (let word = moved; word < types; word++) {
    clustering.move(word);
    if (word % WORDS_A_PAUSE === 0) await pause();
  }
  return clustering.classes;
}

/** Size of the two matrices of pairs of classes [bytes]. */
export function clusteringBytes(classes: number): number {
  return 16 * (FIRST_WORD + classes) ** 2;
}

/** The class of each word, and the class bigram counts N(c,d), while words move. */
class Clustering {
  /** By word id, the id of its class. */
  readonly classes: Uint32Array;
  /** N(c,d) at c·classCount + d. */
  private readonly forward: Float64Array;
  /** N(c,d) at d·classCount + c, so that the counts of one right class are neighbours in memory too. */
  private readonly backward: Float64Array;
  /** By left class c, N(c). */
  private readonly leftTotals: Float64Array;
  /** By right class d, N(d). */
  private readonly rightTotals: Float64Array;
  /** The words after each word. */
  private readonly followers: Neighbours;
  /** The words before each word. */
  private readonly precursors: Neighbours;
  /** By class, by how much Σ N(c,d)·log N(c,d) grows if the word joins the class. */
  private readonly gains: Float64Array;
  /** The classes after the word that moves. */
  private readonly after: ClassCounts;
  /** The classes before the word that moves. */
  private readonly before: ClassCounts;

  /** @param classCount ids of classes in use: all class ids are below it. */
  constructor(
    bigrams: Bigrams,
    types: number,
    private readonly classCount: number,
  ) {
    const { left, right, counts } = bigrams;
    this.classes = Uint32Array.from({ length: types }, (_, id) =>
      id < FIRST_WORD ? id : FIRST_WORD + ((id - FIRST_WORD) % Math.max(1, classCount - FIRST_WORD)),
    );
    this.forward = new Float64Array(classCount * classCount);
    this.backward = new Float64Array(classCount * classCount);
    this.leftTotals = new Float64Array(classCount);
    this.rightTotals = new Float64Array(classCount);
    this.gains = new Float64Array(classCount);
    this.after = new ClassCounts(classCount);
    this.before = new ClassCounts(classCount);
    this.followers = neighbours(left, right, counts, types);
    this.precursors = neighbours(right, left, counts, types);
    for (let i = 0; i < left.length; i++) {
      const [c, d] = [this.classes[left[i]], this.classes[right[i]]];
      this.addPair(c, d, counts[i]);
      this.leftTotals[c] += counts[i];
      this.rightTotals[d] += counts[i];
    }
  }

  /** Moves a word to its best class. @returns whether the word changed its class. */
  move(word: number): boolean {
    const { classes, classCount, after, before, forward, backward, gains, leftTotals, rightTotals } = this;
    const old = classes[word];
    const self = after.gather(this.followers, word, classes);
    before.gather(this.precursors, word, classes);
    if (after.total + before.total + self === 0) return false;
    this.shift(old, -1, self);
    gains.fill(0);
    for (const [counts, matrix] of [
      [after, backward],
      [before, forward],
    ] as const) {
      for (let i = 0; i < counts.length; i++) {
        const other = counts.seen[i];
        const more = counts.counts[other];
        const row = other * classCount;
        for (let c = FIRST_WORD; c < classCount; c++) gains[c] += gain(matrix[row + c], more);
      }
    }
    const left = after.total + self;
    const right = before.total + self;
    let best = old;
    let most = -Infinity;
    for (let c = FIRST_WORD; c < classCount; c++) {
      // `gains[c]` has one term for N(c,c) plus the words after, and one for N(c,c) plus the words before. The correction replaces both
      // by the term for N(c,c) plus all of them and the pairs of the word with itself.
      const within = forward[c * classCount + c];
      const correction =
        gain(within, after.counts[c] + before.counts[c] + self) -
        gain(within, after.counts[c]) -
        gain(within, before.counts[c]);
      const value = gains[c] + correction - gain(leftTotals[c], left) - gain(rightTotals[c], right);
      if (value > most) {
        most = value;
        best = c;
      }
    }
    this.shift(best, 1, self);
    classes[word] = best;
    return best !== old;
  }

  /**
   * Adds the pairs of the word that moves to the pairs of class c (sign 1), or subtracts them (sign −1).
   *
   * @param self how often the word follows itself.
   */
  private shift(c: number, sign: number, self: number): void {
    const { after, before } = this;
    for (let i = 0; i < after.length; i++) this.addPair(c, after.seen[i], sign * after.counts[after.seen[i]]);
    for (let i = 0; i < before.length; i++) this.addPair(before.seen[i], c, sign * before.counts[before.seen[i]]);
    if (self > 0) this.addPair(c, c, sign * self);
    // The totals of the neighbours' classes stay the same: the word stands beside its neighbours, whatever its class is.
    this.leftTotals[c] += sign * (after.total + self);
    this.rightTotals[c] += sign * (before.total + self);
  }

  /** Adds n to N(left, right). */
  private addPair(left: number, right: number, n: number): void {
    this.forward[left * this.classCount + right] += n;
    this.backward[right * this.classCount + left] += n;
  }
}

/** How often one word stands beside each class. */
class ClassCounts {
  /** By class, how often the word stands beside it. */
  readonly counts: Float64Array;
  /** The classes beside which the word stands; the first `length` entries are valid. */
  readonly seen: Uint32Array;
  length = 0;
  /** The sum of `counts`. */
  total = 0;

  constructor(classes: number) {
    this.counts = new Float64Array(classes);
    this.seen = new Uint32Array(classes);
  }

  /** Counts the neighbours of a word by class, without the word itself. @returns how often the word stands beside itself. */
  gather({ starts, words, counts: pairCounts }: Neighbours, word: number, classes: Uint32Array): number {
    const { counts, seen } = this;
    for (let i = 0; i < this.length; i++) counts[seen[i]] = 0;
    this.length = 0;
    this.total = 0;
    let self = 0;
    for (let i = starts[word]; i < starts[word + 1]; i++) {
      const n = pairCounts[i];
      if (words[i] === word) {
        self = n;
        continue;
      }
      const c = classes[words[i]];
      if (counts[c] === 0) seen[this.length++] = c;
      counts[c] += n;
      this.total += n;
    }
    return self;
  }
}

/** The neighbours of each word on one side: `words[i]` stands beside it `counts[i]` times, for `starts[word]` ≤ i < `starts[word + 1]`. */
interface Neighbours {
  readonly starts: Uint32Array;
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
}

/** The neighbours `to[i]` of each word `from[i]`, which occur together `counts[i]` times. */
function neighbours(from: Uint32Array, to: Uint32Array, counts: Uint32Array, types: number): Neighbours {
  const starts = new Uint32Array(types + 1);
  for (const word of from) starts[word + 1]++;
  for (let word = 0; word < types; word++) starts[word + 1] += starts[word];
  const next = starts.slice();
  const words = new Uint32Array(from.length);
  const pairCounts = new Uint32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const at = next[from[i]]++;
    words[at] = to[i];
    pairCounts[at] = counts[i];
  }
  return { starts, words, counts: pairCounts };
}

/** (n + more)·log(n + more) − n·log n: by how much a term N·log N changes when the count n grows by `more`. */
function gain(n: number, more: number): number {
  return entropyTerm(n + more) - entropyTerm(n);
}

/** n·log n for each count n below 65,536. */
const TERMS = new Float64Array(1 << 16);
for (let n = 1; n < TERMS.length; n++) TERMS[n] = n * log(n);

/** n·log n, read from a table if n is below 65,536, as nearly all counts are. */
function entropyTerm(n: number): number {
  return n < TERMS.length ? TERMS[n] : n * log(n);
}
