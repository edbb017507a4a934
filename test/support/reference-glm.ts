import { discountsOf } from './reference-mkn.js';

/**
 * The generalized language model (Pickhardt et al. 2014, equation 4, with uniform weights) written for
 * readers, like `reference-mkn.ts`: a mixture over all patterns of kept distances.
 */

const BOS = '<s>';
const EOS = '</s>';
const UNK = '<unk>';

/** Distances to the left, ascending. */
type Pattern = readonly number[];

/**
 * The occurrences of a word after a context: `times` is their number, `fillings` the distinct words at the positions of the history up to one
 * beyond the pattern, whose number is the continuation count.
 */
interface Seen {
  times: number;
  readonly fillings: Set<string>;
}

/** By context, then by word. */
type Table = Map<string, Map<string, Seen>>;

export class ReferenceMixture {
  private readonly vocabulary: ReadonlySet<string>;
  private readonly tables = new Map<string, Table>();
  private readonly discounts = new Map<string, [number, number, number]>();
  private readonly trainedUnknown: boolean;

  constructor(
    sentences: readonly (readonly string[])[],
    private readonly order: number,
  ) {
    this.vocabulary = new Set([...sentences.flat(), UNK, EOS]);
    this.trainedUnknown = sentences.flat().includes(UNK);
    for (const pattern of allPatterns(order)) {
      const table = tableOf(sentences, pattern, order);
      const counts = [...table.values()].flatMap(followers => [...followers.values()].map(countOf));
      this.tables.set(pattern.join(), table);
      this.discounts.set(pattern.join(), discountsOf(counts));
    }
  }

  /** log10 p of each token, `</s>` being the last. */
  score(sentence: readonly string[], start = true): number[] {
    const history: string[] = start ? [BOS] : [];
    return [...sentence, EOS].map(token => {
      const isOov = !this.vocabulary.has(token) || (token === UNK && !this.trainedUnknown);
      const word = isOov ? UNK : token;
      const available = Math.min(history.length, this.order - 1);
      const all = Array.from({ length: available }, (_, i) => i + 1);
      const probability = this.probability(all, word, history);
      history.push(word);
      return Math.log10(probability);
    });
  }

  private probability(pattern: Pattern, word: string, history: readonly string[]): number {
    const smaller = pattern.map(left => pattern.filter(distance => distance !== left));
    const lower =
      pattern.length === 0
        ? 1 / this.vocabulary.size
        : smaller.reduce((sum, other) => sum + this.probability(other, word, history), 0) / smaller.length;
    const context = pattern.map(distance => history[history.length - distance]).join(' ');
    const followers = this.tables.get(pattern.join())?.get(context);
    if (!followers) return lower;
    const discounts = this.discounts.get(pattern.join()) ?? [NaN, NaN, NaN];
    const discount = (count: number): number => (count === 0 ? 0 : discounts[Math.min(count, 3) - 1]);
    const counts = [...followers.values()].map(countOf);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const gamma = counts.reduce((sum, count) => sum + discount(count), 0) / total;
    const seen = followers.get(word);
    const count = seen ? countOf(seen) : 0;
    return Math.max(count - discount(count), 0) / total + gamma * lower;
  }
}

function allPatterns(order: number): Pattern[] {
  let patterns: Pattern[] = [[]];
  for (let distance = 1; distance < order; distance++) {
    patterns = patterns.flatMap(pattern => [pattern, [...pattern, distance]]);
  }
  return patterns;
}

/** The table of a pattern. It counts every position of a sentence that has all words that the pattern keeps. */
function tableOf(sentences: readonly (readonly string[])[], pattern: Pattern, order: number): Table {
  const table: Table = new Map();
  const span = pattern.at(-1) ?? 0;
  for (const sentence of sentences) {
    const words = [BOS, ...sentence, EOS];
    for (let at = 1; at < words.length; at++) {
      const available = Math.min(at, order - 1);
      if (span > available) continue;
      const before = (distances: Pattern): string => distances.map(distance => words[at - distance]).join(' ');
      const followers = table.get(before(pattern)) ?? new Map<string, Seen>();
      table.set(before(pattern), followers);
      const seen = followers.get(words[at]) ?? { times: 0, fillings: new Set() };
      followers.set(words[at], seen);
      if (pattern.length === available) {
        // No position is skipped: the count is the frequency.
        seen.times++;
      } else {
        const looked = Math.min(span + 1, available);
        seen.fillings.add(before(Array.from({ length: looked }, (_, i) => i + 1)));
      }
    }
  }
  return table;
}

/** The count of a word: its frequency or its continuation count. One of the two is 0, because all occurrences of a context are counted in the same way. */
function countOf({ times, fillings }: Seen): number {
  return times + fillings.size;
}
