import { readFile } from 'node:fs/promises';
import { Tokenizer, type TokenSink } from '../src/text/tokenizer.js';
import { EOS } from '../src/text/tokens.js';
import { WordList } from '../src/text/word-list.js';
import type { Suite } from './suite.js';

/** Bytes that the tokenizer is fed at a time, as from a file. */
const CHUNK_BYTES = 1 << 20;

/**
 * Text to word numbers, the whole training text an operation: with a list that grows from nothing, as training does, and
 * with one that knows all words, as scoring does.
 */
export const tokenizeSuite: Suite = {
  name: 'tokenize',
  async prepare(text) {
    const bytes = await readFile(text.train);
    const ids = new Uint32Array(bytes.length + 1);
    const tokenize = (word: (bytes: Uint8Array, from: number, to: number, hash: number) => number): void => {
      let length = 0;
      const sink: TokenSink = {
        token: (token, from, to, hash) => (ids[length++] = word(token, from, to, hash)),
        line: () => (ids[length++] = EOS),
      };
      const tokenizer = new Tokenizer(sink);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) tokenizer.feed(bytes.subarray(at, at + CHUNK_BYTES));
      tokenizer.end();
    };
    const tokenizeAdding = (words: WordList): void =>
      tokenize((token, from, to, hash) => words.add(token, from, to, hash));
    const known = new WordList();
    tokenizeAdding(known);
    const work = bytes.length / 1e6;
    return {
      cases: [
        { name: 'new words', work, unit: 'MB', run: () => tokenizeAdding(new WordList()) },
        {
          name: 'known words',
          work,
          unit: 'MB',
          run: () => tokenize((token, from, to, hash) => known.find(token, from, to, hash)),
        },
      ],
    };
  },
};
