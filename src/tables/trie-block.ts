import { checksumOfUint32 } from '../base/checksum.js';
import { BlockDamage } from '../base/sealed.js';
import { countBits, nearSet, nthSet, rankFrom } from './bits.js';
import { numberOf, WHOLE } from './decimals.js';
import { fitsIn, headsOf, NARROW_GROUPS, numberAt, unpackNumbers, WIDE_GROUPS } from './packed-numbers.js';

/** The most rows, and the most contexts, of a block. */
export const TRIE_ROWS = 1 << 12;
/** The most bits of a block's unary code of children, which has a bit for each context and each parent. */
export const CHILD_BITS = 1 << 16;
/** A block stores the totals of a context with more followers than this; it adds up the totals of other contexts when asked. */
export const ADDED_UP = 16;
/** Every 2^4-th context and parent, and every 2^7-th row, has a sample. */
export const SAMPLE_SHIFT = 4;
export const COUNT_SAMPLE_SHIFT = 7;
/** 32-bit numbers in an entry of the list of totals: context, Σc, N1, N2, followers in this block. */
export const TOTALS = 5;
/** A block lists each parent with more children in the block than this, with the number of these children. */
export const COUNTED_UP = 32;
/** 32-bit numbers in an entry of the list of such parents: parent, number of children. */
export const FAMILY = 2;

/** The index of each 32-bit number of a block's header. */
export const Header = {
  checksum: 0,
  /** C, the number of contexts; R, the number of rows. */
  contexts: 1,
  rows: 2,
  /** The number of the first context in its table, and that of its parent in the table of parents. */
  firstContext: 3,
  firstParent: 4,
  /** P, the number of parents from the first to that of the last context, those without children included. */
  parents: 5,
  /** The number of the block's first row among the followers of its context: above 0 in the later blocks of a context. */
  firstRow: 6,
  /** Followers of the block's only context where other blocks have some of them, else 0. */
  followers: 7,
  /** Each field from here on, except numbers of entries, is the index of the first word of a section; 0 if there is none. */
  words: 8,
  childBits: 9,
  childSamples: 10,
  rowBits: 11,
  rowSamples: 12,
  ranks: 13,
  rankBases: 14,
  manyBits: 15,
  manySamples: 16,
  counts: 17,
  /** M, the number of rows with a count above 1. */
  many: 18,
  totals: 19,
  /** T, the number of contexts whose totals are stored. */
  totalled: 20,
  /** Parents with many children, and their number. */
  families: 21,
  familyCount: 22,
  pruned: 23,
  bare: 24,
  probabilities: 25,
  backoffs: 26,
  end: 27,
} as const;

/** The length of a header [32-bit words]. */
export const HEADER_WORDS = 28;

/** Working memory: each count above 1 of a block, minus 2. */
const manyCounts = new Uint32Array(TRIE_ROWS);

/** The greatest log10 p or log10 back-off of a block. A sum of one back-off for each order then stays below +∞. */
const LARGEST_NUMBER = 1e300;

/** Indices of the words that hold decimals: packed numbers of digits after the point, packed codes 2 · digits + sign, and doubles for numbers that these codes cannot give exactly. */
interface Decimals {
  readonly digits: number;
  readonly digitsData: number;
  readonly codes: number;
  readonly codesData: number;
  readonly doubles: number;
}

/**
 * A block of a trie table, searched as it lies: nothing is decoded. Its bytes were compared with their checksum, and its
 * lengths, widths and places checked, when it was made.
 */
export class TrieBlock {
  readonly contexts: number;
  readonly rows: number;
  readonly firstContext: number;
  readonly firstParent: number;
  readonly parents: number;
  readonly firstRow: number;
  /** As {@link Header.followers}. */
  readonly partOf: number;
  /** Whether the rows have log10 p in place of counts. */
  readonly isBackoff: boolean;

  /** The results of the last {@link findChildren} and {@link findRows}: from (included) and to (not included). */
  from = 0;
  to = 0;
  /** The results of the last {@link addTotals}. */
  total = 0;
  ones = 0;
  twos = 0;
  followers = 0;
  prunedTotal = 0;

