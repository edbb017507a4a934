import { KneserError } from '../../base/errors.js';
import { MOST_COUNT } from '../../count/count-lines.js';
import type { IdStream } from '../../count/id-stream.js';
import { checkTokens } from '../../count/layout.js';
import { buildVocabulary, requireTokens } from '../../count/vocabulary.js';
import { pushWindow, storedNgrams } from '../../count/windows.js';
import { BOS, EOS, UNK } from '../../text/tokens.js';
import type { WordList } from '../../text/word-list.js';
import { IDS_SHARE } from '../plan/budget.js';
import type { BuildContext } from './context.js';
import { NO_TEXT_CHANGES, type CountSource } from './count-source.js';

/** N-grams that were read from files of counts. */
export interface ReadCounts {
  /** The words of the n-grams. */
  readonly words: WordList;
  /** By length n, a stream of records of n + 1 numbers: the n word indices of an n-gram, oldest word first, and its count. */
  readonly byLength: readonly (IdStream | undefined)[];
  /** Bit n is 1 if the files have n-grams of n words that begin with `<s>`. */
  readonly startLengths: number;
  /** Bit n is 1 if the files have n-grams of n words that do not begin with `<s>`. */
  readonly otherLengths: number;
  /** By length, the smallest count on a line. */
  readonly leastCounts: readonly number[];
  /** Invalid UTF-8 sequences that were replaced. */
  readonly replaced: number;
  /** The names of the files, for messages. */
  readonly name: string;
}

/** Takes an n-gram (its word indices, oldest word first) and its count. */
type Use = (words: Uint32Array, count: number) => void;

/**
 * Makes a source of counts of n-grams that were read from files.
 *
 * - Input: n-grams of several lengths with counts. All counts of the model follow from the n-grams as long as the order and the shorter
 *   n-grams that begin with `<s>`. If the files have only longer n-grams than the order, their last words are used. Other shorter
 *   n-grams are used only for occurrences that no longer n-gram contains.
 * - Output: the vocabulary, the figures, and the n-grams with counts.
 * - When: the first stage.
 *
 * The stage makes two approximations, each with a warning. If no n-gram of some length begins with `<s>`, it takes the first words of
 * longer n-grams that begin with `<s>`, so that shorter sentences are missing. If an n-gram occurs more often than all longer n-grams that
 * end with it, as in counts without rare n-grams, the remaining occurrences count as occurrences after one further, unknown word.
 *
 * @throws KNESER_INPUT_EMPTY, KNESER_LIMIT, KNESER_ABORTED
 */
export async function run(context: BuildContext, read: ReadCounts): Promise<CountSource> {
  const { order, vocabulary: choice } = context.plan;
  const counts = new CountsByLength(context, read, order);
  const windows = context.idStream('n-grams', IDS_SHARE);
  const { frequency, sentences } = await countWords(counts, read.words);
  const warnings: string[] = [];
  const isWhole = await areWhole(counts);
  await putWhole(counts, windows, warnings);
  if (!isWhole) {
    warnings.push(...(await putUnexplained(counts, windows)));
    await putContexts(counts, windows);
    // The n-grams do not always tell which of them are missing.
    if (warnings.length === 0) {
      warnings.push(
        'the counts are not those of one whole text: no n-gram begins with <s>, or words begin n-grams more or less often than they end them; ' +
          'the counts of the model are approximate',
      );
    }
  }
  counts.close();

  let tokens = 0;
  for (let word = UNK; word < frequency.length; word++) if (word !== BOS && word !== EOS) tokens += frequency[word];
  checkTokens(tokens, sentences, order);
  if (!isWhole && tokens + sentences > MOST_COUNT) throw tooMany(read.name);
  requireTokens({ tokens, sentences }, read.name);
  if (sentences === 0)
    warnings.push('no n-gram ends with </s>: the ends of sentences have the probability of an unknown word');

  let negative = 0;
  const { words, replaced } = read;
  const aliases = new Uint32Array(words.size + 1);
  return {
    vocabulary: buildVocabulary({ words, frequency, aliases, sentences }, choice),
    sentences,
    tokens,
    ...NO_TEXT_CHANGES,
    replaced,
    ngrams: storedNgrams(
      windows,
      order,
      isWhole ? 'counts' : 'differences',
      more => (negative = Math.max(negative, more)),
    ),
    ...(isWhole
      ? {}
      : { pruned: Array.from({ length: order }, (_, i) => (i === 0 ? 0 : (read.leastCounts[i + 1] ?? 1) - 1)) }),
    get warnings() {
      const inconsistent = `${negative} n-grams occur less often than the n-grams that end with them; the counts of the longer ones were taken`;
      return [...warnings, ...(negative > 0 ? [inconsistent] : [])];
    },
  };
}

