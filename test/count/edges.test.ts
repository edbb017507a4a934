import { describe, expect, test } from 'vitest';
import { decodeClasses, encodeClasses } from '#kneser/src/tables/classes.js';
import { clusteringBytes } from '#kneser/src/count/exchange.js';
import { checkTokens, layoutLength } from '#kneser/src/count/layout.js';
import { emptySummary, TableWriter, type EncodedBlock } from '#kneser/src/tables/table-writer.js';
import { KneserError, train } from '#kneser/src/index.js';
import { checkByteOrder } from '#kneser/src/base/byte-order.js';
import { addTotals } from '#kneser/src/tables/context-totals.js';
import type { TablePart } from '#kneser/src/model/lookup/table-part.js';
import { canLoad, loadedBytes } from '#kneser/src/model/lookup/table-room.js';
import { BLOCK_ENTRIES, decodeBlock } from '#kneser/src/tables/block.js';
import { decodeDictionaryBlock, encodeDictionaryBlock } from '#kneser/src/tables/dictionary.js';
import { readVarint, writeVarint } from '#kneser/src/base/varint.js';
import { checkWords, MOST_BYTES, MOST_WORDS } from '#kneser/src/text/word-list.js';
import { temporaryFolder } from '../support/models.js';

const MOST = 2 ** 32 - 1;
const folder = temporaryFolder('edges');

/** The refusal of a limit. */
function limitOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(KneserError);
    expect(error).toMatchObject({ code: 'KNESER_LIMIT', exitCode: 2 });
    return (error as KneserError).message;
  }
  return expect.unreachable('nothing was refused');
}

describe('texts of more tokens than counts have bits for', () => {
  test('are refused as soon as a sum of counts could have more than 32', () => {
    checkTokens(MOST - 2, 1, 2);
    checkTokens(MOST - 12, 1, 12);
    expect(layoutLength(MOST - 12, 1, 12)).toBe(MOST);
    for (const [tokens, sentences, order] of [
      [MOST - 1, 1, 2],
      [MOST - 11, 1, 12],
      [2 ** 32, 1, 5],
      [0, 2 ** 31, 2],
      [1e15, 1e9, 5],
    ]) {
      expect(limitOf(() => checkTokens(tokens, sentences, order))).toMatch(/4,000,000,000 tokens/);
    }
  });
});

describe('counts up to 2³² − 1 come back', () => {
  const counts = [1, 2, 3, 127, 128, 2 ** 31 - 1, 2 ** 31, MOST - 1, MOST];

  test('as numbers of one to five bytes', () => {
    for (const value of [0, ...counts]) {
      const bytes = new Uint8Array(5);
      const end = writeVarint(bytes, 0, value);
      const cursor = { at: 0 };
      expect([readVarint(bytes, cursor), cursor.at]).toEqual([value, end]);
    }
  });

  test.each(counts)('in a block and its totals: %i', count => {
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter('11', 1, block => blocks.push(block));
    // A context's total has 32 bits too; longer texts are refused.
    const beside = Math.min(count, MOST - 1);
    writer.group(Uint32Array.of(7), Uint32Array.of(5, MOST_WORDS), Uint32Array.of(beside, 1), 2);
    writer.group(Uint32Array.of(MOST_WORDS), Uint32Array.of(5), Uint32Array.of(count), 1);
    writer.flush();
    expect(writer.summary).toMatchObject({ rows: 3, contexts: 2, tokens: beside + 1 + count });
    const block = decodeBlock(blocks[0].value, 1);
    expect([...block.counts]).toEqual([beside, 1, count]);
    expect([...block.words]).toEqual([5, MOST_WORDS, 5]);
    expect([...block.contexts[0]]).toEqual([7, MOST_WORDS]);
    const totals = new Uint32Array(8);
    addTotals(block, 1, totals);
    expect(totals[4]).toBe(count);
  });

  test('in the totals of a context with more followers than a block holds, and of many tables together', () => {
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter('11', 1, block => blocks.push(block));
    const length = BLOCK_ENTRIES + 1;
    const words = Uint32Array.from({ length }, (_, i) => i + 4);
    const counts = new Uint32Array(length).fill(1);
    counts[0] = MOST - BLOCK_ENTRIES;
    writer.group(Uint32Array.of(7), words, counts, length);
    expect(blocks.length).toBe(2);
    for (const { value } of blocks)
      expect(decodeBlock(value, 1).wideTotals).toMatchObject({ total: MOST, followers: length });
    const summary = emptySummary();
    summary.tokens = MOST;
    // Sums over a table are kept in double precision.
    expect(summary.tokens + MOST).toBe(2 * MOST);
  });

  test('in the dictionary and among classes', () => {
    const words = [Uint8Array.of(97), Uint8Array.of(98)];
    const block = { words, ids: Float64Array.of(4, MOST_WORDS), frequencies: Float64Array.of(MOST, 1) };
    expect(decodeDictionaryBlock(encodeDictionaryBlock(block))).toEqual(block);
    const { share } = decodeClasses(
      encodeClasses(5, Uint32Array.of(0, 1, 2, 3, 4, 4), Float64Array.of(0, 1, 1, 1, MOST, MOST)),
    );
    expect(share[4]).toBe(0.5);
  });
});