  /** The index in `data` of the entry that `entryOf` found last. */
  private entry = 0;
  private readonly wordHeads: number;
  private readonly wordData: number;
  private readonly childBits: number;
  private readonly childSamples: number;
  private readonly rowBits: number;
  private readonly rowSamples: number;
  private readonly rankHeads: number;
  private readonly rankData: number;
  private readonly rankBases: number;
  private readonly manyBits: number;
  private readonly manySamples: number;
  private readonly countHeads: number;
  private readonly countData: number;
  private readonly totals: number;
  private readonly totalled: number;
  private readonly families: number;
  private readonly familyCount: number;
  private readonly prunedHeads: number;
  private readonly prunedData: number;
  private readonly bare: number;
  private readonly probabilities: Decimals | undefined;
  private readonly backoffs: Decimals | undefined;

  /**
   * @param data the words of the block.
   * @throws BlockDamage for words that no encoder wrote.
   */
  constructor(readonly data: Uint32Array) {
    if (data.length < HEADER_WORDS || data[Header.end] !== data.length) throw new BlockDamage('wrong length');
    if (checksumOfUint32(data, 1) !== data[Header.checksum]) throw new BlockDamage('checksum differs');
    const contexts = (this.contexts = data[Header.contexts]);
    const rows = (this.rows = data[Header.rows]);
    const parents = (this.parents = data[Header.parents]);
    this.firstContext = data[Header.firstContext];
    this.firstParent = data[Header.firstParent];
    this.firstRow = data[Header.firstRow];
    this.partOf = data[Header.followers];
    if (!(contexts >= 1 && contexts <= rows && rows <= TRIE_ROWS && parents >= 1 && contexts + parents <= CHILD_BITS)) {
      throw new BlockDamage('impossible block header');
    }
    if (this.partOf > 0 && (contexts > 1 || this.firstRow + rows > this.partOf)) {
      throw new BlockDamage('a part of a context beside others');
    }
    if (this.partOf === 0 && this.firstRow > 0) throw new BlockDamage('impossible block header');
    this.wordHeads = data[Header.words];
    this.wordData = this.wordHeads + headsOf(contexts, WIDE_GROUPS);
    this.childBits = data[Header.childBits];
    this.childSamples = data[Header.childSamples];
    this.rowBits = data[Header.rowBits];
    this.rowSamples = data[Header.rowSamples];
    this.rankHeads = data[Header.ranks];
    this.rankData = this.rankHeads + headsOf(rows, WIDE_GROUPS);
    this.rankBases = data[Header.rankBases];
    this.manyBits = data[Header.manyBits];
    this.manySamples = data[Header.manySamples];
    this.countHeads = data[Header.counts];
    this.countData = this.countHeads + headsOf(data[Header.many], NARROW_GROUPS);
    this.totals = data[Header.totals];
    this.totalled = data[Header.totalled];
    this.families = data[Header.families];
    this.familyCount = data[Header.familyCount];
    this.prunedHeads = data[Header.pruned];
    this.prunedData = this.prunedHeads + headsOf(contexts, WIDE_GROUPS);
    this.bare = data[Header.bare];
    this.isBackoff = data[Header.probabilities] > 0;
    this.checkSections();
    this.checkBits(this.childBits, contexts + parents, parents, this.childSamples, parents, SAMPLE_SHIFT);
    this.checkBits(this.rowBits, rows, contexts, this.rowSamples, contexts, SAMPLE_SHIFT);
    this.checkMany(rows, data[Header.many]);
    if (this.isBackoff) {
      this.probabilities = this.decimals(data[Header.probabilities], data[Header.backoffs], rows);
      this.backoffs = this.decimals(data[Header.backoffs], data[Header.end], contexts);
    }
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return 4 * this.data.length + 600;
  }

  /** Writes the farthest word of each context. */
  readWords(words: Uint32Array): void {
    unpackNumbers(this.data, this.wordHeads, this.wordData, WIDE_GROUPS, 0, this.contexts, words);
  }