/** Reads the n-grams of {@link ReadCounts} by length, for a model of some order. */
class CountsByLength {
  /** The length of the n-grams that are counted as n-grams of the highest order: the order, or more. */
  readonly longest: number;

  constructor(
    private readonly context: BuildContext,
    private readonly read: ReadCounts,
    readonly order: number,
  ) {
    let longest = order;
    while (!this.others(longest) && longest < read.byLength.length - 1) longest++;
    // Without such n-grams all sentences are short: the counts of their words are those of n-grams that begin with <s>, of any length.
    this.longest = this.others(longest) ? longest : Math.max(order, 31 - Math.clz32(read.startLengths));
  }

  /** Whether there are n-grams of a length that do not begin with `<s>`. */
  others(length: number): boolean {
    return ((this.read.otherLengths >>> length) & 1) === 1;
  }

  /** Whether no n-gram of a length begins with `<s>`, but longer ones do. */
  lacksStarts(length: number): boolean {
    const from = this.startsFrom(length);
    return from > length && this.starts(from);
  }

  /** Calls `use` for each n-gram of a length. */
  async each(length: number, use: Use): Promise<void> {
    await this.context.pause();
    const words = new Uint32Array(length);
    let at = 0;
    for (const piece of this.read.byLength[length]?.pieces() ?? []) {
      this.context.checkAborted();
      for (const number of piece) {
        if (at < length) {
          words[at++] = number;
        } else {
          use(words, number);
          at = 0;
        }
      }
    }
  }

  /** The number of n-grams of all lengths. */
  get size(): number {
    return this.read.byLength.reduce((sum, stream, length) => sum + (stream?.length ?? 0) / (length + 1), 0);
  }

  /** Calls `use` for each n-gram of at least `least` words that decides counts (see {@link run}). */
  async eachFrom(least: number, use: (words: Uint32Array) => void): Promise<void> {
    for (let length = least; length <= this.longest; length++) {
      if (length === this.longest || length < this.order) await this.each(length, use);
      else await this.eachStart(length, use);
      if (this.lacksStarts(length)) await this.eachStart(length, use);
    }
  }

  /** Calls `use` for each n-gram of a length that begins with `<s>`; if there are none, for the beginnings of longer n-grams that do. */
  eachStart(length: number, use: Use): Promise<void> {
    return this.each(this.startsFrom(length), (ngram, count) => {
      if (ngram[0] === BOS) use(ngram.subarray(0, length), count);
    });
  }

  close(): void {
    for (const stream of this.read.byLength) stream?.close();
  }

  /** Whether any n-gram begins with `<s>`. */
  get hasStarts(): boolean {
    return this.read.startLengths !== 0;
  }

  private starts(length: number): boolean {
    return ((this.read.startLengths >>> length) & 1) === 1;
  }

  private startsFrom(length: number): number {
    let from = length;
    while (!this.starts(from) && from < this.longest) from++;
    return from;
  }
}

/**
 * Counts how often each word occurs (by word index), and how many sentences end. For each length, sums up the counts of the n-grams of
 * this length and of the shorter n-grams that begin with `<s>` by their last word; takes the largest of these sums. In counts of a whole
 * text all lengths give the same sum.
 */
