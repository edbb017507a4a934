import { logarithmicPositions } from './laws.js';
import { rankDistance, Runs } from './runs.js';
import { logFactorials, meanTypes } from './type-token.js';
import { unitEndsOf, type TextArrays } from './unit-text.js';

/** The name of a distance. */
export type DistanceName =
  | 'length'
  | 'documentLength'
  | 'unigrams'
  | 'rankFrequency'
  | 'typeToken'
  | 'stopwordShare'
  | 'stopwords'
  | 'symbolShare'
  | 'symbols';

/**
 * The distances between two groups of units, in the order in which {@link Pool.compare} returns them. KS is the largest difference of two
 * distribution functions (Kolmogorov and Smirnov), TVD the total variation distance ½ Σ |p − q|. The gap is |v − w| / max(v, w) of two
 * numbers of types.
 */
export const DISTANCES = {
  length: 'KS',
  documentLength: 'KS',
  unigrams: 'TVD',
  rankFrequency: 'KS',
  typeToken: 'gap',
  stopwordShare: 'KS',
  stopwords: 'TVD',
  symbolShare: 'KS',
  symbols: 'TVD',
} as const satisfies Readonly<Record<DistanceName, string>>;

/** The names of all distances. */
export const DISTANCE_NAMES = Object.keys(DISTANCES) as DistanceName[];

/** Marks of units: `GROUP` for the units of the group, `PART` for the other units whose pairs are added to `firsts` or taken from it. */
const GROUP = 1;
const PART = 2;

/** At how many numbers of tokens the curves of types are compared. */
const CURVE_POINTS = 25;

/** The stopwords and the symbols among the words: by word index, the number of such a word, the same for `The` and `the`; 0 for another word. */
export interface WordKinds {
  /** `undefined` without a list of stopwords. */
  readonly stopwords: Uint32Array | undefined;
  readonly symbols: Uint32Array;
}

/** A value of each sentence or document, as its index among the distinct values, ascending. */
interface Ranked {
  readonly indices: Uint32Array;
  /** By distinct value, how many sentences or documents have it. */
  readonly times: Float64Array;
}

/**
 * The units of one or two texts: the documents, or the sentences of texts without documents. It computes the distances between any group of
 * the units and the others.
 *
 * A permutation test asks for a thousand such groups. So the tokens of a unit are counted once, as pairs of a word and how often the unit
 * has it, and the values of sentences are sorted once. To compare two groups, the pairs of one group are added up; the other group has the
 * rest of the sums.
 */
export class Pool {
  /** Number of units. */
  readonly units: number;
  /** Number of units of the first text. */
  readonly first: number;
  /** Number of tokens. */
  readonly tokens: number;
  /** By unit, the number of its tokens. */
  private readonly unitTokens: Uint32Array;
  /** By unit, the place of its first pair; one entry more than there are units. */
  private readonly pairStarts: Uint32Array;
  /** By pair, the word. */
  private readonly pairWords: Uint32Array;
  /** By pair, how often the unit has the word. */
  private readonly pairTimes: Uint32Array;
  /** By unit, the number of its first sentence; one entry more than there are units. */
  private readonly sentenceStarts: Uint32Array;
  /** The numbers 0, 1, 2 … up to the number of units: where the values of a unit begin if each unit has one value. */
  private readonly unitStarts: Uint32Array;
  /** The words of all units, with 0 after each sentence, and by unit where they begin; one entry more than there are units. */
  private readonly words: Uint32Array;
  private readonly wordStarts: Uint32Array;
  /** By word, twice: its count in all units, and how many units have it. */
  private readonly sums: Uint32Array;
  /** The same for one group of units. */
  private readonly group: Uint32Array;
  /** By unit, `GROUP`, `PART` or 0. */
  private readonly marks: Uint8Array;
  /** By word, its count among the first tokens of the longer group. */
  private readonly firsts: Uint32Array;
  private readonly lengths: Ranked;
  private readonly documentLengths: Ranked | undefined;
  private readonly stopwordShares: Ranked | undefined;
  private readonly symbolShares: Ranked;
  private readonly stopwordList: KindList;
  private readonly symbolList: KindList;
  private readonly logs: Float64Array;
  private readonly runs = { longer: new Runs(), shorter: new Runs() };
  private readonly spreads = { longer: new Runs(), shorter: new Runs() };