  /** Writes the parent (its number in its table) and the first row of each context; one more entry of `starts` is R. */
  readContexts(parents: Uint32Array, starts: Uint32Array): void {
    const { data, contexts, childBits, firstParent } = this;
    let parent = firstParent;
    for (let bit = 0, context = 0; context < contexts;) {
      // Each parent ends with a set bit, behind a 0 for each of its contexts.
      const bits = data[childBits + (bit >>> 5)] >>> (bit & 31);
      const zeros = bits === 0 ? 32 - (bit & 31) : 31 - Math.clz32(bits & -bits);
      for (let i = 0; i < zeros; i++) parents[context++] = parent;
      bit += zeros;
      if (bits === 0) continue;
      parent++;
      bit++;
    }
    this.readStarts(starts);
  }

  /** Writes the first row of each context; one more entry of `starts` is R. */
  readStarts(starts: Uint32Array): void {
    const { data, rowBits, rows } = this;
    starts[0] = 0;
    for (let row = 0, at = rowBits, context = 0; row < rows; row += 32, at++) {
      for (let bits = data[at] | 0; bits !== 0; bits &= bits - 1) {
        starts[++context] = row + 32 - Math.clz32(bits & -bits);
      }
    }
  }

  /** Writes, for each parent but the last, the number of the context behind its last one; `children[p]` is for the parent before p. */
  readChildren(children: Uint32Array): void {
    const { data, childBits, contexts, parents, firstParent, firstContext } = this;
    const length = contexts + parents;
    for (let bit = 0, at = childBits, parent = 0; bit < length; bit += 32, at++) {
      for (let bits = data[at] | 0; bits !== 0 && parent + 1 < parents; bits &= bits - 1) {
        children[firstParent + parent + 1] = firstContext + bit + 31 - Math.clz32(bits & -bits) - parent;
        parent++;
      }
    }
  }

  /** Writes the ranks of the rows {@link from} to {@link to}. */
  readRanks(ranks: Uint32Array): void {
    const { data, from, to } = this;
    unpackNumbers(data, this.rankHeads, this.rankData, WIDE_GROUPS, from, to, ranks);
    if (this.rankBases === 0) return;
    for (let row = from; row < to; row++) ranks[row - from] += data[this.rankBases + (row >>> WIDE_GROUPS)];
  }

  /** Writes the rank and the count of each row. */
  readRows(ranks: Uint32Array, counts: Uint32Array): void {
    const { data, rows, manyBits } = this;
    this.from = 0;
    this.to = rows;
    this.readRanks(ranks);
    counts.fill(1, 0, rows);
    unpackNumbers(data, this.countHeads, this.countData, NARROW_GROUPS, 0, data[Header.many], manyCounts);
    for (let row = 0, at = manyBits, n = 0; row < rows; row += 32, at++) {
      for (let bits = data[at] | 0; bits !== 0; bits &= bits - 1) {
        counts[row + 31 - Math.clz32(bits & -bits)] = manyCounts[n++] + 2;
      }
    }
  }

  /** Whether followers of any context of the block were pruned. */
  get isPruned(): boolean {
    return this.prunedHeads > 0;
  }

  /** The sum of the counts of a context's pruned followers. */
  pruned(context: number): number {
    return this.prunedHeads === 0
      ? 0
      : numberAt(this.data, this.prunedHeads, this.prunedData, WIDE_GROUPS, context) >>> 0;
  }

  /** Finds the contexts of a parent, by its number within the block: numbers {@link from} to {@link to}. */
  findChildren(parent: number): void {
    const { data, childBits } = this;
    let bit = data[this.childSamples + (parent >>> SAMPLE_SHIFT)];
    const n = parent & ((1 << SAMPLE_SHIFT) - 1);
    if (n > 0) bit = nthSet(data, childBits, bit, n) + 1;
    this.from = bit - parent;
    const end = nearSet(data, childBits, bit);
    this.to = end >= 0 ? end - parent : this.from + this.entryOf(this.families, this.familyCount, FAMILY, parent, 1);
  }

  /** The farthest word of a context. */
  word(context: number): number {
    return numberAt(this.data, this.wordHeads, this.wordData, WIDE_GROUPS, context);
  }