describe('vocabularies', () => {
  test('may have more than 2²⁴ words; the limits are those of word ids and of the bytes of all words', () => {
    checkWords(2 ** 24 + 1, 2 ** 31 + 1);
    checkWords(MOST_WORDS, MOST_BYTES);
    expect(limitOf(() => checkWords(MOST_WORDS + 1, 1))).toMatch(/90,000,000.*--vocab-limit/);
    expect(limitOf(() => checkWords(1, MOST_BYTES + 1))).toMatch(/4 GB.*--vocab-limit/);
    // A pair of word numbers is an exact double, and a hash table of twice as many slots as words is within the limit of arrays.
    expect(Number.isSafeInteger((MOST_WORDS + 4) ** 2)).toBe(true);
    expect(4 * MOST_WORDS).toBeLessThan(2 ** 32);
  });

  test('classes that need more than the allowed memory are refused before any text is read', async () => {
    expect(clusteringBytes(4000)).toBeGreaterThan(64 << 18);
    const text = {
      *[Symbol.iterator](): Generator<string> {
        expect.unreachable('the text was read');
      },
    };
    const training = train({ sentences: text, out: `${folder}/m`, classes: 4000, memory: 64 << 20 });
    await expect(training).rejects.toMatchObject({ code: 'KNESER_LIMIT' });
  });
});

describe('tables', () => {
  const part = (rows: number, contexts: number): TablePart => ({
    manifest: { pattern: '11', mixed: true, rows, contexts, tokens: rows, countsOfCounts: [0, 0, 0, 0] },
    pattern: [1],
    parent: -1,
    contextTable: -1,
    contextColumn: 0,
  });

  test('with more entries than a link can address are not loaded, only read in blocks', () => {
    // A number a row, up to 3 with the free slots of lines, and two numbers for each context with more than one follower.
    expect(canLoad([part(2_147_000_000, 1)], 10)).toBe(true);
    expect(canLoad([part(2_148_000_000, 1)], 10)).toBe(false);
    expect(canLoad([part(715_000_000, 1)], 2 ** 20)).toBe(true);
    expect(canLoad([part(716_000_000, 1)], 2 ** 20)).toBe(false);
    expect(canLoad([part(2 ** 31 + 2 ** 20, 2 ** 31)], 10)).toBe(false);
    expect(canLoad([part(2 ** 30 + 2 ** 29, 2 ** 29)], 10)).toBe(false);
    expect(canLoad([part(2 ** 32, 2 ** 31)], 10)).toBe(false);
    expect(loadedBytes([part(2 ** 32, 2 ** 31)], 10)).toBeGreaterThan(2 ** 35);
  });
});

test('big-endian machines are refused by name', () => {
  checkByteOrder();
  checkByteOrder(Uint8Array.of(1, 0, 0, 0));
  const foreign = (): void => checkByteOrder(Uint8Array.of(0, 0, 0, 1));
  expect(foreign).toThrow(/big-endian/);
  expect(foreign).toThrow(expect.objectContaining({ code: 'KNESER_PLATFORM', exitCode: 2 }));
});
