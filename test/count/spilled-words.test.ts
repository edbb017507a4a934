import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IdStream } from '#kneser/src/count/id-stream.js';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import { SpilledWords } from '#kneser/src/count/spilled-words.js';
import { FIRST_WORD } from '#kneser/src/text/tokens.js';
import { hashBytes, WordList } from '#kneser/src/text/word-list.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('spilled-words');

test('of the words on disk the frequent ones are chosen, and the text gets their ids', () => {
  const word = fc.constantFrom('a', 'b', 'ab', 'é', 'x'.repeat(20_000));
  const texts = fc.array(fc.tuple(word, fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (text, limit, atLeast) => {
      const spilled = new SpilledWords(join(folder, 'spilled'), scratchFiles);
      const stream = new IdStream(join(folder, 'never'), 1 << 30);
      const encoder = new TextEncoder();
      for (const [token, spills] of text) {
        const bytes = encoder.encode(token);
        stream.push(spills ? spilled.push(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length)) : FIRST_WORD);
      }
      const list = new WordList();
      list.addWord('in the list before');
      const counts = new Map<string, number>();
      const rest = spilled.choose(limit, atLeast, 1 << 30, (bytes, hash, count) => {
        counts.set(new TextDecoder().decode(bytes), count);
        list.add(bytes, 0, bytes.length, hash);
      });
      const all = new Map<string, number>();
      for (const [token, spills] of text) if (spills) all.set(token, (all.get(token) ?? 0) + 1);
      const frequent = [...all].filter(([, count]) => count >= atLeast);
      frequent.sort(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const expected = frequent.slice(0, limit);
      expect(new Map(expected)).toEqual(counts);
      const sum = (entries: Iterable<[string, number]>): number => [...entries].reduce((total, [, n]) => total + n, 0);
      expect(rest).toBe(sum(all) - sum(expected));
      const resolved = new IdStream(join(folder, 'never'), 1 << 30);
      spilled.resolve(stream, list, resolved);
      const numbers = [...resolved.pieces()].flatMap(piece => [...piece]);
      expect(numbers).toEqual(
        text.map(([token, spills]) => (spills ? (counts.has(token) ? list.findWord(token) : 0) : FIRST_WORD)),
      );
      spilled.close();
    }),
    { numRuns: 60 },
  );
});
