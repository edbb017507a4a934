import { checksumOfUint32 } from '../base/checksum.js';
import { BlockDamage } from '../base/sealed.js';
import { countBits, nextSetNearby, nthSet, rankFrom } from './bits.js';
import { numberOf, AS_DOUBLE } from './decimals.js';
import * as Header from './trie-header.js';
import { findPacked, fitsIn, headsOf, NARROW_GROUPS, numberAt, unpackNumbers, WIDE_GROUPS } from './packed-numbers.js';

/** The most rows, and the most contexts, of a block. */
export const TRIE_ROWS = 1 << 12;
/** The most child bits of a block: one bit for each context and each parent. */
export const CHILD_BITS = 1 << 16;
/** A block stores the totals of contexts with more followers than this. The totals of all other contexts are added up when they are needed. */
export const ADDED_UP = 16;
/** Parents and contexts have a sample every 2^4: the bit at which every 16th parent begins, and the first row of every 16th context. */
export const SAMPLE_SHIFT = 4;
/** Rows have a sample every 2^7: the number of rows with a count above 1 before every 128th row. */
export const COUNT_SAMPLE_SHIFT = 7;
/** 32-bit numbers of an entry in the list of totals: context, Σc, N1, N2, number of its rows in this block. */
export const TOTALS = 5;
/** A block lists the parents with more children in the block than this, with the numbers of these children. */
export const COUNTED_UP = 32;
/** 32-bit numbers of an entry in the list of such parents: parent, number of children. */
export const FAMILY = 2;

/** The first step of a search for a context, in which each step is twice as long as the step before. */
const FIRST_STEP = 4;

/** Working memory of {@link TrieBlock.readRows}: each count above 1 of a block, minus 2. */
const manyCounts = new Uint32Array(TRIE_ROWS);

/** The greatest log10 p or log10 back-off of a block. A sum of one back-off for each order then stays below +∞. */
const LARGEST_NUMBER = 1e300;

/** Where a block has log10 numbers, which are stored as decimals (`decimals.ts`). Each member is an index of a 32-bit word. */
interface Decimals {
  /** The heads of the packed numbers of digits after the point. */
  readonly digits: number;
  /** The data of these packed numbers. */
  readonly digitsData: number;
  /** The heads of the packed codes of decimals; of a number that is no decimal, the code is an index into the doubles. */
  readonly codes: number;
  /** The data of these packed numbers. */
  readonly codesData: number;
  /** The doubles, of two words each. */
  readonly doubles: number;
}

/**
 * A block of a trie table. All methods read the encoded words, so that a look-up decodes nothing. The constructor compares the checksum and
 * checks that each section is inside the block. Unless a method says otherwise, contexts, rows and parents are given by their index in
 * the block, from 0.
 */
export class TrieBlock {
  /** C, the number of contexts. */
  readonly contexts: number;
  /** R, the number of rows. */
  readonly rows: number;
  /** The index of the first context in its table. */
  readonly firstContext: number;
  /** The index of the first context's parent in the parents' table. */
  readonly firstParent: number;
  /** P, as {@link Header.parents}. */
  readonly parents: number;
  /** As {@link Header.firstRow}. */
  readonly firstRow: number;
  /** As {@link Header.followers}: of the wide context that this block has some followers of, the number of all its followers; 0 if its contexts are not wide. */
  readonly wideFollowers: number;
  /** Whether the rows have log10 p in place of counts. */
  readonly isBackoff: boolean;

  /** The first context or row of the last {@link findChildren} or {@link findRows}. */
  from = 0;
  /** The end (exclusive) of the contexts or rows of the last {@link findChildren} or {@link findRows}. */
  to = 0;
  /** The results of the last {@link addTotals}: Σc. */
  total = 0;
  /** N1, the number of followers with count 1. */
  ones = 0;
  /** N2, the number of followers with count 2. */
  twos = 0;
  /** N+, the number of followers. */
  followers = 0;
  /** The sum of the counts of pruned followers, which is a part of Σc. */
  prunedTotal = 0;

