import { readFile } from 'node:fs/promises';
import { Tokenizer, type TokenSink } from '../src/text/tokenizer.js';
import { EOS } from '../src/text/tokens.js';
import { WordList } from '../src/text/word-list.js';
import type { Suite } from './suite.js';

/** The tokenizer gets the text in pieces of this size, as reading a file would give them [bytes]. */
const CHUNK_BYTES = 1 << 20;

/**
 * Turns text into word indices. An operation is the whole training text. In one case the word list is empty at first, as in training; in the
 * other it has all words, as in scoring.
 */
export const tokenizeSuite: Suite = {
  name: 'tokenize',
  async prepare(text) {
    const bytes = await readFile(text.train);
    const indices = new Uint32Array(bytes.length + 1);
    const tokenize = (indexOf: (bytes: Uint8Array, from: number, to: number, hash: number) => number): void => {
      let length = 0;
      const sink: TokenSink = {
        token: (token, from, to, hash) => (indices[length++] = indexOf(token, from, to, hash)),
        line: () => (indices[length++] = EOS),
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
