import { decodeClasses, encodeClasses } from '../../../src/tables/classes.js';
import { decodeWeights } from '../../../src/model/scoring/weights.js';
import { blankBlock, BLOCK_ENTRIES, decodeBlock, encodeBlock, type Block } from '../../../src/tables/block.js';
import { BlockDamage, seal } from '../../../src/base/sealed.js';
import { decodeValue } from '../../../src/base/decode.js';
import {
  decodeDictionaryBlock,
  decodeDictionaryDirectory,
  encodeDictionaryBlock,
  encodeDictionaryDirectory,
} from '../../../src/tables/dictionary.js';
import { decodeDirectory, encodeDirectory } from '../../../src/tables/directory.js';
import { decodeManifest } from '../../../src/tables/manifest.js';
import { decodeTokenizer } from '../../../src/tables/tokenizer.js';
import { TRIE_ROWS, TrieBlock } from '../../../src/tables/trie-block.js';
import { TrieColumns } from '../../../src/tables/trie-columns.js';
import { TrieWriter } from '../../../src/tables/trie-writer.js';
import { checkNumbers, firstByte, Wrong, type CreateTarget } from './target.js';
import { mutatePacked } from './structure.js';

const WIDTH = 2;

const DECODERS: readonly ((value: Uint8Array) => unknown)[] = [
  value => checkBlock(decodeBlock(value, WIDTH)),
  value => checkBlock(decodeBlock(value, 0)),
  value => checkBlock(decodeBlock(value, WIDTH, blankBlock(WIDTH, BLOCK_ENTRIES, BLOCK_ENTRIES))),
  value => decodeDirectory(value, WIDTH),
  decodeDictionaryBlock,
  decodeDictionaryDirectory,
  decodeClasses,
  decodeWeights,
  decodeManifest,
  value => decodeTokenizer(value, 'tokenizer.json'),
  value => checkTrie(value),
];

/** The decoders of the values of a store. Inputs have right checksums; the first byte of an input chooses the decoder. */
export const blocks: CreateTarget = () => {
  const body = (decoder: number, value: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of(decoder), value.subarray(4)]);
  const words = ['a', 'ab', 'abc', 'b'].map(word => new TextEncoder().encode(word));
  const dictionary = { words, ids: Float64Array.of(4, 5, 6, 700), frequencies: Float64Array.of(1, 2, 3e5, 4) };
  const rows = [Uint32Array.of(1, 2, 3), Uint32Array.of(1, 5, 3), Uint32Array.of(9, 1, 70000)];
  return {
    seeds: [
      ...[0, 2].flatMap(decoder => [block(), block(true), wideBlock()].map(value => body(decoder, value))),
      body(3, encodeDirectory(rows, WIDTH)),
      body(4, encodeDictionaryBlock(dictionary)),
      body(5, encodeDictionaryDirectory(words)),
      ...[trieBlock(false), trieBlock(true), widePart()].map(value => body(TRIE, value)),
      body(6, encodeClasses(4, Uint32Array.of(0, 1, 2, 3, 3, 2), Float64Array.of(0, 5, 6, 70, 1, 2))),
    ],
    names: /^value/,
    mutate: (bytes, random) => {
      const decoder = random() < 0.05 ? Math.floor(random() * DECODERS.length) : bytes[0];
      return Buffer.concat([Uint8Array.of(decoder), mutatePacked(bytes.subarray(1), random)]);
    },
    run(bytes) {
      const decode = DECODERS[firstByte(bytes) % DECODERS.length];
      checkNumbers(decodeValue('value', seal(bytes.subarray(1)), decode));
      return Promise.resolve();
    },
  };
};

/** The index of the decoder of trie blocks. */
const TRIE = DECODERS.length - 1;