  /**
   * @param texts one or two texts.
   * @param byDocument whether the units are documents; all texts then have documents.
   * @param types the largest word index.
   */
  constructor(texts: readonly TextArrays[], byDocument: boolean, types: number, { stopwords, symbols }: WordKinds) {
    const unitEnds = texts.map(text => unitEndsOf(text, byDocument));
    this.first = unitEnds[0].length;
    this.units = unitEnds.reduce((sum, { length }) => sum + length, 0);
    this.tokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
    const sentences = texts.reduce((sum, { sentenceEnds }) => sum + sentenceEnds.length, 0);
    this.words = texts.length === 1 ? texts[0].words : joined(texts.map(({ words }) => words));
    this.unitTokens = new Uint32Array(this.units);
    this.pairStarts = new Uint32Array(this.units + 1);
    this.sentenceStarts = new Uint32Array(this.units + 1);
    this.wordStarts = new Uint32Array(this.units + 1);
    this.unitStarts = Uint32Array.from({ length: this.units + 1 }, (_, unit) => unit);
    const pairWords = new Uint32Array(this.tokens);
    const pairTimes = new Uint32Array(this.tokens);
    this.sums = new Uint32Array(2 * types + 2);
    this.group = new Uint32Array(2 * types + 2);
    this.firsts = new Uint32Array(types + 1);
    this.marks = new Uint8Array(this.units);
    const lengths = new Float64Array(sentences);
    const stopwordShares = new Float64Array(sentences);
    const symbolShares = new Float64Array(sentences);
    const pairOf = new Uint32Array(types + 1);
    let [place, sentence, unit, pairs] = [0, 0, 0, 0];
    texts.forEach(({ sentenceEnds }, t) => {
      for (let own = 0, ends = 0; ends < unitEnds[t].length; ends++, unit++) {
        const firstPair = pairs;
        for (; own < unitEnds[t][ends]; own++, sentence++) {
          const length = sentenceEnds[own] - (own === 0 ? 0 : sentenceEnds[own - 1]) - 1;
          let [ofStopwords, ofSymbols] = [0, 0];
          for (const end = place + length; place < end; place++) {
            const word = this.words[place];
            if (stopwords && stopwords[word] > 0) ofStopwords++;
            if (symbols[word] > 0) ofSymbols++;
            const pair = pairOf[word];
            if (pair >= firstPair && pair < pairs && pairWords[pair] === word) pairTimes[pair]++;
            else {
              pairOf[word] = pairs;
              pairWords[pairs] = word;
              pairTimes[pairs++] = 1;
            }
          }
          place++;
          this.unitTokens[unit] += length;
          lengths[sentence] = length;
          stopwordShares[sentence] = ofStopwords / length;
          symbolShares[sentence] = ofSymbols / length;
        }
        this.pairStarts[unit + 1] = pairs;
        this.sentenceStarts[unit + 1] = sentence;
        this.wordStarts[unit + 1] = place;
      }
    });
    this.pairWords = pairWords.slice(0, pairs);
    this.pairTimes = pairTimes.slice(0, pairs);
    for (let pair = 0; pair < pairs; pair++) {
      this.sums[2 * pairWords[pair]] += pairTimes[pair];
      this.sums[2 * pairWords[pair] + 1]++;
    }
    this.lengths = ranked(lengths);
    this.documentLengths = byDocument ? ranked(Float64Array.from(this.unitTokens)) : undefined;
    this.stopwordShares = stopwords && ranked(stopwordShares);
    this.symbolShares = ranked(symbolShares);
    this.stopwordList = this.listOf(stopwords);
    this.symbolList = this.listOf(symbols);
    this.logs = logFactorials(this.units);
  }

