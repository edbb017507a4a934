import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockDamage, seal, unseal } from '#kneser/src/base/sealed.js';
import { encodeMsgpack } from '#kneser/src/base/encode-msgpack.js';
import { decodeMsgpack } from '#kneser/src/base/decode-msgpack.js';
import { blankBlock, BLOCK_ENTRIES, decodeBlock, encodeBlock, type Block } from '#kneser/src/tables/block.js';
import { damaged } from '../support/damaged.js';

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

describe('any change of a byte is noticed', () => {
  const change = [fc.nat(), fc.integer({ min: 1, max: 255 })] as const;

  test('in a block', () =>
    fc.assert(
      fc.property(blocks, ...change, ({ width: w, block }, place, flip) => {
        expect(() => decodeBlock(damaged(encodeBlock(block), place, flip), w)).toThrow(BlockDamage);
      }),
      { numRuns: 500 },
    ));

  test('a missing end is noticed', () =>
    fc.assert(
      fc.property(blocks, fc.nat(), ({ width: w, block }, length) => {
        const value = encodeBlock(block);
        expect(() => decodeBlock(value.subarray(0, length % value.length), w)).toThrow(BlockDamage);
      }),
    ));
});

describe('a block of a back-off model', () => {
  test('is decoded as it was encoded, and refused with too few or too many numbers', () => {
    const block = blankBlock(1, 2, 3);
    block.contexts[0].set([5, 9]);
    block.contextCount = 2;
    block.starts.set([0, 1, 3]);
    block.words.set([0, 4, 7]);
    block.counts.fill(1);
    block.numbers = { log10Probs: Float64Array.of(0, -1.25, -1 / 3), backoffs: Float64Array.of(0.5, -Infinity) };
    const value = encodeBlock(block);
    const blank = blankBlock(1, BLOCK_ENTRIES, BLOCK_ENTRIES);
    for (const decoded of [decodeBlock(value, 1), decodeBlock(value, 1, blank)]) {
      expect(decoded.numbers?.log10Probs.slice(0, 3)).toEqual(block.numbers.log10Probs);
      expect(decoded.numbers?.backoffs.slice(0, 2)).toEqual(block.numbers.backoffs);
      expect([...decoded.words.subarray(0, 3)]).toEqual([0, 4, 7]);
    }
    const header = decodeMsgpack(unseal(value)) as unknown[];
    const numbers = header[5] as Uint8Array;
    for (const wrong of [numbers.slice(1), numbers.slice(0, -1), Uint8Array.of(...numbers, 0), 'numbers', 7]) {
      expect(() => decodeBlock(seal(encodeMsgpack([...header.slice(0, 5), wrong])), 1)).toThrow(BlockDamage);
    }
    // Blocks of counts, read into the same memory, have no numbers.
    block.numbers = undefined;
    expect(decodeBlock(encodeBlock(block), 1, blank).numbers).toBeUndefined();
  });
});

test('the block in src/tables/README.md has these bytes', () => {
  const readme = readFileSync(new URL('../../src/tables/README.md', import.meta.url), 'utf8');
  const drawn = /^25ef5613[^`]*/m.exec(readme)?.[0] ?? '';
  // Each line begins with bytes; two spaces end them.
  const bytes = drawn
    .split('\n')
    .map(line => (/^ *((?:[0-9a-f]{2} ?)+)(?= |$)/.exec(line)?.[1] ?? '').replaceAll(' ', ''));
  const block = blankBlock(2, 3, 3);
  block.contextCount = 3;
  block.contexts[0].set([5, 5, 6]);
  block.contexts[1].set([4, 8, 2]);
  block.starts.set([0, 1, 2, 3]);
  block.words.set([7, 9, 4]);
  block.counts.set([1, 3, 2]);
  expect(Buffer.from(encodeBlock(block)).toString('hex')).toBe(bytes.join(''));
});
