import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TableWriter, type EncodedBlock } from '#kneser/src/tables/table-writer.js';
import { contiguous, formatPattern } from '#kneser/src/tables/pattern.js';
import { blankBlock, BLOCK_ENTRIES, decodeBlock, encodeBlock, type Block } from '#kneser/src/tables/block.js';
import { BlockDamage } from '#kneser/src/base/sealed.js';
import {
  decodeDictionaryBlock,
  decodeDictionaryDirectory,
  encodeDictionaryBlock,
  encodeDictionaryDirectory,
} from '#kneser/src/tables/dictionary.js';
import { decodeDirectory, encodeDirectory } from '#kneser/src/tables/directory.js';
import { blockKey } from '#kneser/src/store/keys.js';
import { decodeManifest, encodeManifest, type Manifest } from '#kneser/src/tables/manifest.js';
import { FORMAT_VERSION } from '#kneser/src/store/keys.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { anyCharacter } from '../support/characters.js';
import { damaged } from '../support/damaged.js';
import { findBlock } from '../support/find-block.js';

const encoder = new TextEncoder();

/** Word ids: mostly small, sometimes as large as possible. */
const id = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.integer({ min: 1, max: 2 ** 32 - 1 }));
/** Counts so large that the sum over a context, 12 followers and the pruned, just fits 32 bits. */
const count = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1, 1, 1, 2, 3) },
  fc.integer({ min: 1, max: Math.floor((2 ** 32 - 1) / 13) }),
);
const followers = fc
  .uniqueArray(fc.tuple(id, count), { selector: ([word]) => word, minLength: 1, maxLength: 12 })
  .map(rows => rows.sort(([a], [b]) => a - b));

const pruned = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, count);

/** A context, nearest word first, and its followers in ascending order. */
interface Group {
  readonly context: number[];
  /** Σc of the followers that were pruned. */
  readonly pruned?: number;
  readonly followers: [word: number, count: number][];
}

function compareRows(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return a[j] - b[j];
  return 0;
}

/** Groups as a table of contexts of `width` words has them. */
function groupsOf(width: number, maxLength = 30): fc.Arbitrary<Group[]> {
  return fc
    .uniqueArray(fc.record({ context: fc.array(id, { minLength: width, maxLength: width }), followers, pruned }), {
      selector: group => group.context.join(),
      minLength: 1,
      maxLength: width === 0 ? 1 : maxLength,
    })
    .map(groups => groups.sort((a, b) => compareRows(a.context, b.context)));
}

function blockOf(groups: readonly Group[], width: number, wideTotals?: Block['wideTotals']): Block {
  const rows = groups.flatMap(group => group.followers);
  const starts = [0];
  for (const group of groups) starts.push(starts[starts.length - 1] + group.followers.length);
  return {
    contexts: Array.from({ length: width }, (_, j) => Uint32Array.from(groups, group => group.context[j])),
    contextCount: groups.length,
    starts: Uint32Array.from(starts),
    pruned: Uint32Array.from(groups, group => group.pruned ?? 0),
    words: Uint32Array.from(rows, ([word]) => word),
    counts: Uint32Array.from(rows, ([, rowCount]) => rowCount),
    wideTotals,
  };
}

/** The part of a block's arrays that is in use. */
function contentOf({ contexts, contextCount, starts, pruned, words, counts, wideTotals }: Block) {
  const rows = starts[contextCount];
  return {
    contexts: contexts.map(column => [...column.subarray(0, contextCount)]),
    starts: [...starts.subarray(0, contextCount + 1)],
    pruned: [...pruned.subarray(0, contextCount)],
    words: [...words.subarray(0, rows)],
    counts: [...counts.subarray(0, rows)],
    wideTotals,
  };
}

const width = fc.integer({ min: 0, max: 11 });
const blocks = width.chain(w => groupsOf(w).map(groups => ({ width: w, block: blockOf(groups, w) })));
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const words = fc
  .uniqueArray(fc.string({ unit: anyCharacter, maxLength: 12 }), { minLength: 1, maxLength: 40 })
  .map(texts =>
    texts
      .map(text => encoder.encode(text))
      .sort(compareBytes)
      .filter((word, i, all) => i === 0 || compareBytes(all[i - 1], word) !== 0),
  );
