import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rarestWords, someWords, Spelling } from '#kneser/src/model/lookup/spelling.js';
import { hashBytes, WordList } from '#kneser/src/text/word-list.js';

const encoder = new TextEncoder();
const END = 256;

function spellingOf(words: readonly string[]): Spelling {
  const list = new WordList();
  for (const word of words) {
    const bytes = encoder.encode(word);
    list.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }
  return new Spelling(list, rarestWords(list));
}

/** The same model by maps of strings: P(symbol | symbols before it), learned from all words given. */
function byMaps(words: readonly string[]): (before: readonly number[], symbol: number) => number {
  const followers = new Map<string, Map<number, number>>();
  for (const word of words) {
    const symbols = [...encoder.encode(word), END];
    symbols.forEach((symbol, i) => {
      for (let length = 0; length <= 3; length++) {
        const context = String([10, 10, 10, ...symbols.slice(0, i)].slice(i + 3 - length));
        const counts = followers.get(`${length}:${context}`) ?? new Map<number, number>();
        followers.set(`${length}:${context}`, counts.set(symbol, (counts.get(symbol) ?? 0) + 1));
      }
    });
  }
  return (before, symbol) => {
    const symbols = [10, 10, 10, ...before];
    let p = 1 / 257;
    for (let length = 0; length <= 3; length++) {
      const counts = followers.get(`${length}:${String(symbols.slice(symbols.length - length))}`);
      if (!counts) return p;
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      p = ((counts.get(symbol) ?? 0) + counts.size * p) / (total + counts.size);
    }
    return p;
  };
}

const WORDS = ['the', 'of', 'and', 'Fjørd', 'walking', 'talking', 'walker', 'talker'];
/** The rarest half, from which spellings are learned. */
const RARE = WORDS.slice(4);

test('is Witten and Bell’s model of the rarest half of the vocabulary', () => {
  const spelling = spellingOf(WORDS);
  const p = byMaps(RARE);
  for (const word of ['walk', 'talking', 'stalker', 'Fjørd', '', 'z'.repeat(1000), '\u{1f600}']) {
    const symbols = [...encoder.encode(word), END];
    const expected = symbols.reduce((sum, symbol, i) => sum + Math.log10(p(symbols.slice(0, i), symbol)), 0);
    expect(spelling.log10Prob(encoder.encode(word))).toBeCloseTo(expected, 9);
  }
});

test('gives the symbols after any beginning probabilities that sum to 1', () => {
  const p = byMaps(RARE);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...encoder.encode('walktenriz')), { maxLength: 6 }), before => {
      let sum = 0;
      for (let symbol = 0; symbol <= END; symbol++) sum += p(before, symbol);
      expect(sum).toBeCloseTo(1, 12);
    }),
  );
});

test('spells words like those of the vocabulary with more probability, and without a vocabulary all bytes alike', () => {
  const spelling = spellingOf(WORDS);
  const of = (word: string): number => spelling.log10Prob(encoder.encode(word));
  expect(of('walked')).toBeGreaterThan(of('xqzjvw'));
  expect(spellingOf([]).log10Prob(encoder.encode('ab'))).toBeCloseTo(3 * Math.log10(1 / 257), 12);
});

// Found with a mixture of a model with itself, whose bits for each byte were 19 % higher than those of the model.
test('the spelling of a model without frequencies does not depend on the sequence of its ids', () => {
  const words = ['b', 'aa', 'c', 'ab', 'ba'];
  const logOf = (sequence: readonly string[]): number => {
    const list = new WordList();
    const ids = sequence.map(word => list.addWord(word));
    const sorted = Uint32Array.from(ids).sort((a, b) => list.compare(a, b));
    return new Spelling(list, someWords(sorted)).log10Prob(encoder.encode('abc'));
  };
  expect(logOf(words.toReversed())).toBe(logOf(words));
  expect([...someWords(Uint32Array.from({ length: 50_000 }, (_, i) => i))]).toHaveLength(16_667);
});
