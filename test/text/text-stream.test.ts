import { expect, test } from 'vitest';
import { bytes, characters, whitespace } from '#kneser/src/text/splitter.js';
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
  expect(pieces.slice(0, 8).join('').length).toBeGreaterThanOrEqual(7);
});

test('tokens go on after others', () => {
  expect(streamed(whitespace.join, ['cat'], ['the'])).toEqual([' cat', '']);
  expect(streamed(bytes.join, tokensOf('猫').slice(1), tokensOf('a猫').slice(0, 2)).join('')).toBe('');
  expect(joinAfter(whitespace.join, ['the'], ['cat', 'sat'])).toBe(' cat sat');
  expect(joinAfter(whitespace.join, [], ['cat'])).toBe('cat');
  expect(joinAfter(whitespace.join, ['the'], [])).toBe('');
});
