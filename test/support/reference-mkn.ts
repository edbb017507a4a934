/**
 * Modified Kneser-Ney, written for readers and independent of `src`: n-grams are strings, tables are maps, and every number is
 * computed from its definition (Chen & Goodman 1998, as KenLM's lmplz applies it) each time it is needed. Slow.
 */

export interface ReferenceScore {
  readonly log10Probs: number[];
  readonly matched: number[];
  readonly oov: boolean[];
}

type Counts = Map<string, number>;

const BOS = '<s>';
const EOS = '</s>';
const UNK = '<unk>';

export class ReferenceModel {
  /** `adjusted[n]` has the adjusted counts of the n-grams of n words, written with spaces between them. */
  readonly adjusted: Counts[] = [];
  readonly discounts: [number, number, number][] = [];
  /** `raw[n]` has the frequencies of the n-grams of n words. */
  readonly raw: Counts[];
  /** The n-grams of the model: all n-grams of the text, unless the model is pruned. */
  keeps: (ngram: string) => boolean = () => true;
  /** All types, with `<unk>` and `</s>`, without `<s>`. */
  readonly vocabulary: ReadonlySet<string>;
  private readonly trainedUnknown: boolean;
  /** `following[n]` has, for each context of n − 1 words, the counts of the words that follow it. */
  private readonly following: Map<string, Counts>[] = [];

  /** @param chosen the vocabulary, by default the words of the text; all other words are `<unk>`. */
  constructor(
    sentences: readonly (readonly string[])[],
    readonly order: number,
    chosen?: Iterable<string>,
  ) {
    const words = new Set(chosen ?? sentences.flat());
    this.vocabulary = new Set([...words, UNK, EOS]);
    const text = sentences.map(words => words.map(word => (this.vocabulary.has(word) ? word : UNK)));
    this.trainedUnknown = text.flat().includes(UNK);
    const raw = rawCounts(text, order);
    this.raw = raw;
    for (let n = 1; n <= order; n++) {
      const adjusted: Counts = new Map();
      if (n < order) {
        // Each distinct n-gram one word longer adds one distinct word to the left of its suffix.
        for (const longer of raw[n + 1].keys()) raise(adjusted, longer.slice(longer.indexOf(' ') + 1));
      }
      for (const [ngram, count] of raw[n]) if (n === order || ngram.startsWith(`${BOS} `)) adjusted.set(ngram, count);
      this.adjusted[n] = adjusted;
      this.discounts[n] = discountsOf([...adjusted.values()]);
      this.following[n] = byContext(adjusted);
    }
  }

  /** p(word | history). @param history words of the vocabulary, oldest first; may begin with `<s>`. @param word of the vocabulary, or `</s>`. */
  probability(word: string, history: readonly string[]): number {
    const n = history.length + 1;
    const lower = n === 1 ? 1 / this.vocabulary.size : this.probability(word, history.slice(1));
    const followers = this.following[n].get(history.join(' '));
    if (!followers) return lower;
    const total = sumOf(followers.values());
    const kept = new Map([...followers].filter(([follower]) => this.keeps([...history, follower].join(' '))));
    // γ gets the whole counts of pruned followers. In a context without followers, γ = 1.
    const gamma =
      (total - sumOf(kept.values()) + sumOf([...kept.values()].map(count => this.discount(n, count)))) / total;
    const count = kept.get(word) ?? 0;
    return Math.max(count - this.discount(n, count), 0) / total + gamma * lower;
  }

  score(sentence: readonly string[], { start = true, end = true } = {}): ReferenceScore {
    const words = [...sentence, ...(end ? [EOS] : [])];
    const history: string[] = start ? [BOS] : [];
    const log10Probs: number[] = [];
    const matched: number[] = [];
    const oov: boolean[] = [];
    for (const token of words) {
      const isOov = !this.vocabulary.has(token) || (token === UNK && !this.trainedUnknown);
      const word = isOov ? UNK : token;
      const context = this.order === 1 ? [] : history.slice(-(this.order - 1));
      log10Probs.push(Math.log10(this.probability(word, context)));
      matched.push(isOov ? 1 : this.matchedLength(word, context));
      oov.push(isOov);
      history.push(word);
    }
    return { log10Probs, matched, oov };
  }

