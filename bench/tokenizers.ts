import { readFile } from 'node:fs/promises';
import { createFeeder } from '../src/text/feeder.js';
import { splitTokens } from '../src/text/tokens.js';
import { describeTokenization, Tokenization, type TokenizationOptions } from '../src/text/tokenization.js';
import type { Suite } from './suite.js';
import { bpeJson, mergesOf, PRINTABLE, unigramJson, wordPieceJson } from './tokenizer-json.js';

/** Bytes of a piece of text for a tokenizer, as a file gives them. */
const CHUNK_BYTES = 1 << 20;
/** Sizes of the subword vocabularies, those of tokenizers in use. */
const MERGES = 50_000;
const PIECES = 32_000;

/** Text to tokens by each tokenizer; an operation is the held-out text. Subwords come from the most frequent words of the training text. */
export const tokenizersSuite: Suite = {
  name: 'tokenizers',
  async prepare(text) {
    const bytes = await readFile(text.heldOut);
    const words = frequentWords(await readFile(text.train, 'utf8'));
    const pieces = [
      ...words.slice(0, PIECES).map((word, rank) => [`▁${word}`, -Math.log(rank + 10)] as const),
      ...['▁', ...PRINTABLE].map(character => [character, -15] as const),
    ];
    const choices: readonly [string, TokenizationOptions][] = [
      ['whitespace', {}],
      ['whitespace, NFC', { normalize: 'NFC' }],
      ['whitespace, sentences segmented', { sentences: 'segment' }],
      ['words', { tokenizer: 'words' }],
      ['characters', { tokenizer: 'characters' }],
      ['bytes', { tokenizer: 'bytes' }],
      ['BPE', { tokenizer: { json: bpeJson(PRINTABLE, mergesOf(words).slice(0, MERGES)) } }],
      ['Unigram', { tokenizer: { json: unigramJson(pieces) } }],
      [
        'WordPiece',
        {
          tokenizer: {
            json: wordPieceJson([
              ...PRINTABLE,
              ...PRINTABLE.map(character => `##${character}`),
              ...words.slice(0, PIECES),
            ]),
          },
        },
      ],
    ];
    const cases = choices.map(async ([name, options]) => {
      const json = typeof options.tokenizer === 'object' ? options.tokenizer : undefined;
      const tokenization = await Tokenization.open(describeTokenization(options, false), json);
      return { name, work: bytes.length / 1e6, unit: 'MB', run: () => tokenize(bytes, tokenization) };
    });
    return { cases: await Promise.all(cases) };
  },
};

function tokenize(bytes: Uint8Array, tokenization: Tokenization): number {
  let tokens = 0;
  const sink = { token: () => tokens++, line: () => undefined };
  const feeder = createFeeder(tokenization, sink, { replaced: 0, extraBytes: 0, extraCharacters: 0 }, 'text');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) feeder.feed(bytes.subarray(at, at + CHUNK_BYTES));
  feeder.end();
  return tokens;
}

function frequentWords(text: string): string[] {
  const counts = new Map<string, number>();
  for (const line of text.split('\n'))
    for (const word of splitTokens(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
}
