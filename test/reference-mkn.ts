/**
 * Modified Kneser-Ney once more, written to be read: n-grams are strings, tables are maps, and every number is worked out
 * from its definition (Chen & Goodman 1998, as KenLM's lmplz has it) each time it is asked for. Slow.
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
  /** All types but `<s>`, with `<unk>` and `</s>`. */
  readonly vocabulary: ReadonlySet<string>;
  private readonly trainedUnknown: boolean;
  /** `following[n]` has, for each context of n − 1 words, the counts of the words that follow it. */
  private readonly following: Map<string, Counts>[] = [];

  /** @param chosen the words to know, all others being `<unk>`; those of the text if not given. */
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
    for (let n = 1; n <= order; n++) {
      const adjusted: Counts = new Map();
      if (n < order) {
        // Each distinct longer n-gram is one distinct word to the left of its end.
        for (const longer of raw[n + 1].keys()) raise(adjusted, longer.slice(longer.indexOf(' ') + 1));
      }
      for (const [ngram, count] of raw[n]) if (n === order || ngram.startsWith(`${BOS} `)) adjusted.set(ngram, count);
      this.adjusted[n] = adjusted;
      this.discounts[n] = discountsOf([...adjusted.values()]);
      this.following[n] = byContext(adjusted);
    }
  }

  /** p(word | history), the history oldest word first; both made of words of the vocabulary, `<s>` or `</s>`. */
  probability(word: string, history: readonly string[]): number {
    const n = history.length + 1;
    const lower = n === 1 ? 1 / this.vocabulary.size : this.probability(word, history.slice(1));
    const followers = this.following[n].get(history.join(' '));
    if (!followers) return lower;
    const counts = [...followers.values()];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const gamma = counts.reduce((sum, count) => sum + this.discount(n, count), 0) / total;
    const count = followers.get(word) ?? 0;
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
      if (this.adjusted[n].has([...context.slice(context.length - n + 1), word].join(' '))) return n;
    }
    return 1;
  }

  private discount(n: number, count: number): number {
    return count === 0 ? 0 : this.discounts[n][Math.min(count, 3) - 1];
  }
}

/** By length, how often each n-gram occurs in the sentences, `<s>` alone excepted. */
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