  /** The parent of the last {@link findContext}, and the word that it looked for. */
  private parent = -1;
  private sought = 0;
  /** The first context of that parent whose farthest word is not before that word, and the end of the parent's contexts. */
  private next = 0;
  private childrenEnd = 0;
  /** The index in `data` of the entry that `fieldInList` found last. */
  private entry = 0;
  // Indices in `data` of the sections, as in `Header`: of packed numbers the heads and the data.
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
   * @param data the 32-bit words of the block.
   * @throws BlockDamage for words that no encoder wrote.
   */
  constructor(readonly data: Uint32Array) {
    if (data.length < Header.WORDS || data[Header.end] !== data.length) throw new BlockDamage('wrong length');
    if (checksumOfUint32(data, 1) !== data[Header.checksum]) throw new BlockDamage('checksum differs');
    const contexts = (this.contexts = data[Header.contexts]);
    const rows = (this.rows = data[Header.rows]);
    const parents = (this.parents = data[Header.parents]);
    this.firstContext = data[Header.firstContext];
    this.firstParent = data[Header.firstParent];
    this.firstRow = data[Header.firstRow];
    this.wideFollowers = data[Header.followers];
    if (!(contexts >= 1 && contexts <= rows && rows <= TRIE_ROWS && parents >= 1 && contexts + parents <= CHILD_BITS)) {
      throw new BlockDamage('impossible block header');
    }
    if (this.wideFollowers > 0 && (contexts > 1 || this.firstRow + rows > this.wideFollowers)) {
      throw new BlockDamage('a part of a context beside others');
    }
    if (this.wideFollowers === 0 && this.firstRow > 0) throw new BlockDamage('impossible block header');
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

  /** Memory that this object takes [bytes]. */
  get bytes(): number {
    return 4 * this.data.length + 600;
  }

  /** Writes the farthest word of each context into `words`. */
  readWords(words: Uint32Array): void {
    unpackNumbers(this.data, this.wordHeads, this.wordData, WIDE_GROUPS, 0, this.contexts, words);
  }

  /** Writes into `parents` the index of each context's parent in the parents' table, and into `starts` the first row of each context, then R. */
  readContexts(parents: Uint32Array, starts: Uint32Array): void {
    const { data, contexts, childBits, firstParent } = this;
    let parent = firstParent;
    for (let bit = 0, context = 0; context < contexts;) {
      // Each parent has a 0 for each of its contexts, then a 1.
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

  /** Writes into `starts` the first row of each context, then R. */
  readStarts(starts: Uint32Array): void {
    const { data, rowBits, rows } = this;
    starts[0] = 0;
    for (let row = 0, at = rowBits, context = 0; row < rows; row += 32, at++) {
      for (let bits = data[at] | 0; bits !== 0; bits &= bits - 1) {
        starts[++context] = row + 32 - Math.clz32(bits & -bits);
      }
    }
  }

  /** Writes into `children[p]` the index of the first context in the table that belongs to no parent before p, for each parent p of the block but the first. */
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

  /** Writes the ranks of the rows {@link from} ≤ r < {@link to} into `ranks`, from its first entry on. */
  readRanks(ranks: Uint32Array): void {
    const { data, from, to } = this;
    unpackNumbers(data, this.rankHeads, this.rankData, WIDE_GROUPS, from, to, ranks);
    if (this.rankBases === 0) return;
    for (let row = from; row < to; row++) ranks[row - from] += data[this.rankBases + (row >>> WIDE_GROUPS)];
  }

  /** Writes the rank and the count of each row into `ranks` and `counts`. */
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

  /** Finds the contexts of a parent: {@link from} ≤ c < {@link to}. @param parent its index among the parents of the block, from 0. */
  findChildren(parent: number): void {
    const { data, childBits } = this;
    let bit = data[this.childSamples + (parent >>> SAMPLE_SHIFT)] | 0;
    const n = parent & ((1 << SAMPLE_SHIFT) - 1);
    if (n > 0) bit = nthSet(data, childBits, bit, n) + 1;
    this.from = bit - parent;
    const end = nextSetNearby(data, childBits, bit);
    this.to =
      end >= 0 ? end - parent : this.from + this.fieldInList(this.families, this.familyCount, FAMILY, parent, 1);
  }

  /**
   * The context of a parent whose farthest word is `word`; −1 if there is none. The search is shorter if the call before was for the same
   * parent and a smaller word.
   *
   * @param parent its index among the parents of the block, from 0.
   */
  findContext(parent: number, word: number): number {
    if (parent !== this.parent || word < this.sought) {
      this.findChildren(parent);
      this.parent = parent;
      this.next = this.from;
      this.childrenEnd = this.to;
    }
    this.sought = word;
    const { data, wordHeads, wordData, childrenEnd } = this;
    let low = this.next;
    let high = low;
    // The words of a batch are near each other in a parent that has many of them.
    for (let step = FIRST_STEP; high < childrenEnd; step *= 2) {
      if (numberAt(data, wordHeads, wordData, WIDE_GROUPS, high) >= word) break;
      low = high + 1;
      high = Math.min(childrenEnd, high + step);
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numberAt(data, wordHeads, wordData, WIDE_GROUPS, middle) < word) low = middle + 1;
      else high = middle;
    }
    this.next = low;
    return low < childrenEnd && numberAt(data, wordHeads, wordData, WIDE_GROUPS, low) === word ? low : -1;
  }

  /** The farthest word of a context. */
  word(context: number): number {
    return numberAt(this.data, this.wordHeads, this.wordData, WIDE_GROUPS, context);
  }

  /** Finds the rows of a context in this block: {@link from} ≤ r < {@link to}. */
  findRows(context: number): void {
    const { data, rowBits } = this;
    let row = data[this.rowSamples + (context >>> SAMPLE_SHIFT)] | 0;
    const n = context & ((1 << SAMPLE_SHIFT) - 1);
    if (n > 0) row = nthSet(data, rowBits, row, n) + 1;
    this.from = row;
    const last = nextSetNearby(data, rowBits, row);
    this.to = last >= 0 ? last + 1 : row + this.fieldInList(this.totals, this.totalled, TOTALS, context, 4);
  }

  /** The rank of a row: the index of its word among the followers of the context's parent; in the table of unigrams, the word id. */
  rank(row: number): number {
    const packed = numberAt(this.data, this.rankHeads, this.rankData, WIDE_GROUPS, row);
    return this.rankBases === 0 ? packed : packed + this.data[this.rankBases + (row >>> WIDE_GROUPS)];
  }

  /** The row {@link from} ≤ r < {@link to} with this rank; −1 if there is none. */
  findRank(rank: number): number {
    if (this.rankBases > 0) return this.findRankByBase(rank);
    const found = findPacked(this.data, this.rankHeads, this.rankData, WIDE_GROUPS, this.from, this.to, rank);
    return found < 0 ? -1 : found;
  }

  /**
   * As {@link findRank} among all rows of a block with one context, quick if its ranks have few gaps. A row with rank `first` + n, where
   * `first` is the rank of row 0, has at most the index n.
   */
  findRankNear(rank: number): number {
    const first = this.rank(0);
    const guess = Math.min(rank - first, this.rows - 1);
    if (guess < 0) return -1;
    if (this.rank(guess) === rank) return guess;
    this.from = 0;
    this.to = guess;
    return this.findRank(rank);
  }

  /** As {@link findRank}, in a block whose ranks have bases. */
  private findRankByBase(rank: number): number {
    let low = this.from;
    let high = this.to;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rank(middle) < rank) low = middle + 1;
      else high = middle;
    }
    return low < this.to && this.rank(low) === rank ? low : -1;
  }