const dictionaryBlocks = words.chain(list =>
  fc.record({
    words: fc.constant(list),
    ids: fc.array(uint32, { minLength: list.length, maxLength: list.length }).map(values => Float64Array.from(values)),
    frequencies: fc
      .array(uint32, { minLength: list.length, maxLength: list.length })
      .map(values => Float64Array.from(values)),
  }),
);
const rowLists = width.chain(w =>
  fc.record({
    width: fc.constant(w),
    rows: fc
      .uniqueArray(fc.array(id, { minLength: w + 1, maxLength: w + 1 }), { selector: row => row.join(), maxLength: 40 })
      .map(rows => rows.sort(compareRows).map(row => Uint32Array.from(row))),
  }),
);
const manifest = {
  format: FORMAT_VERSION,
  order: 2,
  sentences: 3,
  tokens: 5_000_000_000,
  vocabulary: 4,
  unknown: 0,
  dictionaryBlocks: 1,
  tables: [
    { pattern: '1', mixed: true, rows: 3, contexts: 1, tokens: 9, countsOfCounts: [1, 0, 1, 1] },
    { pattern: '11', mixed: true, rows: 4, contexts: 3, tokens: 12, countsOfCounts: [2, 1, 0, 1] },
  ],
  clusterings: [],
  options: {
    lowercase: false,
    skipBlank: true,
    vocabulary: 'limit=4',
    tokenization: { tokenizer: 'words', locale: 'de', sentences: 'segment', normalize: 'NFC' },
  },
} satisfies Manifest;

describe('blocks', () => {
  test('any block is decoded as it was encoded, also into memory that held another block', () =>
    fc.assert(
      fc.property(blocks, blocks, (one, other) => {
        const reuse = blankBlock(one.width, BLOCK_ENTRIES, BLOCK_ENTRIES);
        const value = encodeBlock(one.block);
        expect(contentOf(decodeBlock(value, one.width))).toEqual(contentOf(one.block));
        if (other.width === one.width) {
          const wide = other.block.contextCount === 1 ? WIDE : undefined;
          decodeBlock(encodeBlock({ ...other.block, wideTotals: wide }), one.width, reuse);
        }
        expect(decodeBlock(value, one.width, reuse)).toBe(reuse);
        expect(contentOf(reuse)).toEqual(contentOf(one.block));
      }),
    ));

  const WIDE = { total: 2 ** 31, ones: 3000, twos: 7, followers: 5000 };

  test('a block with a part of a wide context is decoded with the totals of the whole context', () =>
    fc.assert(
      fc.property(
        width.chain(w => fc.tuple(fc.constant(w), groupsOf(w, 1))),
        ([w, groups]) => {
          const block = blockOf(groups, w, WIDE);
          expect(contentOf(decodeBlock(encodeBlock(block), w))).toEqual(contentOf(block));
        },
      ),
    ));

  test('a full block is decoded, with one context or with one context for each row', () => {
    const rows = Array.from({ length: BLOCK_ENTRIES }, (_, i): [number, number] => [1 + 1000 * i, 1 + (i % 5)]);
    const one = blockOf([{ context: [7, 9], followers: rows }], 2);
    const many = blockOf(
      rows.map(([word], i) => ({ context: [1 + (i >> 9), word], followers: [[2 ** 32 - 1, 2 ** 32 - 1]] })),
      2,
    );
    for (const block of [one, many]) expect(contentOf(decodeBlock(encodeBlock(block), 2))).toEqual(contentOf(block));
  });
});

test('a block without pruned counts has no bytes for them', () => {
  const groups = [7, 8].map((word, i) => ({ context: [word], followers: [[5, 1 + i]] as [number, number][] }));
  const bytes = (last: number): number => encodeBlock(blockOf([groups[0], { ...groups[1], pruned: last }], 1)).length;
  // MessagePack's mark and length of the column, and a varint a context.
  expect(bytes(1) - bytes(0)).toBe(2 + 2);
  expect(bytes(200) - bytes(0)).toBe(2 + 3);
});

