import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/chain.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import { SortedHistories } from '../lookup/sorted-histories.js';
import type { TablePart } from '../lookup/table-part.js';
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
   * @param parts the tables, shorter contexts first.
   * @param first the id of the first of them in the reader; the others have the ids after it.
   */
  constructor(
    reader: TrieReader,
    parts: readonly TablePart[],
    first: number,
    private readonly chain: Chain,
  ) {
    this.unigrams = new UnigramJoin(reader, first, parts[0]);
    this.words = new JoinedWords(new SortedHistories(parts.length - 1));
    this.joins = parts.slice(1).map((part, i) => new TrieJoin(reader, first + 1 + i, part));
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
