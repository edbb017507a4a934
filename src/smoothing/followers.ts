/** The words that were seen after a context, and their counts in a table. */
export interface Followers {
  /** A number that differs from one context of a table to the next. */
  readonly key: number;
  readonly length: number;
  /** Puts the words, in any order, and their counts into arrays with room for `length`. */
  copy(words: Uint32Array, counts: Uint32Array): void;
  /** Of a back-off model: puts the words, in any order, and log10 p of each into arrays with room for `length`. */
  copyLog10Probs?(words: Uint32Array, log10Probs: Float64Array): void;
  /** The count of a word after the context; 0 if it was never seen there. */
  countOf(word: number): number;
}

/** The followers of a context with the highest counts, by falling count; followers with equal counts by ascending word id. */
export interface Head {
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
  /** No other follower has a higher count than this; 0 if there is none. */
  readonly rest: number;
}

/** Counts above this are clamped to it when the threshold of a head is chosen, so that its histogram has 4,096 entries. */
const HIGHEST = (1 << 12) - 1;

/** The head of a context: its followers whose count is at least a threshold, chosen so that about `most` followers reach it, or fewer. */
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

/** The smallest threshold, at most `HIGHEST`, that at most `most` counts reach. */
function leastOf(counts: Uint32Array, most: number): number {
  if (counts.length <= most) return 1;
  const having = new Uint32Array(HIGHEST + 1);
  for (const count of counts) having[Math.min(count, HIGHEST)]++;
  let least = HIGHEST;
  for (let sum = having[least]; least > 1 && sum + having[least - 1] <= most; sum += having[least]) least--;
  return least;
}

/** Number of followers of a head that leaves out others. */
const HEAD_LENGTH = 1024;
/** Number of followers that all kept heads have together: 32 MB. */
const KEPT = 1 << 22;

/** The heads of the contexts that were used last. */
export class Heads {
  private readonly heads = new Map<string, Head>();
  private kept = 0;

  /**
   * @param table the place of the table.
   * @param whole whether the head must have all followers.
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
