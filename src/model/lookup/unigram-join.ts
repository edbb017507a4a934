import type { Batch } from '../../smoothing/batch.js';
import { grown } from '../../base/grown.js';
import { discountsAt } from '../../smoothing/parameters.js';
import { findTrieBlock } from '../../tables/trie-directory.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import { visitBlocks } from './visit-blocks.js';

/** In place of a row, of a word that was not looked up. */
const NEW = 0;
/** Added to the row of a word that was looked up; without a row it is −1. */
const LOOKED_UP = 2;

/**
 * The probabilities of words by the table of unigrams, interpolated with the uniform probability. Each word is looked up once: a text has far
 * fewer distinct words than words.
 */
export class UnigramJoin {
  /** By word id, the word's p, and its row + {@link LOOKED_UP}, or {@link NEW}. */
  private values = new Float64Array(0);
  private rows = new Int32Array(0);

  /** @param table its index in the reader. */
  constructor(
    private readonly reader: TrieReader,
    private readonly table: number,
  ) {}

  /**
   * Looks up the words of a batch that are new.
   *
   * @param uniform 1 / size of the vocabulary.
   * @param discounts of a chain.
   * @returns a promise if blocks have to be read.
   */
  interpolate(batch: Batch, uniform: number, discounts: Float64Array): Promise<void> | undefined {
    const { reader, table } = this;
    const directory = reader.directory(table);
    if (!directory) return reader.open().then(() => this.interpolate(batch, uniform, discounts));
    this.makeRoom(largestTarget(batch) + 1);
    const fresh = this.freshWords(batch);
    const blocks = Uint32Array.from(fresh, word => Math.max(0, findTrieBlock(directory, 0, 0, word, 0)));
    return visitBlocks(reader, table, blocks, fresh.length, true, (from, to, blockAt) => {
      for (let i = from; i < to; i++) {
        const block = blockAt(blocks[i]);
        if (!block) throw new Error('a block was planned and not read');
        this.interpolateWord(block, fresh[i], uniform, discounts);
      }
    });
  }

  /**
   * Writes the probabilities and the rows of words of the batch, after {@link interpolate}.
   *
   * @param words indices of words in the batch; entry i of `values` and of `rows` belongs to the i-th of them.
   */
  copy({ ids, targets, length }: Batch, words: Uint32Array, values: Float64Array, rows: Int32Array): void {
    const { values: ownValues, rows: ownRows } = this;
    for (let i = 0; i < length; i++) {
      const word = ids[targets[words[i]]];
      values[i] = ownValues[word];
      rows[i] = ownRows[word] - LOOKED_UP;
    }
  }

  private makeRoom(ids: number): void {
    if (ids <= this.rows.length) return;
    this.values = grown(this.values, 2 * ids);
    this.rows = grown(this.rows, 2 * ids);
  }

  /** The words of a batch that are new, ascending. */
  private freshWords({ ids, targets, length }: Batch): Uint32Array {
    const { rows } = this;
    const fresh = new Uint32Array(length);
    let count = 0;
    for (let t = 0; t < length; t++) {
      const word = ids[targets[t]];
      if (rows[word] === NEW) fresh[count++] = word;
    }
    return withoutRepeats(fresh.subarray(0, count).sort());
  }

  private interpolateWord(block: TrieBlock, word: number, uniform: number, discounts: Float64Array): void {
    block.findRows(0);
    block.addTotals(0);
    const { total, ones, twos } = block;
    const d = discountsAt(total, discounts);
    const d1 = discounts[d + 1];
    const d2 = discounts[d + 2];
    const d3 = discounts[d + 3];
    const taken = d1 * ones + d2 * twos + d3 * (block.followers - ones - twos) + block.prunedTotal;
    const row = block.findRankNear(word);
    const count = row < 0 ? 0 : block.count(row);
    const discounted = count - (count === 0 ? 0 : count === 1 ? d1 : count === 2 ? d2 : d3);
    this.values[word] = (discounted + taken * uniform) / total;
    this.rows[word] = (row < 0 ? -1 : row + block.firstRow) + LOOKED_UP;
  }
}

/** The distinct numbers of an ascending list. */
function withoutRepeats(numbers: Uint32Array): Uint32Array {
  return numbers.filter((number, i) => i === 0 || number !== numbers[i - 1]);
}

function largestTarget({ ids, targets, length }: Batch): number {
  let largest = 0;
  for (let t = 0; t < length; t++) largest = Math.max(largest, ids[targets[t]]);
  return largest;
}