describe('the dictionary', () => {
  test('any block comes back', () =>
    fc.assert(
      fc.property(dictionaryBlocks, block => {
        const decoded = decodeDictionaryBlock(encodeDictionaryBlock(block));
        expect(decoded.words.map(word => [...word])).toEqual(block.words.map(word => [...word]));
        expect(decoded.ids).toEqual(block.ids);
        expect(decoded.frequencies).toEqual(block.frequencies);
      }),
    ));

  test('any directory comes back', () =>
    fc.assert(
      fc.property(words, first => {
        const decoded = decodeDictionaryDirectory(encodeDictionaryDirectory(first));
        expect(decoded.map(word => [...word])).toEqual(first.map(word => [...word]));
      }),
    ));
});

describe('directories', () => {
  test('any directory comes back', () =>
    fc.assert(
      fc.property(rowLists, ({ width: w, rows }) => {
        const directory = decodeDirectory(encodeDirectory(rows, w), w);
        expect(directory.columns.length).toBe(w);
        expect(rows.map((_, b) => [...directory.columns.map(column => column[b]), directory.words[b]])).toEqual(
          rows.map(row => [...row]),
        );
      }),
    ));

  test('findBlock finds the same block as a scan of all blocks', () => {
    const smallId = fc.integer({ min: 1, max: 4 });
    const small = fc.integer({ min: 0, max: 3 }).chain(w =>
      fc.record({
        width: fc.constant(w),
        rows: fc
          .uniqueArray(fc.array(smallId, { minLength: w + 1, maxLength: w + 1 }), {
            selector: row => row.join(),
            minLength: 1,
            maxLength: 60,
          })
          .map(rows => rows.sort(compareRows)),
        limit: fc.integer({ min: 1, max: 5 }),
        query: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: w + 1, maxLength: w + 1 }),
      }),
    );
    fc.assert(
      fc.property(small, ({ width: w, rows, limit, query }) => {
        const table = blocksOfRows(rows, w, limit);
        const directory = decodeDirectory(
          encodeDirectory(
            table.map(block => Uint32Array.from(block[0])),
            w,
          ),
          w,
        );
        const context = query.slice(0, w);
        const word = query[w];
        // The context stands before the position, its nearest word last.
        const ids = Uint32Array.from([99, ...context.toReversed(), word]);
        const found = findBlock(directory, ids, w + 1, contiguous(w + 1), word);
        const holding = table.flatMap((block, b) =>
          block.some(row => row.slice(0, w).join() === context.join()) ? [b] : [],
        );
        if (holding.length === 0) expect(holding).not.toContain(found);
        else expect(found).toBe(holding.findLast(b => table[b][0][w] <= word) ?? holding[0]);
      }),
      { numRuns: 2000 },
    );
  });

  /** Rows cut as {@link TableWriter} cuts them, with blocks of `limit` rows. */
  function blocksOfRows(rows: number[][], w: number, limit: number): number[][][] {
    const groups = new Map<string, number[][]>();
    for (const row of rows) {
      const key = row.slice(0, w).join();
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    const table: number[][][] = [];
    let current: number[][] = [];
    const flush = (): void => {
      if (current.length > 0) table.push(current);
      current = [];
    };
    for (const group of groups.values()) {
      if (current.length + group.length > limit) flush();
      current.push(...group);
      if (group.length <= limit) continue;
      const wide = current;
      current = [];
      for (let at = 0; at < wide.length; at += limit) table.push(wide.slice(at, at + limit));
    }
    flush();
    return table;
  }
});

