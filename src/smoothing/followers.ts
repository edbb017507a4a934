/** The words that were seen after a context, and their counts in a table. */
export interface Followers {
  /** A number that identifies the context within its table. */
  readonly key: number;
  /** Number of followers. */
  readonly length: number;
  /** Puts the word ids, in any order, and their counts into arrays with room for `length` entries. */
  copy(words: Uint32Array, counts: Uint32Array): void;
  /** In a back-off model: puts the word ids, in any order, and log10 p of each into arrays with room for `length` entries. */
  copyLog10Probs?(words: Uint32Array, log10Probs: Float64Array): void;
  /** The count of a word after the context; 0 if it was never seen there. */
  countOf(word: number): number;
}

/** The followers of a context that have the highest counts, by falling count, then by ascending word id. */
export interface Head {
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
  /** No follower outside the head has a higher count than this; 0 if the head has all followers. */
  readonly rest: number;
}

/** The highest threshold of a head: the histogram that chooses the threshold has 4,096 entries, the last for all higher counts. */
const HIGHEST_THRESHOLD = (1 << 12) - 1;

/**
 * The head of a context: its followers with a count of at least a threshold. The threshold is the smallest that at most `most`
 * followers reach, but never above {@link HIGHEST_THRESHOLD}, which more followers can reach.
 */
export function headOf(followers: Followers, most: number): Head {
  const { length } = followers;
  const words = new Uint32Array(length);
  const counts = new Uint32Array(length);
  followers.copy(words, counts);
  const threshold = thresholdFor(counts, most);
  const order = new Uint32Array(length);
  let size = 0;
  for (let i = 0; i < length; i++) if (counts[i] >= threshold) order[size++] = i;
  const head = order.subarray(0, size).sort((a, b) => counts[b] - counts[a] || words[a] - words[b]);
  return {
    words: head.map(i => words[i]),
    counts: head.map(i => counts[i]),
    rest: size === length ? 0 : threshold - 1,
  };
}

/** The smallest threshold that at most `most` counts reach, but no more than `HIGHEST_THRESHOLD`. */
function thresholdFor(counts: Uint32Array, most: number): number {
  if (counts.length <= most) return 1;
  const histogram = new Uint32Array(HIGHEST_THRESHOLD + 1);
  for (const count of counts) histogram[Math.min(count, HIGHEST_THRESHOLD)]++;
  let threshold = HIGHEST_THRESHOLD;
  let reaching = histogram[threshold];
  for (; threshold > 1 && reaching + histogram[threshold - 1] <= most; reaching += histogram[threshold]) threshold--;
  return threshold;
}

/** About how many followers a head has at most, unless it must have all. */
const HEAD_LENGTH = 1024;
/** The most followers that all heads in memory have together (32 MiB). */
const MOST_IN_MEMORY = 1 << 22;

/** Keeps the heads of the contexts that were used last. */
export class Heads {
  /** By table and key of the context, the head that was used longest ago first. */
  private readonly heads = new Map<string, Head>();
  /** Number of followers of all these heads. */
  private size = 0;

  /**
   * The head of a context, from memory if possible.
   *
   * @param table the index of the table in the evidence.
   * @param whole whether the head must have all followers.
   */
  get(table: number, followers: Followers, whole: boolean): Head {
    const { heads } = this;
    const key = `${table}/${followers.key}`;
    const found = heads.get(key);
    if (found) this.drop(key, found);
    const head = found && (found.rest === 0 || !whole) ? found : headOf(followers, whole ? Infinity : HEAD_LENGTH);
    heads.set(key, head);
    this.size += head.words.length;
    for (const [oldestKey, oldest] of heads) {
      if (this.size <= MOST_IN_MEMORY || oldest === head) break;
      this.drop(oldestKey, oldest);
    }
    return head;
  }

  private drop(key: string, head: Head): void {
    this.heads.delete(key);
    this.size -= head.words.length;
  }
}
