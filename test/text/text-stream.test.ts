import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { randomNumbers } from '#kneser/src/base/random.js';
import { bytes, characters, whitespace } from '#kneser/src/text/splitter.js';
import { byteOf } from '#kneser/src/text/subwords/model.js';
import { readDecoder } from '#kneser/src/text/tokenizer-json/decoders.js';
import { joinAfter, TextStream, type Join } from '#kneser/src/text/text-stream.js';

const tokensOf = (text: string): string[] =>
  Array.from(new TextEncoder().encode(text), byte => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

function streamed(join: Join, tokens: readonly string[], before: readonly string[] = []): string[] {
  const stream = new TextStream(join, before);
  return [...tokens.map(token => stream.push(token)), stream.end()];
}

test('each token adds its text; the bytes of a character add it with the last', () => {
  expect(streamed(whitespace.join, ['the', 'cat'])).toEqual(['the', ' cat', '']);
  expect(streamed(characters.join, ['a', '▁', 'b'])).toEqual(['a', ' ', 'b', '']);
  expect(streamed(bytes.join, tokensOf('aé🙂'))).toEqual(['a', '', 'é', '', '', '', '🙂', '']);
});

test('an unfinished character comes at the end', () => {
  expect(streamed(bytes.join, tokensOf('a猫').slice(0, 3))).toEqual(['a', '', '', '\ufffd']);
  expect(streamed(bytes.join, ['<0xE7>', '<0x61>'])).toEqual(['', '\ufffda', '']);
});

test('bytes that never make a character are not held back for ever', () => {
  const pieces = streamed(
    bytes.join,
    Array.from({ length: 1000 }, () => '<0xFF>'),
  );
  expect(pieces.join('')).toBe('\ufffd'.repeat(1000));
  expect(pieces.slice(0, 8).join('').length).toBeGreaterThanOrEqual(5);
});

const random = randomNumbers(7);

/** Whole characters, and bytes that are none. */
const BYTES = ['a', ' ', 'é', '猫', '🙂', '\ufffd'].map(tokensOf);
const STRAY = [['<0x99>'], ['<0xF0>', '<0x9F>'], ['<0xE7>', '<0x8C>'], ['<0xC3>'], ['<0xFF>']];

test('any bytes give the text of all of them, and no half characters', () => {
  for (let n = 0; n < 2000; n++) {
    const tokens = Array.from({ length: 12 }, () => {
      const all = random() < 0.5 ? BYTES : STRAY;
      return all[Math.floor(random() * all.length)];
    }).flat();
    const pieces = streamed(bytes.join, tokens);
    expect(pieces.join('')).toBe(bytes.join(tokens));
    for (const piece of pieces) expect(piece).not.toMatch(/\p{Cs}/u);
  }
});

test('a character that was begun before the first token comes whole, or is not given twice', () => {
  const [cat, smile] = [tokensOf('猫'), tokensOf('🙂')];
  for (let cut = 1; cut < 4; cut++) {
    expect(streamed(bytes.join, smile.slice(cut), ['<0x61>', ...smile.slice(0, cut)]).join('')).toBe('🙂');
    expect(streamed(bytes.join, tokensOf('b'), smile.slice(0, cut)).join('')).toBe('b');
  }
  expect(streamed(bytes.join, ['<0x8C>'], cat.slice(0, 1)).join('')).toBe('');
});

test('a run of bytes that a decoder refuses as a whole ends with one U+FFFD for each byte', () => {
  const { join } = readDecoder({ type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] });
  expect(streamed(join, tokensOf('猫🙂')).join('')).toBe('猫🙂');
  expect(streamed(join, ['<0x99>', ...tokensOf('🙂'), 'a', ...tokensOf('é')]).join('')).toBe('\ufffd'.repeat(5) + 'aé');
  expect(streamed(join, ['a', ...tokensOf('🙂').slice(0, 2), 'b']).join('')).toBe('a\ufffd\ufffdb');
});

test('the texts of the reference come token by token: fixtures/tokenizers/decode.py', () => {
  const { tokens, decoders } = JSON.parse(
    gunzipSync(readFileSync(new URL('../fixtures/tokenizers/decode.json.gz', import.meta.url))).toString(),
  ) as {
    readonly tokens: readonly string[][];
    readonly decoders: readonly { readonly decoder: object | null; readonly texts: readonly (string | null)[] }[];
  };
  for (const { decoder, texts } of decoders) {
    const { join } = readDecoder(decoder);
    tokens.forEach((list, i) => {
      // The reference makes the whole run of bytes U+FFFDs, also text that was certain before the first wrong byte came.
      if (texts[i] === null || (texts[i].includes('\ufffd') && list.some(token => byteOf(token) >= 0))) return;
      expect([decoder, list, streamed(join, list).join('')]).toEqual([decoder, list, texts[i]]);
    });
  }
});

test('what a text leaves out at its beginning is not left out behind white space', () => {
  const { join } = readDecoder({
    type: 'Sequence',
    decoders: [{ type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }],
  });
  expect(streamed(join, [' the', ' ', ' cat']).join('')).toBe('the  cat');
  const spaces = Array.from({ length: 1000 }, () => ' ');
  expect(streamed(join, [' the', ...spaces, 'cat']).join('')).toBe(`the${spaces.join('')}cat`);
});

test('a token begins where its text does', () => {
  const begins = (tokens: readonly string[]): number[] => {
    const stream = new TextStream(bytes.join);
    let length = 0;
    return tokens.map(token => {
      const start = length;
      length += stream.push(token).length;
      return start + stream.begins;
    });
  };
  expect(begins(tokensOf('a猫b'))).toEqual([0, 1, 1, 1, 2]);
  expect(begins(['<0xF0>', '<0x61>', '<0x62>'])).toEqual([0, 1, 2]);
});

test('tokens go on after others', () => {
  expect(streamed(whitespace.join, ['cat'], ['the'])).toEqual([' cat', '']);
  expect(streamed(bytes.join, tokensOf('猫').slice(1), tokensOf('a猫').slice(0, 2)).join('')).toBe('猫');
  expect(joinAfter(whitespace.join, ['the'], ['cat', 'sat'])).toBe(' cat sat');
  expect(joinAfter(whitespace.join, [], ['cat'])).toBe('cat');
  expect(joinAfter(whitespace.join, ['the'], [])).toBe('');
  expect(joinAfter(bytes.join, ['<0x61>', '<0xF0>'], [...tokensOf('🙂').slice(1), '<0x62>'])).toBe('🙂b');
});