  /** The count of a row; 1 in a back-off model. */
  count(row: number): number {
    const { data, manyBits } = this;
    if (((data[manyBits + (row >>> 5)] >>> (row & 31)) & 1) === 0) return 1;
    return this.manyCount(this.manyRowsBefore(row));
  }

  /** Sets {@link total}, {@link ones}, {@link twos}, {@link followers} and {@link prunedTotal} for a context, after {@link findRows} of it. */
  addTotals(context: number): void {
    const { data, from, to } = this;
    const followers = (this.followers = this.wideFollowers > 0 ? this.wideFollowers : to - from);
    this.prunedTotal = this.pruned(context);
    if (followers > ADDED_UP) {
      this.total = this.fieldInList(this.totals, this.totalled, TOTALS, context, 1);
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
    let remaining = many === 0 ? 0 : countBits(many);
    this.ones = followers - remaining;
    if (remaining > 0) {
      for (let n = this.manyRowsBefore(from); remaining > 0; remaining--, n++) {
        const count = this.manyCount(n);
        total += count - 1;
        if (count === 2) twos++;
      }
    }
    this.total = total;
    this.twos = twos;
  }

  /** Whether a context of a back-off model has no followers. Its only row then stands for no n-gram. */
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

  /** The number of rows with a count above 1 before a row. */
  private manyRowsBefore(row: number): number {
    const sample = row >>> COUNT_SAMPLE_SHIFT;
    const first = sample << (COUNT_SAMPLE_SHIFT - 5);
    return this.data[this.manySamples + sample] + rankFrom(this.data, this.manyBits, first, row);
  }

  /** The count of the n-th row (n from 0) with a count above 1. */
  private manyCount(n: number): number {
    return (numberAt(this.data, this.countHeads, this.countData, NARROW_GROUPS, n) >>> 0) + 2;
  }

  /**
   * Field `field` of the entry with the key `key` in a sorted list. An entry has `size` 32-bit numbers; number 0 is its key.
   *
   * @param list index in `data` of the list.
   * @param count number of entries.
   * @throws BlockDamage if no entry has the key.
   */
  private fieldInList(list: number, count: number, size: number, key: number, field: number): number {
    const { data } = this;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (data[list + size * middle] < key) low = middle + 1;
      else high = middle;
    }
    this.entry = list + size * low;
    if (count === 0 || data[this.entry] !== key) throw new BlockDamage('an entry is missing');
    return data[this.entry + field];
  }