  private matchedLength(word: string, context: readonly string[]): number {
    for (let n = context.length + 1; n > 1; n--) {
      const ngram = [...context.slice(context.length - n + 1), word].join(' ');
      if (this.adjusted[n].has(ngram) && this.keeps(ngram)) return n;
    }
    return 1;
  }

  /** Drops n-grams whose frequency is at most the threshold of their length, as lmplz does. */
  pruneByCounts(thresholds: readonly number[]): void {
    const { raw } = this;
    this.keeps = ngram => {
      const n = lengthOf(ngram);
      return n === 1 || (raw[n].get(ngram) ?? 0) > (thresholds[n - 1] ?? thresholds[thresholds.length - 1]);
    };
  }

  /**
   * Drops each n-gram without which perplexity rises by less than `threshold` (Stolcke 1998, with the followers of a context as three
   * events), unless a kept n-gram one word longer begins or ends with it.
   */
  pruneByEntropy(threshold: number): void {
    const kept = new Set<string>();
    const tokens = sumOf(this.raw[1].values());
    for (let n = this.order; n > 1; n--) {
      for (const [context, followers] of this.following[n]) {
        const history = context.split(' ');
        const below = (word: string): number => this.probability(word, history.slice(1));
        const total = sumOf(followers.values());
        const occurrences = sumOf([...followers.keys()].map(word => this.raw[n].get(`${context} ${word}`) ?? 0));
        for (const [word, count] of followers) {
          const own = (count - this.discount(n, count)) / total;
          const others = [...followers.keys()].filter(other => other !== word);
          const events = [[word], others, [...this.vocabulary].filter(other => !followers.has(other))];
          const loss = sumOf(
            events.map(event => {
              const before = sumOf(event.map(one => this.probability(one, history)));
              const after = before - (event === events[0] ? own : 0) + own * sumOf(event.map(below));
              return before > 0 ? before * Math.log(before / after) : 0;
            }),
          );
          const ngram = `${context} ${word}`;
          if (Math.exp((occurrences / tokens) * loss) - 1 >= threshold || kept.has(ngram)) {
            kept.add(ngram);
            if (n === 2) continue;
            kept.add(ngram.slice(0, ngram.lastIndexOf(' ')));
            kept.add(ngram.slice(ngram.indexOf(' ') + 1));
          }
        }
      }
    }
    this.keeps = ngram => lengthOf(ngram) === 1 || kept.has(ngram);
  }

  private discount(n: number, count: number): number {
    return count === 0 ? 0 : this.discounts[n][Math.min(count, 3) - 1];
  }
}

/** By length, the frequency of each n-gram in the sentences, without `<s>` alone. */
function rawCounts(sentences: readonly (readonly string[])[], order: number): Counts[] {
  const raw = Array.from({ length: order + 1 }, (): Counts => new Map());
  for (const sentence of sentences) {
    const words = [BOS, ...sentence, EOS];
    for (let last = 1; last < words.length; last++) {
      for (let n = 1; n <= order && n <= last + 1; n++) raise(raw[n], words.slice(last + 1 - n, last + 1).join(' '));
    }
  }
  return raw;
}

function raise(counts: Counts, ngram: string): void {
  counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
}

function byContext(counts: Counts): Map<string, Counts> {
  const contexts = new Map<string, Counts>();
  for (const [ngram, count] of counts) {
    const words = ngram.split(' ');
    const word = words.pop() ?? '';
    const context = words.join(' ');
    const followers: Counts = contexts.get(context) ?? new Map<string, number>();
    followers.set(word, count);
    contexts.set(context, followers);
  }
  return contexts;
}

export function discountsOf(counts: readonly number[]): [number, number, number] {
  const [t1, t2, t3, t4] = [1, 2, 3, 4].map(k => counts.filter(count => count === k).length);
  const y = t1 / (t1 + 2 * t2);
  const d1 = 1 - (2 * y * t2) / t1;
  const d2 = 2 - (3 * y * t3) / t2;
  const d3 = 3 - (4 * y * t4) / t3;
  const estimated = t1 > 0 && t2 > 0 && t3 > 0 && d1 > 0 && d1 <= 1 && d2 > 0 && d2 <= 2 && d3 > 0 && d3 <= 3;
  return estimated ? [d1, d2, d3] : [0.5, 1, 1.5];
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function lengthOf(ngram: string): number {
  return ngram.split(' ').length;
}