/** Opens a trie block, and calls every method: no result may be outside the block, and each call must end. */
function checkTrie(value: Uint8Array): void {
  if (value.length % 4 !== 0) throw new BlockDamage('wrong length');
  const block = new TrieBlock(new Uint32Array(value.slice().buffer));
  const { contexts, rows, parents } = block;
  if (rows > TRIE_ROWS || contexts > rows) throw new Wrong('rows out of bounds');
  for (let parent = 0; parent < parents; parent++) {
    block.findChildren(parent);
    checkNumbers([block.from, block.to, block.findContext(parent, parent)]);
  }
  for (let context = 0; context < contexts; context++) {
    block.findRows(context);
    const { from, to } = block;
    checkNumbers([block.word(context), block.pruned(context), block.backoff(context)]);
    if (to > from && to - from <= rows) block.addTotals(context);
    checkNumbers([
      block.total,
      block.ones,
      block.twos,
      block.followers,
      block.findRank(context),
      block.findRankNear(7),
    ]);
  }
  for (let row = 0; row < rows; row++) checkNumbers([block.rank(row), block.count(row), block.log10Prob(row)]);
  new TrieColumns().read(block);
  block.checkSamples();
}

/** A trie block of 40 contexts of three parents. */
function trieBlock(isBackoff: boolean): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new TrieWriter(({ value }) => blocks.push(value), isBackoff);
  for (let c = 0; c < 40; c++) {
    const length = c === 7 ? 30 : 1 + (c % 3);
    const ranks = Uint32Array.from({ length }, (_, i) => c + 5 * i);
    const counts = Uint32Array.from({ length }, (_, i) => (isBackoff ? 1 : 1 + ((c + i) % 4) ** 5));
    const probabilities = Float64Array.from({ length }, (_, i) => -1 / (c + i + 3));
    const numbers = isBackoff ? { log10Probs: probabilities, backoff: -0.25 * c, bare: c === 3 } : undefined;
    writer.group(c < 35 ? 4 : 9, 10 * c, ranks, counts, 0, length, c === 5 && !isBackoff ? 12 : 0, numbers);
  }
  writer.flush();
  return blocks[0];
}

/** The second block of a wide context. */
function widePart(): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new TrieWriter(({ value }) => blocks.push(value), false);
  const ranks = Uint32Array.from({ length: TRIE_ROWS + 90 }, (_, i) => 3 * i);
  writer.group(2, 8, ranks, new Uint32Array(ranks.length).fill(2), 0, ranks.length, 0);
  writer.flush();
  return blocks[1];
}

/** Checks the properties of a block that readers rely on. */
function checkBlock(block: Block): void {
  const { starts, contextCount, words, contexts, counts, numbers, wideTotals: wide } = block;
  const rows = starts[contextCount];
  if (rows > BLOCK_ENTRIES || starts[0] !== 0 || words.length < rows || counts.length < rows)
    throw new Wrong('rows out of bounds');
  for (let c = 0; c < contextCount; c++) if (starts[c + 1] <= starts[c]) throw new Wrong('a context without rows');
  if (contexts.some(column => column.length < contextCount)) throw new Wrong('contexts out of bounds');
  checkNumbers([numbers?.log10Probs.subarray(0, rows), numbers?.backoffs.subarray(0, contextCount), wide]);
}

function block(withNumbers = false): Uint8Array {
  return encodeBlock({
    contexts: [Uint32Array.of(1, 1, 5), Uint32Array.of(3, 4, 3)],
    contextCount: 3,
    starts: Uint32Array.of(0, 2, 3, 6),
    pruned: Uint32Array.of(0, withNumbers ? 0 : 7, 0),
    words: Uint32Array.of(1, 700, 5, 1, 2, 90000),
    counts: withNumbers ? new Uint32Array(6).fill(1) : Uint32Array.of(1, 2, 3, 1, 1e6, 1),
    ...(withNumbers
      ? {
          numbers: {
            log10Probs: Float64Array.of(-1, -0.5, -Infinity, -1 / 3, -2e-9, -99),
            backoffs: Float64Array.of(0, -0.3, 1 / 7),
          },
        }
      : {}),
  });
}

function wideBlock(): Uint8Array {
  return encodeBlock({
    contexts: [Uint32Array.of(6), Uint32Array.of(7)],
    contextCount: 1,
    starts: Uint32Array.of(0, 3),
    pruned: Uint32Array.of(0),
    words: Uint32Array.of(8, 9, 10),
    counts: Uint32Array.of(1, 2, 9),
    wideTotals: { total: 5000, ones: 2000, twos: 100, followers: 2500 },
  });
}