async function countWords(
  counts: CountsByLength,
  words: WordList,
): Promise<{ frequency: Float64Array; sentences: number }> {
  const frequency = new Float64Array(words.size + 1);
  const starts = new Float64Array(words.size + 1);
  for (let length = 1; length <= counts.longest; length++) {
    const here = starts.slice();
    await counts.each(length, (ngram, count) => {
      const word = ngram[length - 1];
      here[word] += count;
      if (ngram[0] === BOS) starts[word] += count;
      for (const word of ngram) if (frequency[word] === 0) frequency[word] = 1;
    });
    if (!counts.others(length) && length < counts.longest) continue;
    for (let word = UNK; word < here.length; word++) frequency[word] = Math.max(frequency[word], here[word]);
  }
  const sentences = frequency[EOS];
  frequency[BOS] = frequency[EOS] = 0;
  return { frequency, sentences };
}

/** Stores the n-grams from which all counts follow: n-grams as long as the order, and shorter n-grams that begin with `<s>`. */
async function putWhole(counts: CountsByLength, to: IdStream, warnings: string[]): Promise<void> {
  const { order, longest } = counts;
  await counts.each(longest, (ngram, count) => pushWindow(to, order, ngram, 0, longest, count));
  const lacking: number[] = [];
  for (let length = 2; length < longest; length++) {
    if (counts.lacksStarts(length)) lacking.push(length);
    await counts.eachStart(length, (ngram, count) => pushWindow(to, order, ngram, 0, length, count));
  }
  if (lacking.length > 0) {
    warnings.push(
      `no n-gram of ${lacking.join(', ')} words begins with <s>: the first words of longer n-grams were taken, and the starts of shorter sentences are missing`,
    );
  }
}

/**
 * Stores n-grams that are shorter than the order and do not begin with `<s>`, and subtracts the occurrences at the end of longer n-grams:
 * the remaining occurrences count as preceded by an unknown word. For a length without n-grams, takes the first words of longer n-grams.
 *
 * @returns warnings.
 */
async function putUnexplained(counts: CountsByLength, to: IdStream): Promise<string[]> {
  const { order, longest } = counts;
  const warnings: string[] = [];
  for (let length = 2; length < order; length++) {
    let left = 0;
    const put = (ngram: Uint32Array, count: number): void => {
      if (ngram[0] === BOS) return;
      left += count;
      pushWindow(to, order, ngram, 0, length, count);
    };
    const takeAway = (ngram: Uint32Array, count: number): void => {
      left -= count;
      pushWindow(to, order, ngram, ngram.length - length, ngram.length, -count);
    };
    let next = length + 1;
    while (!counts.others(next) && next < longest) next++;
    await counts.each(counts.others(length) ? length : next, put);
    // The last `length` words of each longer n-gram are one occurrence of an n-gram of this length.
    for (let longer = length + 1; longer <= next; longer++) await counts.eachStart(longer, takeAway);
    await counts.each(next, (ngram, count) => {
      if (ngram[0] !== BOS) takeAway(ngram, count);
    });
    if (left > 0) {
      warnings.push(
        `n-grams of ${length} words occur ${left} times more often than longer ones that end with them (were rare ones left out?): ` +
          'these occurrences count as those after one further word, and the counts of Kneser-Ney are approximate',
      );
    }
  }
  return warnings;
}

/** The most n-grams of one pass of {@link putContexts}; each takes about 40 bytes in its set of hashes. */
const NGRAMS_A_PASS = 1 << 20;

/**
 * Stores, once each, the contexts (words before the last word) that are not the end of any n-gram, because every context of a model must
 * also be an n-gram of the model. A context of one word is stored as a bigram after `<s>`.
 */
async function putContexts(counts: CountsByLength, to: IdStream): Promise<void> {
  const { order } = counts;
  const passes = Math.ceil(counts.size / NGRAMS_A_PASS);
  /** By length, n-grams that were put here, one after another. */
  const put: number[][] = Array.from({ length: order }, () => []);
  for (let length = order - 1; length > 0; length--) {
    const eachFrom = async (least: number, use: (words: Uint32Array) => void): Promise<void> => {
      await counts.eachFrom(least, use);
      for (let longer = least; longer < order; longer++) {
        for (let at = 0; at < put[longer].length; at += longer)
          use(Uint32Array.from(put[longer].slice(at, at + longer)));
      }
    };
    for (let pass = 0; pass < passes; pass++) {
      const endings = new Set<number>();
      // At least 2 words: a word counts as present only if it follows another word, because unigrams are not stored.
      await eachFrom(Math.max(2, length), words => {
        const hash = hashOf(words, words.length - length, words.length);
        if (hash % passes === pass) endings.add(hash);
      });
      await eachFrom(length + 1, words => {
        const from = words.length - length - 1;
        const hash = hashOf(words, from, words.length - 1);
        if (hash % passes !== pass || endings.has(hash) || words[words.length - 2] === BOS) return;
        endings.add(hash);
        const ngram = [...words.subarray(from, words.length - 1)];
        put[length].push(...ngram);
        if (length > 1) pushWindow(to, order, ngram, 0, length, 1);
        else pushWindow(to, order, [BOS, ...ngram], 0, 2, 1);
      });
    }
  }
}

