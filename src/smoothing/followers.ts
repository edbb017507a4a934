/** The words that were seen after a context, and their counts in a table. */
export interface Followers {
  /** Tells the contexts of a table apart. */
  readonly key: number;
  readonly length: number;
  /** Puts the words, in any order, and their counts into arrays with room for `length`. */
  copy(words: Uint32Array, counts: Uint32Array): void;
  /** How often a word was seen after the context. */
  countOf(word: number): number;
}

/** The followers of a context that have the highest counts, falling; of equal ones the smallest words first. */
export interface Head {
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
  /** No other follower has a higher count than this; 0 where there is none. */
  readonly rest: number;
}

/** Counts above this are clamped to it when the threshold of a head is chosen, so that its histogram has 4,096 entries. */
const HIGHEST = (1 << 12) - 1;

/** The head of a context: those of its followers that reach a count which at most about `most` reach. */
export function headOf(followers: Followers, most: number): Head {
  const { length } = followers;
  const words = new Uint32Array(length);
  const counts = new Uint32Array(length);
  followers.copy(words, counts);
  const least = leastOf(counts, most);
  const order = new Uint32Array(length);
  let size = 0;
  for (let i = 0; i < length; i++) if (counts[i] >= least) order[size++] = i;
  const head = order.subarray(0, size).sort((a, b) => counts[b] - counts[a] || words[a] - words[b]);
  return { words: head.map(i => words[i]), counts: head.map(i => counts[i]), rest: size === length ? 0 : least - 1 };
}

/** The smallest count that at most so many reach, but no higher than `HIGHEST`. */
function leastOf(counts: Uint32Array, most: number): number {
  if (counts.length <= most) return 1;
  const having = new Uint32Array(HIGHEST + 1);
  for (const count of counts) having[Math.min(count, HIGHEST)]++;
  let least = HIGHEST;
  for (let sum = having[least]; least > 1 && sum + having[least - 1] <= most; sum += having[least]) least--;
  return least;
}

/** Followers of a head that is not of all. */
const HEAD_LENGTH = 1024;
/** Followers that are kept in all heads: 32 MB. */
const KEPT = 1 << 22;

/** The heads of the contexts that were asked for last. */
export class Heads {
  private readonly heads = new Map<string, Head>();
  private kept = 0;

  /**
   * @param table the place of the table.
   * @param whole whether the head must be of all followers.
   */
  get(table: number, followers: Followers, whole: boolean): Head {
    const { heads } = this;
    const key = `${table}/${followers.key}`;
    const found = heads.get(key);
    if (found) this.drop(key, found);
    const head = found && (found.rest === 0 || !whole) ? found : headOf(followers, whole ? Infinity : HEAD_LENGTH);
    heads.set(key, head);
    this.kept += head.words.length;
    for (const [oldest, old] of heads) {
      if (this.kept <= KEPT || old === head) break;
      this.drop(oldest, old);
    }
    return head;
  }

  private drop(key: string, head: Head): void {
    this.heads.delete(key);
    this.kept -= head.words.length;
  }
}
