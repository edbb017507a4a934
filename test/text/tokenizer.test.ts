import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitTokens } from '#kneser/src/text/tokens.js';
import { Tokenizer } from '#kneser/src/text/tokenizer.js';
import { hashBytes } from '#kneser/src/text/word-list.js';

/** The tokens of bytes that come in chunks; a token is written with one character for each byte. */
function tokenize(chunks: readonly Uint8Array[]): { lines: string[][]; hashesHold: boolean } {
  const lines: string[][] = [];
  let line: string[] = [];
  let hashesHold = true;
  const tokenizer = new Tokenizer({
    token(bytes, from, to, hash) {
      line.push(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
      hashesHold &&= hash === hashBytes(bytes, from, to);
    },
    line() {
      lines.push(line);
      line = [];
    },
  });
  for (const chunk of chunks) tokenizer.feed(chunk);
  tokenizer.end();
  expect(line).toEqual([]);
  return { lines, hashesHold };
}

/** The same tokens by one regular expression. */
function split(bytes: Uint8Array): string[][] {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(line => line.split(/[\0\t\v\f\r ]+/).filter(token => token !== ''));
}

/** Bytes among which separators, UTF-8 and its fragments are common. */
const byte = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Buffer.from(' \t\n\v\f\r\0ab')) },
  { weight: 1, arbitrary: fc.constantFrom(0xc2, 0xa0, 0x85, 0xe2, 0x80, 0xa8, 0xef, 0xbb, 0xbf, 0xff) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);
const text = fc.array(byte, { maxLength: 200 }).map(bytes => Uint8Array.from(bytes));

describe('tokens', () => {
  test('are those of splitting the whole text, for any chunks of the text', () =>
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 20 }), (bytes, cuts) => {
        const places = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, i) => bytes.slice(places[i], end));
        expect(tokenize(chunks)).toEqual({ lines: split(bytes), hashesHold: true });
      }),
      { numRuns: 1000 },
    ));

  test('longer than a chunk stay whole', () => {
    const long = 'x'.repeat(5000);
    const bytes = new TextEncoder().encode(`a ${long}\n${long}`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7));
    expect(tokenize(chunks).lines).toEqual([['a', long], [long]]);
  });

  test('are separated by space, tab, CR, VT, FF and NUL, and by nothing else', () => {
    for (let code = 0; code < 256; code++) {
      const { lines } = tokenize([Uint8Array.of(0x61, code, 0x62, 0x0a)]);
      if (code === 0x0a) expect(lines).toEqual([['a'], ['b']]);
      else if ([0x20, 0x09, 0x0d, 0x0b, 0x0c, 0x00].includes(code)) expect(lines).toEqual([['a', 'b']]);
      else expect(lines).toEqual([[`a${String.fromCharCode(code)}b`]]);
    }
  });

  test('of a string are those of its bytes, with line feeds as spaces', () => {
    const character = fc.constantFrom('a', 'é', ' ', '\t', '\n', '\r', '\v', '\f', '\0', '\u00a0', '\u2003', '\u0085');
    fc.assert(
      fc.property(fc.string({ unit: character }), sentence => {
        const { lines } = tokenize([new TextEncoder().encode(sentence.replaceAll('\n', ' ') + '\n')]);
        const tokens = lines[0].map(token => Buffer.from(token, 'latin1').toString());
        expect(splitTokens(sentence)).toEqual(tokens);
      }),
      { numRuns: 500 },
    );
  });
});