  /** The context among {@link from} to {@link to} whose farthest word this is, or −1. */
  findWord(word: number): number {
    const { data, wordHeads, wordData } = this;
    let low = this.from;
    let high = this.to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numberAt(data, wordHeads, wordData, WIDE_GROUPS, middle) < word) low = middle + 1;
      else high = middle;
    }
    return low < this.to && numberAt(data, wordHeads, wordData, WIDE_GROUPS, low) === word ? low : -1;
  }

  /** Finds the rows of a context: numbers {@link from} to {@link to}. */
  findRows(context: number): void {
    const { data, rowBits } = this;
    let row = data[this.rowSamples + (context >>> SAMPLE_SHIFT)];
    const n = context & ((1 << SAMPLE_SHIFT) - 1);
    if (n > 0) row = nthSet(data, rowBits, row, n) + 1;
    this.from = row;
    const last = nearSet(data, rowBits, row);
    this.to = last >= 0 ? last + 1 : row + this.entryOf(this.totals, this.totalled, TOTALS, context, 4);
  }

  /** The rank of a row: the number of its word among the followers of the parent; in the table of no context the word itself. */
  rank(row: number): number {
    const packed = numberAt(this.data, this.rankHeads, this.rankData, WIDE_GROUPS, row);
    return this.rankBases === 0 ? packed : packed + this.data[this.rankBases + (row >>> WIDE_GROUPS)];
  }

  /** The row among {@link from} to {@link to} with this rank, or −1. */
  findRank(rank: number): number {
    if (this.rankBases > 0) return this.findRankByBase(rank);
    const { data, rankHeads, rankData } = this;
    let low = this.from;
    let high = this.to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numberAt(data, rankHeads, rankData, WIDE_GROUPS, middle) < rank) low = middle + 1;
      else high = middle;
    }
    return low < this.to && numberAt(data, rankHeads, rankData, WIDE_GROUPS, low) === rank ? low : -1;
  }

  /** As {@link findRank} among all rows, for a context whose ranks have few gaps: the row is at most as far from the first as the rank is. */
  findRankNear(rank: number): number {
    const first = this.rank(0);
    const guess = Math.min(rank - first, this.rows - 1);
    if (guess < 0) return -1;
    if (this.rank(guess) === rank) return guess;
    this.from = 0;
    this.to = guess;
    return this.findRank(rank);
  }

  private findRankByBase(rank: number): number {
    let low = this.from;
    let high = this.to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rank(middle) < rank) low = middle + 1;
      else high = middle;
    }
    return low < this.to && this.rank(low) === rank ? low : -1;
  }

  /** The count of a row; 1 in a back-off model. */
  count(row: number): number {
    const { data, manyBits } = this;
    if (((data[manyBits + (row >>> 5)] >>> (row & 31)) & 1) === 0) return 1;
    return this.manyCount(this.manyBefore(row));
  }

  /** Σc, N1, N2, the number of followers, and the pruned part of Σc of a context whose rows were found. */
  addTotals(context: number): void {
    const { data, from, to } = this;
    const followers = (this.followers = this.partOf > 0 ? this.partOf : to - from);
    this.prunedTotal = this.pruned(context);
    if (followers > ADDED_UP) {
      this.total = this.entryOf(this.totals, this.totalled, TOTALS, context, 1);
      const at = this.entry;
      this.ones = data[at + 2];
      this.twos = data[at + 3];
      return;
    }
    let total = followers + this.prunedTotal;
    let twos = 0;
    const word = this.manyBits + (from >>> 5);
    const shifted = from & 31;
    const many = ((data[word] >>> shifted) | ((data[word + 1] << 1) << (31 - shifted))) & ((1 << followers) - 1);
    let left = many === 0 ? 0 : countBits(many);
    this.ones = followers - left;
    if (left > 0) {
      for (let n = this.manyBefore(from); left > 0; left--, n++) {
        const count = this.manyCount(n);
        total += count - 1;
        if (count === 2) twos++;
      }
    }
    this.total = total;
    this.twos = twos;
  }

  /** Whether a context of a back-off model has no followers: its only row is none. */
  isBare(context: number): boolean {
    return this.bare > 0 && ((this.data[this.bare + (context >>> 5)] >>> (context & 31)) & 1) === 1;
  }

  /** log10 p of a row of a back-off model. */
  log10Prob(row: number): number {
    return this.probabilities ? this.decimal(this.probabilities, row) : 0;
  }

  /** log10 of the back-off of a context of a back-off model. */
  backoff(context: number): number {
    return this.backoffs ? this.decimal(this.backoffs, context) : 0;
  }

  /** Rows with a count above 1 before this row. */
  private manyBefore(row: number): number {
    const sample = row >>> COUNT_SAMPLE_SHIFT;
    const first = sample << (COUNT_SAMPLE_SHIFT - 5);
    return this.data[this.manySamples + sample] + rankFrom(this.data, this.manyBits, first, row);
  }

  private manyCount(n: number): number {
    return (numberAt(this.data, this.countHeads, this.countData, NARROW_GROUPS, n) >>> 0) + 2;
  }

  /** Number `field` of the entry with this key in a list of `count` entries, each of `size` numbers of which the key is the first. */
  private entryOf(list: number, count: number, size: number, key: number, field: number): number {
    const { data } = this;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (data[list + size * middle] < key) low = middle + 1;
      else high = middle;
    }
    this.entry = list + size * low;
    if (count === 0 || data[this.entry] !== key) throw new BlockDamage('an entry is missing');
    return data[this.entry + field];
  }

  private decimal({ digits, digitsData, codes, codesData, doubles }: Decimals, i: number): number {
    const { data } = this;
    const places = numberAt(data, digits, digitsData, NARROW_GROUPS, i);
    const code = numberAt(data, codes, codesData, NARROW_GROUPS, i) >>> 0;
    if (places === WHOLE) {
      double.words[0] = data[doubles + 2 * code];
      double.words[1] = data[doubles + 2 * code + 1];
      return double.value[0];
    }
    return numberOf(places, code);
  }

  /** Checks the `length` decimals in the words `from` … `to` − 1. Refuses NaN and numbers above {@link LARGEST_NUMBER}; −∞ is allowed. */
  private decimals(from: number, to: number, length: number): Decimals {
    const { data } = this;
    const digits = from + 2;
    const [codes, doubles] = [data[from], data[from + 1]];
    const isThere = digits < codes && codes < doubles && doubles <= to && to <= data.length;
    if (
      !isThere ||
      !fitsIn(data, digits, codes, NARROW_GROUPS, length) ||
      !fitsIn(data, codes, doubles, NARROW_GROUPS, length)
    ) {
      throw new BlockDamage('impossible numbers');
    }
    const heads = headsOf(length, NARROW_GROUPS);
    const found = { digits, digitsData: digits + heads, codes, codesData: codes + heads, doubles };
    for (let i = 0; i < length; i++) {
      const places = numberAt(data, digits, found.digitsData, NARROW_GROUPS, i);
      const code = numberAt(data, codes, found.codesData, NARROW_GROUPS, i) >>> 0;
      if (places > WHOLE || (places === WHOLE && doubles + 2 * code + 2 > to))
        throw new BlockDamage('impossible numbers');
      if (!(this.decimal(found, i) <= LARGEST_NUMBER)) throw new BlockDamage('impossible numbers');
    }
    return found;
  }

  /** Checks that each section begins after the header and ends within the block. */
  private checkSections(): void {
    const { data, contexts, rows, parents } = this;
    const many = data[Header.many];
    const sections: [at: number, words: number][] = [
      [this.childBits, ((contexts + parents + 31) >>> 5) + 1],
      [this.childSamples, headsOf(parents, SAMPLE_SHIFT)],
      [this.rowBits, ((rows + 31) >>> 5) + 1],
      [this.rowSamples, headsOf(contexts, SAMPLE_SHIFT)],
      [this.manyBits, ((rows + 31) >>> 5) + 1],
      [this.manySamples, headsOf(rows, COUNT_SAMPLE_SHIFT)],
      [this.totals, TOTALS * this.totalled],
      [this.families, FAMILY * this.familyCount],
    ];
    if (this.rankBases > 0) sections.push([this.rankBases, headsOf(rows, WIDE_GROUPS)]);
    if (this.bare > 0) sections.push([this.bare, (contexts + 31) >>> 5]);
    for (const [at, words] of sections) {
      if (at < HEADER_WORDS || at + words > data.length) throw new BlockDamage('impossible sections');
    }
    const packed: [at: number, shift: number, length: number][] = [
      [this.wordHeads, WIDE_GROUPS, contexts],
      [this.rankHeads, WIDE_GROUPS, rows],
      [this.countHeads, NARROW_GROUPS, many],
    ];
    if (this.prunedHeads > 0) packed.push([this.prunedHeads, WIDE_GROUPS, contexts]);
    for (const [at, shift, length] of packed) {
      if (at < HEADER_WORDS || many > rows || !fitsIn(data, at, data.length, shift, length)) {
        throw new BlockDamage('impossible sections');
      }
    }
    this.checkList(this.totals, this.totalled, TOTALS, contexts, 4, rows);
    this.checkList(this.families, this.familyCount, FAMILY, parents, 1, contexts);
  }

  /** Checks that the keys of a list ascend and are below `keys`, and that number `field` of each entry is at most `most`. */
  private checkList(list: number, count: number, size: number, keys: number, field: number, most: number): void {
    const { data } = this;
    for (let i = 0, before = -1; i < count; i++) {
      const key = data[list + size * i];
      if (key <= before || key >= keys || data[list + size * i + field] > most)
        throw new BlockDamage('impossible list');
      before = key;
    }
  }

  /**
   * Checks that `set` of the `bits` bits are set, the last bit among them, and that the samples ascend. A wrong sample can then lead
   * only to another run of the same block, so that no look-up leaves the block. {@link checkSamples} finds wrong samples.
   */
  private checkBits(base: number, bits: number, set: number, samples: number, runs: number, shift: number): void {
    const { data } = this;
    const words = (bits + 31) >>> 5;
    let count = 0;
    for (let at = base; at < base + words; at++) count += countBits(data[at]);
    const last = bits - 1;
    const isWhole =
      count === set &&
      ((data[base + (last >>> 5)] >>> (last & 31)) & 1) === 1 &&
      ((bits & 31) === 0 || data[base + words - 1] >>> (bits & 31) === 0) &&
      data[base + words] === 0;
    if (!isWhole) throw new BlockDamage('impossible bits');
    let before = -1;
    for (let at = samples; at < samples + headsOf(runs, shift); at++) {
      const bit = data[at];
      if (bit <= before || bit >= bits) throw new BlockDamage('impossible samples');
      before = bit;
    }
    if (data[samples] !== 0) throw new BlockDamage('impossible samples');
  }

  /** Checks that samples are where every 16th run begins. @throws BlockDamage */
  checkSamples(): void {
    this.checkRuns(this.childBits, this.childSamples, this.parents);
    this.checkRuns(this.rowBits, this.rowSamples, this.contexts);
  }

  private checkRuns(base: number, samples: number, runs: number): void {
    const { data } = this;
    const step = 1 << SAMPLE_SHIFT;
    for (let run = 0, bit = 0; run < runs; run += step) {
      if (data[samples + (run >>> SAMPLE_SHIFT)] !== bit) throw new BlockDamage('impossible samples');
      if (run + step < runs) bit = nthSet(data, base, bit, step) + 1;
    }
  }

  private checkMany(rows: number, many: number): void {
    const { data, manyBits, manySamples } = this;
    const words = (rows + 31) >>> 5;
    let count = 0;
    for (let at = 0; at < words; at++) {
      if ((at & 3) === 0 && data[manySamples + (at >>> 2)] !== count) throw new BlockDamage('impossible samples');
      count += countBits(data[manyBits + at]);
    }
    const isWhole =
      count === many &&
      ((rows & 31) === 0 || data[manyBits + words - 1] >>> (rows & 31) === 0) &&
      data[manyBits + words] === 0;
    if (!isWhole) throw new BlockDamage('impossible bits');
  }
}

const double = ((): { readonly value: Float64Array; readonly words: Uint32Array } => {
  const value = new Float64Array(1);
  return { value, words: new Uint32Array(value.buffer) };
})();