  /**
   * The distances between two groups of units, by {@link DISTANCE_NAMES}; NaN where a distance is not defined.
   *
   * @param order all units, those of one group before those of the other. Ranks are compared at equal numbers of tokens: of the group with
   * more tokens, the first tokens in this order are taken.
   * @param first how many units the first group has, from 1 to all but 1.
   */
  compare(order: Uint32Array, first: number): Float64Array {
    const { units, sums, group, firsts, runs, spreads } = this;
    let firstTokens = 0;
    for (let i = 0; i < first; i++) firstTokens += this.unitTokens[order[i]];
    const isFirstShorter = 2 * firstTokens < this.tokens;
    const members = isFirstShorter ? order.subarray(0, first) : order.subarray(first);
    const others = isFirstShorter ? order.subarray(first) : order.subarray(0, first);
    const tokens = isFirstShorter ? firstTokens : this.tokens - firstTokens;
    const rest = this.tokens - tokens;
    this.count(members, others, tokens, rest);
    let difference = 0;
    for (let word = 1, at = 2; word < firsts.length; word++, at += 2) {
      const own = group[at];
      difference += Math.abs(own / tokens - (sums[at] - own) / rest);
      runs.shorter.add(own);
      runs.longer.add(firsts[word]);
      spreads.shorter.add(group[at + 1]);
      spreads.longer.add(sums[at + 1] - group[at + 1]);
    }
    const side = { units: members.length, tokens, spread: spreads.shorter.finish() };
    const otherSide = { units: units - members.length, tokens: rest, spread: spreads.longer.finish() };
    const { sentenceStarts, unitStarts } = this;
    return Float64Array.of(
      distanceOf(this.lengths, this.marks, sentenceStarts),
      this.documentLengths ? distanceOf(this.documentLengths, this.marks, unitStarts) : NaN,
      difference / 2,
      rankDistance(runs.shorter.finish(), runs.longer.finish()),
      this.largestGap(side, otherSide),
      this.stopwordShares ? distanceOf(this.stopwordShares, this.marks, sentenceStarts) : NaN,
      this.variation(this.stopwordList),
      distanceOf(this.symbolShares, this.marks, sentenceStarts),
      this.variation(this.symbolList),
    );
  }

  /** The mean number of types after numbers of tokens, over all orders of the units. @param positions numbers of tokens, at most those of all units. */
  curve(positions: ArrayLike<number>): number[] {
    const { units, tokens, sums } = this;
    const spread = new Runs();
    for (let at = 3; at < sums.length; at += 2) spread.add(sums[at]);
    spread.finish();
    return Array.from(positions, position => meanTypes(this.logs, units, spread, (position * units) / tokens));
  }

  /** By unit, the number of its tokens and of its types. */
  pairs(): [tokens: number, types: number][] {
    return Array.from(this.unitTokens, (tokens, unit) => [tokens, this.pairStarts[unit + 1] - this.pairStarts[unit]]);
  }

  /**
   * Adds the pairs of the units with the mark `GROUP` to `group`, and the pairs of the units with the mark `PART`, times `sign`, to
   * `firsts`. It reads the pairs in the order of memory. In the random order of a permutation, most units would be cache misses: a profile of two texts of 10^7
   * tokens with 99 permutations would take 67 s instead of 28 s of processor time.
   */
  private addUp(sign: number): void {
    const { group, firsts, marks, pairStarts, pairWords, pairTimes } = this;
    for (let unit = 0; unit < marks.length; unit++) {
      const mark = marks[unit];
      if (mark === 0) continue;
      const end = pairStarts[unit + 1];
      if (mark === GROUP) {
        for (let pair = pairStarts[unit]; pair < end; pair++) {
          const at = 2 * pairWords[pair];
          group[at] += pairTimes[pair];
          group[at + 1]++;
        }
      } else {
        for (let pair = pairStarts[unit]; pair < end; pair++) firsts[pairWords[pair]] += sign * pairTimes[pair];
      }
    }
  }

  /**
   * Counts, by word, the tokens of a group in `group`, and equally many tokens of the others, the first ones, in `firsts`. For `firsts` it
   * adds up these first tokens or, if the rest of the tokens of the others is smaller, takes the rest from the sum of all.
   *
   * @param wanted number of tokens of the group.
   * @param tokens number of tokens of the others.
   */
  private count(members: Uint32Array, others: Uint32Array, wanted: number, tokens: number): void {
    const { sums, group, firsts, marks, unitTokens } = this;
    const isFew = 2 * wanted < tokens;
    group.fill(0);
    firsts.fill(0);
    marks.fill(0);
    for (const unit of members) marks[unit] = GROUP;
    let [before, cut, part] = [0, -1, 0];
    for (const unit of others) {
      const after = before + unitTokens[unit];
      if (isFew ? after <= wanted : before >= wanted) marks[unit] = PART;
      else if (before < wanted && wanted < after) [cut, part] = [unit, wanted - before];
      before = after;
      if (isFew && before >= wanted) break;
    }
    this.addUp(isFew ? 1 : -1);
    if (!isFew) for (let word = 1; word < firsts.length; word++) firsts[word] += sums[2 * word] - group[2 * word];
    if (cut >= 0) this.countPart(cut, part, isFew);
  }