  /** Number i of a section of decimals. */
  private decimal({ digits, digitsData, codes, codesData, doubles }: Decimals, i: number): number {
    const { data } = this;
    const places = numberAt(data, digits, digitsData, NARROW_GROUPS, i);
    const code = numberAt(data, codes, codesData, NARROW_GROUPS, i) >>> 0;
    if (places === AS_DOUBLE) {
      double.words[0] = data[doubles + 2 * code];
      double.words[1] = data[doubles + 2 * code + 1];
      return double.value[0];
    }
    return numberOf(places, code);
  }

  /**
   * The section of `length` decimals in the words `from` ≤ i < `to`. Refuses NaN and numbers above {@link LARGEST_NUMBER}; −∞ is allowed.
   *
   * @throws BlockDamage
   */
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
      if (places > AS_DOUBLE || (places === AS_DOUBLE && doubles + 2 * code + 2 > to))
        throw new BlockDamage('impossible numbers');
      if (!(this.decimal(found, i) <= LARGEST_NUMBER)) throw new BlockDamage('impossible numbers');
    }
    return found;
  }

  /** Checks that each section begins after the header and ends within the block. */
  private checkSections(): void {
    const { data, contexts, rows, parents } = this;
    const many = data[Header.many];
    const hasSections =
      many <= rows &&
      this.isInside(this.childBits, ((contexts + parents + 31) >>> 5) + 1) &&
      this.isInside(this.childSamples, headsOf(parents, SAMPLE_SHIFT)) &&
      this.isInside(this.rowBits, ((rows + 31) >>> 5) + 1) &&
      this.isInside(this.rowSamples, headsOf(contexts, SAMPLE_SHIFT)) &&
      this.isInside(this.manyBits, ((rows + 31) >>> 5) + 1) &&
      this.isInside(this.manySamples, headsOf(rows, COUNT_SAMPLE_SHIFT)) &&
      this.isInside(this.totals, TOTALS * this.totalled) &&
      this.isInside(this.families, FAMILY * this.familyCount) &&
      (this.rankBases === 0 || this.isInside(this.rankBases, headsOf(rows, WIDE_GROUPS))) &&
      (this.bare === 0 || this.isInside(this.bare, (contexts + 31) >>> 5)) &&
      this.arePacked(this.wordHeads, WIDE_GROUPS, contexts) &&
      this.arePacked(this.rankHeads, WIDE_GROUPS, rows) &&
      this.arePacked(this.countHeads, NARROW_GROUPS, many) &&
      (this.prunedHeads === 0 || this.arePacked(this.prunedHeads, WIDE_GROUPS, contexts));
    if (!hasSections) throw new BlockDamage('impossible sections');
    this.checkList(this.totals, this.totalled, TOTALS, contexts, 4, rows);
    this.checkList(this.families, this.familyCount, FAMILY, parents, 1, contexts);
  }

  /** Whether a section of so many words lies between the header and the end of the block. */
  private isInside(at: number, words: number): boolean {
    return at >= Header.WORDS && at + words <= this.data.length;
  }

  /** Whether the packed numbers whose heads begin at word `at` lie between the header and the end of the block. */
  private arePacked(at: number, shift: number, length: number): boolean {
    return at >= Header.WORDS && fitsIn(this.data, at, this.data.length, shift, length);
  }

  /** Checks that the keys of a list ascend and are below `keys`, and that field `field` of each entry is at most `most`. */
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
   * Checks child bits or row bits. They are a sequence of runs, one for each parent or context; each run ends with a set bit. Checks that
   * `set` of the `bits` bits are set, the last bit among them, and that the samples ascend. A wrong sample can then lead only to another
   * run of the same block, so that no look-up leaves the block. {@link checkSamples} finds wrong samples.
   *
   * @param base index in `data` of the bits.
   * @param samples index in `data` of the samples, one for every 2^`shift` runs.
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

  /** Checks that each sample is the bit with which its parent or context begins. @throws BlockDamage */
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

  /** Checks the bits of rows with a count above 1, and their samples. @throws BlockDamage */
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

/** A double, and its two 32-bit words in the same memory. */
const double = ((): { readonly value: Float64Array; readonly words: Uint32Array } => {
  const value = new Float64Array(1);
  return { value, words: new Uint32Array(value.buffer) };
})();
