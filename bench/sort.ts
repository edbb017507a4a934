import { readFile } from 'node:fs/promises';
import { layoutChunks, layoutLength } from '../src/count/layout.js';
import { IdStream } from '../src/count/id-stream.js';
import { partitionPositions, planPartitions } from '../src/count/partition.js';
import { PositionSorter } from '../src/count/sort.js';
import { TokenStream } from '../src/count/token-stream.js';
import { buildVocabulary } from '../src/count/vocabulary.js';
import { contiguous } from '../src/tables/pattern.js';
import { Tokenizer } from '../src/text/tokenizer.js';
import { WordList } from '../src/text/word-list.js';
import type { Case, Suite } from './suite.js';
import { ORDER, type BenchText } from './text.js';

/**
 * Sorts all positions of the training text, laid out and partitioned as in training. There are three cases: by the 2-grams, the 3-grams
 * and the 5-grams that end at the positions, which are 2, 3 and 5 columns of word ids.
 */
export const sortSuite: Suite = {
  name: 'sort',
  async prepare(text) {
    const { ids, positions, starts } = await layOut(text);
    const scratch = new Uint32Array(positions.length);
    const cases = [2, 3, ORDER].map((order): Case => {
      let sorted = 0;
      // The last column is the predicted word, which has the distance 0.
      const distances = [...contiguous(order), 0];
      const sorter = new PositionSorter(distances, (_columns, _order, length, weight) => {
        sorted += length * weight;
      });
      const run = (): void => {
        sorted = 0;
        // Sorting reorders the positions, so each sort gets a copy. Copying is 1 % of the time.
        scratch.set(positions);
        for (let p = 0; p + 1 < starts.length; p++) sorter.sort(ids, scratch.subarray(starts[p], starts[p + 1]));
        if (sorted !== positions.length) throw new Error(`${sorted} of ${positions.length} positions were sorted`);
      };
      return { name: `${order} columns`, work: positions.length, unit: 'positions', run };
    });
    return { cases };
  },
};

/** The training text as in training: its ids in one chunk, and the positions of predicted words, grouped by partition. */
async function layOut(text: BenchText) {
  const [path, memory] = ['', Infinity];
  const stream = new IdStream(path, memory);
  const tokens = new TokenStream(new WordList(), stream, stream, {
    holdOutEvery: 0,
    lowercase: false,
    skipBlank: false,
    reserved: 'refuse',
    closed: false,
  });
  const tokenizer = new Tokenizer(tokens);
  tokenizer.feed(await readFile(text.train));
  tokenizer.end();
  const vocabulary = buildVocabulary(tokens, { kind: 'all' });
  const total = layoutLength(tokens.tokens, tokens.sentences, ORDER);
  const [limit, consume] = [total, true];
  const [chunk] = layoutChunks(stream, vocabulary.ids, ORDER, total, limit, consume);
  const distance = 1;
  const { positions, starts } = partitionPositions(chunk, distance, planPartitions(vocabulary.frequencies));
  return { ids: chunk.ids, positions: positions.subarray(0, starts.at(-1)), starts };
}
