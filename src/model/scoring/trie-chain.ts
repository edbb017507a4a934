import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/chain.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import { SortedHistories } from '../lookup/sorted-histories.js';
import { JoinedWords, TrieJoin } from '../lookup/trie-join.js';
import { UnigramJoin } from '../lookup/unigram-join.js';
import { emptyProbabilities, type ChainProbabilities, type ChainTables } from './chain-tables.js';

/** A chain of tables in the store. The words of a batch are sorted once, and joined with each table in the order of its rows. */
export class TrieChain implements ChainTables {
  private found = emptyProbabilities(0);
  private readonly words: JoinedWords;
  private readonly unigrams: UnigramJoin;
  /** The tables of contexts of one word, two words … */
  private readonly joins: readonly TrieJoin[];

  /**
   * @param count number of tables: those of contexts of no word, one word …
   * @param first the index of the first of them in the reader; the others have the indices after it.
   */
  constructor(
    reader: TrieReader,
    count: number,
    first: number,
    private readonly chain: Chain,
  ) {
    this.unigrams = new UnigramJoin(reader, first);
    this.words = new JoinedWords(new SortedHistories(count - 1));
    this.joins = Array.from({ length: count - 1 }, (_, i) => new TrieJoin(reader, first + 1 + i, 1 + i));
  }

  *interpolate(batch: Batch): Generator<Promise<void>, ChainProbabilities, void> {
    const { unigrams, words, joins } = this;
    const { discounts, vocabulary } = this.chain;
    if (batch.length > this.found.matched.length) this.found = emptyProbabilities(batch.targets.length);
    const reading = unigrams.interpolate(batch, 1 / vocabulary, discounts[0]);
    if (reading) yield reading;
    words.begin(batch, unigrams);
    for (const [i, join] of joins.entries()) {
      const reading = join.interpolate(words, discounts[i + 1]);
      if (reading) yield reading;
      words.turn();
    }
    words.end(this.found.probabilities, this.found.matched);
    return this.found;
  }
}