test('a table that was written is found again by key, directory and row', () => {
  const pattern = contiguous(3);
  const emitted: EncodedBlock[] = [];
  const writer = new TableWriter(formatPattern(pattern), 2, block => emitted.push(block));
  // Contexts with few followers, and a few with more than a block holds.
  const groups: Group[] = [];
  for (let near = 1; near <= 40; near++) {
    for (let far = 1; far <= 20; far++) {
      const length = near % 13 === 0 && far === 7 ? 2 * BLOCK_ENTRIES + far : (near * far) % 50;
      const rows = Array.from({ length }, (_, i): [number, number] => [3 * i + near, 1 + ((i * far) % 6)]);
      if (length > 0) groups.push({ context: [near, far], followers: rows });
    }
  }
  for (const { context, followers: rows } of groups) {
    const numbers = Uint32Array.from(context);
    writer.group(
      numbers,
      Uint32Array.from(rows, ([word]) => word),
      Uint32Array.from(rows, ([, c]) => c),
      rows.length,
    );
  }
  writer.flush();
  const rows = groups.flatMap(group => group.followers);
  expect(writer.summary).toEqual({
    rows: rows.length,
    contexts: groups.length,
    tokens: rows.reduce((sum, [, c]) => sum + c, 0),
    countsOfCounts: [1, 2, 3, 4].map(k => rows.filter(([, c]) => c === k).length),
  });
  const firstRows = emitted.map(block => block.first);
  const directory = decodeDirectory(encodeDirectory(firstRows, 2), 2);
  const keys = firstRows.map(first => blockKey('111', first));
  expect(keys).toEqual([...keys].sort(compareBytes));
  for (const { context, followers: expected } of groups) {
    for (const [word, rowCount] of [expected[0], expected[expected.length >> 1], expected[expected.length - 1]]) {
      const ids = Uint32Array.of(context[1], context[0], word);
      const {
        contexts,
        contextCount,
        starts,
        words: found,
        counts,
        wideTotals: wide,
      } = decodeBlock(emitted[findBlock(directory, ids, 2, pattern, word)].value, 2);
      const c = Array.from({ length: contextCount }, (_, i) => i).find(
        i => contexts[0][i] === context[0] && contexts[1][i] === context[1],
      );
      if (c === undefined) expect.unreachable(`${context.join()} is not in its block`);
      const row = found.subarray(0, starts[c + 1]).indexOf(word, starts[c]);
      expect(counts[row]).toBe(rowCount);
      const length = wide?.followers ?? starts[c + 1] - starts[c];
      expect(length).toBe(expected.length);
      if (wide) {
        expect(wide.total).toBe(expected.reduce((sum, [, k]) => sum + k, 0));
        expect([wide.ones, wide.twos]).toEqual([1, 2].map(k => expected.filter(([, other]) => other === k).length));
      }
    }
  }
});

describe('any change of a byte is noticed', () => {
  const change = [fc.nat(), fc.integer({ min: 1, max: 255 })] as const;

  test('in a block', () =>
    fc.assert(
      fc.property(blocks, ...change, ({ width: w, block }, place, flip) => {
        expect(() => decodeBlock(damaged(encodeBlock(block), place, flip), w)).toThrow(BlockDamage);
      }),
      { numRuns: 500 },
    ));

  test('in a block of the dictionary', () =>
    fc.assert(
      fc.property(dictionaryBlocks, ...change, (block, place, flip) => {
        expect(() => decodeDictionaryBlock(damaged(encodeDictionaryBlock(block), place, flip))).toThrow(BlockDamage);
      }),
    ));

  test('in a directory', () =>
    fc.assert(
      fc.property(rowLists, words, ...change, ({ width: w, rows }, first, place, flip) => {
        expect(() => decodeDirectory(damaged(encodeDirectory(rows, w), place, flip), w)).toThrow(BlockDamage);
        const value = damaged(encodeDictionaryDirectory(first), place, flip);
        expect(() => decodeDictionaryDirectory(value)).toThrow(BlockDamage);
      }),
    ));

  test('in the manifest, which otherwise is decoded as it was encoded', () => {
    const value = encodeManifest(manifest);
    expect(decodeManifest(value)).toEqual(manifest);
    for (let place = 0; place < value.length; place++) {
      for (const flip of [1, 0x80, 0xff]) {
        expect(() => decodeManifest(damaged(value, place, flip))).toThrow(BlockDamage);
      }
    }
  });

  test('a missing end is noticed', () =>
    fc.assert(
      fc.property(blocks, fc.nat(), ({ width: w, block }, length) => {
        const value = encodeBlock(block);
        expect(() => decodeBlock(value.subarray(0, length % value.length), w)).toThrow(BlockDamage);
      }),
    ));
});