/** A 53-bit hash of the n-gram `words[from, to)`. */
function hashOf(words: Uint32Array, from: number, to: number): number {
  const sum = new HashSum();
  sum.add(words, from, to, 1);
  return sum.hash;
}

/**
 * Whether the counts are the counts of one whole text: every n-gram occurs as often as the longer n-grams that begin with it, and as the
 * longer n-grams that end with it. Compares 64-bit sums of hashes times counts; sums of different counts are equal with probability 2^−64.
 */
async function areWhole(counts: CountsByLength): Promise<boolean> {
  const { longest, order } = counts;
  // Without n-grams that begin with <s>, the counts lack the starts of sentences.
  let isWhole = longest === 1 || counts.hasStarts;
  for (let length = 1; length < longest && isWhole; length++) {
    const sum = new HashSum();
    // Compares the n-grams of this length that begin with <s> with the first words of those one word longer.
    if (length > 1) {
      await counts.each(length + 1, (ngram, count) => {
        if (ngram[0] === BOS) sum.add(ngram, 0, length, count);
      });
      await counts.each(length, (ngram, count) => {
        if (ngram[0] === BOS && ngram[length - 1] !== EOS) sum.add(ngram, 0, length, -count);
      });
    }
    if (length === longest - 1) {
      await counts.each(longest, (ngram, count) => {
        if (ngram[0] === BOS) return;
        sum.add(ngram, 0, length, count);
      });
      await counts.each(longest, (ngram, count) => {
        if (ngram[length] !== EOS) sum.add(ngram, 1, longest, -count);
      });
    }
    isWhole = sum.isZero;
    if (length < order && counts.others(length)) isWhole &&= await isAccountedFor(counts, length);
  }
  return isWhole;
}

/** Whether each n-gram of a length that does not begin with `<s>` occurs as often as the longer n-grams that end with it. */
async function isAccountedFor(counts: CountsByLength, length: number): Promise<boolean> {
  const sum = new HashSum();
  let next = length + 1;
  while (!counts.others(next) && next < counts.longest) next++;
  await counts.each(length, (ngram, count) => {
    if (ngram[0] !== BOS) sum.add(ngram, 0, length, count);
  });
  for (let longer = length + 1; longer <= next; longer++) {
    await counts.each(longer, (ngram, count) => {
      if (longer === next || ngram[0] === BOS) sum.add(ngram, longer - length, longer, -count);
    });
  }
  return sum.isZero;
}

/** The sum of hashes of n-grams times their counts. */
class HashSum {
  private low = 0;
  private high = 0;

  /** Adds the n-gram `words[from, to)`. */
  add(words: Uint32Array, from: number, to: number, count: number): void {
    let low = to - from;
    let high = ~low;
    for (let i = from; i < to; i++) {
      low = Math.imul(low ^ words[i], 0x9e3779b1);
      low ^= low >>> 15;
      high = Math.imul(high ^ words[i], 0x85ebca77);
      high ^= high >>> 13;
    }
    this.low = (this.low + Math.imul(low, count)) | 0;
    this.high = (this.high + Math.imul(high, count)) | 0;
  }

  /** 53 bits of the sum. */
  get hash(): number {
    return (this.high >>> 11) * 2 ** 32 + (this.low >>> 0);
  }

  get isZero(): boolean {
    return this.low === 0 && this.high === 0;
  }
}

/** @throws KNESER_LIMIT */
function tooMany(name: string): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    `${name}: more than ${MOST_COUNT.toLocaleString('en')} tokens, too many for counts that are not those of one whole text`,
  );
}
