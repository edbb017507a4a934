import { describe, expect, test } from 'vitest';
import { addTotals } from '#kneser/src/tables/context-totals.js';
import { MOST_WORDS } from '#kneser/src/text/word-list.js';
import { emptySummary, TableWriter, type EncodedBlock } from '#kneser/src/tables/table-writer.js';
import { contiguous, formatPattern } from '#kneser/src/tables/pattern.js';
import { BLOCK_ENTRIES, decodeBlock } from '#kneser/src/tables/block.js';
import { decodeDirectory, encodeDirectory } from '#kneser/src/tables/directory.js';
import { blockKey } from '#kneser/src/store/keys.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { findBlock } from '../support/find-block.js';

/** A context, nearest word first, and its followers in ascending order. */
interface Group {
  readonly context: number[];
  readonly followers: [word: number, count: number][];
}

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

describe('counts up to 2³² − 1 come back', () => {
  const MOST = 2 ** 32 - 1;
  const counts = [1, 2, 3, 127, 128, 2 ** 31 - 1, 2 ** 31, MOST - 1, MOST];

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
});