  /** Adds the first `tokens` tokens of a unit to `firsts`, or takes the unit's other tokens from it. */
  private countPart(unit: number, tokens: number, isAdded: boolean): void {
    const { words, firsts, wordStarts } = this;
    let seen = 0;
    for (let place = wordStarts[unit]; place < wordStarts[unit + 1]; place++) {
      const word = words[place];
      if (word === 0) continue;
      seen++;
      if (isAdded && seen <= tokens) firsts[word]++;
      else if (!isAdded && seen > tokens) firsts[word]--;
    }
  }

  /** The TVD between the distributions over some words of the group and of the others; NaN if one of them has none of these words. */
  private variation({ words, numbers }: KindList): number {
    const { sums, group } = this;
    let [own, all, difference] = [0, 0, 0];
    for (const word of words) {
      own += group[2 * word];
      all += sums[2 * word];
    }
    if (own === 0 || own === all) return NaN;
    let [ofNumber, inAll] = [0, 0];
    for (let i = 0; i < words.length; i++) {
      ofNumber += group[2 * words[i]];
      inAll += sums[2 * words[i]];
      if (numbers[i] === numbers[i + 1]) continue;
      difference += Math.abs(ofNumber / own - (inAll - ofNumber) / (all - own));
      ofNumber = inAll = 0;
    }
    return difference / 2;
  }

  /** The largest relative gap between the mean numbers of types of two sides, at equal numbers of tokens. */
  private largestGap(a: Side, b: Side): number {
    let most = 0;
    for (const position of logarithmicPositions(Math.min(a.tokens, b.tokens), CURVE_POINTS)) {
      const [v, w] = [a, b].map(({ units, tokens, spread }) =>
        meanTypes(this.logs, units, spread, Math.min(units, (position * units) / tokens)),
      );
      most = Math.max(most, Math.abs(v - w) / Math.max(v, w));
    }
    return most;
  }

  /** The words of a kind that the units have, by their numbers. */
  private listOf(kind: Uint32Array = new Uint32Array(0)): KindList {
    const list: number[] = [];
    for (let word = 1; word < kind.length; word++) {
      if (kind[word] > 0 && this.sums[2 * word] > 0) list.push(word);
    }
    const words = Uint32Array.from(list.sort((a, b) => kind[a] - kind[b]));
    return { words, numbers: words.map(word => kind[word]) };
  }
}

/** Words of a kind, with their numbers, ascending: words with the same number count as one. */
interface KindList {
  readonly words: Uint32Array;
  readonly numbers: Uint32Array;
}

/** One of two groups of units. */
interface Side {
  readonly units: number;
  readonly tokens: number;
  /** Over its types, the number of units that have the type. */
  readonly spread: Runs;
}

/**
 * The KS distance between the values of a group of units and of the others.
 *
 * @param marks by unit, `GROUP` for a unit of the group.
 * @param starts by unit, the index of its first value; one entry more than there are units.
 */
function distanceOf({ indices, times }: Ranked, marks: Uint8Array, starts: Uint32Array): number {
  const ofGroup = new Float64Array(times.length);
  let own = 0;
  for (let unit = 0; unit < marks.length; unit++) {
    if (marks[unit] !== GROUP) continue;
    for (let at = starts[unit]; at < starts[unit + 1]; at++) ofGroup[indices[at]]++;
    own += starts[unit + 1] - starts[unit];
  }
  const others = indices.length - own;
  let [below, belowAll, most] = [0, 0, 0];
  for (let index = 0; index < times.length; index++) {
    below += ofGroup[index];
    belowAll += times[index];
    most = Math.max(most, Math.abs(below / own - (belowAll - below) / others));
  }
  return most;
}

function ranked(values: Float64Array): Ranked {
  const sorted = values.slice().sort();
  const index = new Map<number, number>();
  for (const value of sorted) if (!index.has(value)) index.set(value, index.size);
  const indices = Uint32Array.from(values, value => index.get(value) ?? 0);
  const times = new Float64Array(index.size);
  for (const own of indices) times[own]++;
  return { indices, times };
}

/** Arrays one after another. */
export function joined(arrays: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let used = 0;
  for (const array of arrays) {
    all.set(array, used);
    used += array.length;
  }
  return all;
}
